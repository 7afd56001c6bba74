//go:build unix

package sandbox

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func needPython(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is absent")
	}
}

func TestVerdicts(t *testing.T) {
	needPython(t)
	t.Setenv("SECRET_TOKEN", "hunter2")
	tests := []struct {
		name, program string
		pass          bool
		detail        string // a part of it
	}{
		{"passes", "def f(x):\n    return x + 1\n\nassert f(1) == 2\n", true, "passed"},
		{"empty", "", true, "passed"},
		{"standard library", "import math, re, collections, itertools, heapq, typing, decimal, hashlib\n", true, "passed"},
		{"dataclass", "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\nassert A(1) == A(1)\n", true, "passed"},
		{"main block is not run, as in the reference", "if __name__ == '__main__':\n    raise ValueError\n", true, "passed"},
		{"Unicode", "assert len('żółć🦙') == 5\nprint('żółć🦙')\n", true, "passed"},
		{"assertion", "assert 1 == 2, 'not equal'\n", false, "failed: AssertionError: not equal"},
		{"bare assertion", "assert 1 == 2\n", false, "failed: AssertionError"},
		{"name error", "f(1)\n", false, "failed: NameError: name 'f' is not defined"},
		{"syntax", "def f(:\n", false, "failed: SyntaxError"},
		{"null byte", "x = 1\x00\n", false, "failed: "},
		{"exception without a text", "class E(Exception):\n    def __str__(self): raise ValueError\nraise E\n", false, "failed: E"},
		{"early exit", "import sys\nsys.exit(0)\n", false, "failed: SystemExit: 0"},
		{"exit without a trace", "import os\nos._exit(0)\n", false, "ended before its last line (exit status 0)"},
		{"exit with pass printed", "import os\nprint('pass')\nos.write(3, b'pass ')\nos._exit(0)\n", false, "ended before its last line"},
		{"exit in a handler", "import atexit, os\natexit.register(lambda: os._exit(1))\n", true, "passed"},
		{"killed", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", false, "segmentation fault"},
		{"recursion", "def f(): return f()\nf()\n", false, "RecursionError"},
		{"stdin is empty", "input()\n", false, "EOFError"},
		{"no environment", "import os\nassert not any('hunter' in v or 'SECRET' in k for k, v in os.environ.items()), os.environ\n", true, "passed"},
		{"empty folder", "import os\nassert os.listdir('.') == []\nopen('x', 'w').write('y')\n", true, "passed"},
		{"key is not on the command line or stdin", "import sys\nassert sys.argv == [''] and sys.stdin.read() == ''\n", true, "passed"},
		{"hash seed", "assert list({'a', 'b', 'c', 'd', 'e'}) == list({'a', 'b', 'c', 'd', 'e'})\n", true, "passed"},
		{"file size", "f = open('x', 'wb')\nfor _ in range(64): f.write(b'0' * (1 << 20))\n", false, "failed: "},
		{"open files", "fs = [open('f%d' % i, 'w') for i in range(200)]\n", false, "OSError"},
		{"no site-packages", "import sys\nassert not any('site-packages' in p for p in sys.path), sys.path\n", true, "passed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			passed, detail, err := new(Process).Run(context.Background(), tt.program, 20*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if passed != tt.pass || !strings.Contains(detail, tt.detail) {
				t.Errorf("got %v %q, want %v %q", passed, detail, tt.pass, tt.detail)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	needPython(t)
	if err := new(Process).Check(); err != nil {
		t.Error(err)
	}
	err := (&Process{Python: "no-such-python"}).Check()
	if err == nil || !strings.Contains(err.Error(), "install Python 3") {
		t.Errorf("got %v", err)
	}
}

// Iteration order of sets depends on the hash seed; a verdict must not change
// from run to run.
func TestHashesAreFixed(t *testing.T) {
	needPython(t)
	program := "raise ValueError([hash('a'), list({'x', 'y', 'zz', 'llama', 'eval'})])\n"
	var first string
	for i := range 3 {
		_, detail, err := new(Process).Run(context.Background(), program, 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = detail
		} else if detail != first {
			t.Errorf("%q, then %q", first, detail)
		}
	}
}

func TestEndlessLoops(t *testing.T) {
	needPython(t)
	for name, program := range map[string]string{
		"busy":              "while True: pass\n",
		"asleep":            "import time\ntime.sleep(1000)\n",
		"catches all":       "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n",
		"ignores signals":   "import signal\nfor s in (1, 2, 15, 24): signal.signal(s, signal.SIG_IGN)\nwhile True: pass\n",
		"prints for ever":   "while True: print('x' * 1000)\n",
		"leaves its group":  "import os\nos.setpgid(0, 0) if os.getsid(0) != os.getpid() else None\nwhile True: pass\n",
		"reports for ever":  "import os\nwhile True: os.write(3, b'pass ' * 100)\n",
		"in a C function":   "sum(range(10**15))\n",
		"after many errors": "import sys\nwhile True: sys.stderr.write('x' * 1000)\n",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			passed, detail, err := new(Process).Run(context.Background(), program, 300*time.Millisecond)
			if err != nil || passed || detail != "timed out" {
				t.Errorf("got %v %q %v", passed, detail, err)
			}
			if took := time.Since(start); took > startLimit {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestMemoryHog(t *testing.T) {
	needPython(t)
	if runtime.GOOS == "darwin" {
		t.Skip("macOS enforces no limit on address space")
	}
	p := &Process{Memory: 256 << 20}
	passed, detail, err := p.Run(context.Background(), "x = []\nwhile True: x.append(bytearray(1 << 24))\n", 20*time.Second)
	if err != nil || passed || !strings.Contains(detail, "MemoryError") {
		t.Errorf("got %v %q %v", passed, detail, err)
	}
}

// Without its limits no program may run.
func TestLimitsFailClosed(t *testing.T) {
	needPython(t)
	for name, sabotage := range map[string]string{
		"no resource module": "sys.modules['resource'] = None",
		"a limit is refused": "import resource; resource.setrlimit = lambda *a: 1 / 0",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			// Drops the six options before the harness, breaks something, and runs it.
			script := "#!/bin/sh\nshift 6\nexec python3 -c \"import sys; " + sabotage + "; exec(sys.argv.pop(1))\" \"$@\"\n"
			python := filepath.Join(dir, "python")
			if err := os.WriteFile(python, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			marker := filepath.Join(dir, "ran")
			_, _, err := (&Process{Python: python}).Run(context.Background(), "open("+strconv.Quote(marker)+", 'w')\n", 20*time.Second)
			if err == nil || !strings.Contains(err.Error(), "did not start under its limits") {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(marker); err == nil {
				t.Error("the program ran")
			}
		})
	}
}

func TestChildrenAreKilled(t *testing.T) {
	needPython(t)
	if os.Getuid() != 0 {
		// Only root may start processes under RLIMIT_NPROC 0.
		passed, detail, err := new(Process).Run(context.Background(), "import os\nos.fork()\n", 20*time.Second)
		if err != nil || passed || !strings.Contains(detail, "BlockingIOError") {
			t.Errorf("got %v %q %v", passed, detail, err)
		}
		return
	}
	file := filepath.Join(t.TempDir(), "pid")
	program := "import subprocess\np = subprocess.Popen(['sleep', '1000'])\nopen(" + strconv.Quote(file) + ", 'w').write(str(p.pid))\n"
	passed, detail, err := new(Process).Run(context.Background(), program, 20*time.Second)
	if err != nil || !passed {
		t.Fatalf("got %v %q %v", passed, detail, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(data))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if gone(pid) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("process %d lives on", pid)
}

// gone says whether a process has ended; a zombie that init has not yet
// collected has.
func gone(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestCancel(t *testing.T) {
	needPython(t)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	_, _, err := new(Process).Run(ctx, "while True: pass\n", time.Minute)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	needPython(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	if _, _, err := new(Process).Run(context.Background(), "open('x', 'w').write('y')\n", 20*time.Second); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestCapped(t *testing.T) {
	c := &capped{limit: 5}
	for _, s := range []string{"abc", "def", "", "ghi"} {
		if n, err := c.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("Write(%q) = %d, %v", s, n, err)
		}
	}
	if c.String() != "abcde" {
		t.Errorf("kept %q", c.String())
	}
}
