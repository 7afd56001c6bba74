package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// An attack is a program of testdata/attacks and the tests that pass if it
// works. Its header says how a control shows that it works where nothing
// stops it: naive (program and tests in one Python, as the reference judges),
// process (Process), root (the same, for root only), none; with ? the kernel
// may be set up to refuse. slow: it must be ended at its limit. twice: a
// second run must not see what the first left.
type attack struct{ name, control, program, tests string }

func attacks(t *testing.T, scene map[string]string) []attack {
	t.Helper()
	paths, err := filepath.Glob("testdata/attacks/*.py")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d attacks: %v", len(paths), err)
	}
	var out []attack
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for name, value := range scene {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		program, tests, ok := strings.Cut(text, "\n# tests\n")
		_, header, _ := strings.Cut(program, "\n# control: ")
		control, _, _ := strings.Cut(header, "\n")
		if !ok || control == "" {
			t.Fatalf("%s has no control or no tests", path)
		}
		out = append(out, attack{strings.TrimSuffix(filepath.Base(path), ".py"), control, program, tests})
	}
	return out
}

// scene sets up what attacks are after and returns what they are told of it.
func scene(t *testing.T) map[string]string {
	t.Helper()
	t.Setenv("SECRET_TOKEN", "hunter2")
	dir := t.TempDir()
	secret, victim := filepath.Join(dir, "secret"), filepath.Join(dir, "samples.parquet")
	for _, path := range []string{secret, victim} {
		if err := os.WriteFile(path, []byte("hunter2"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Descriptors that a careless parent would hand down.
	fd, err := unix.Open(secret, unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	abstract := "llamaeval-attack-" + strconv.Itoa(os.Getpid())
	port := ""
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(dir, "socket"), "abstract": "@" + abstract} {
		kind := network
		if network == "abstract" {
			kind = "unix"
		}
		l, err := net.Listen(kind, address)
		if err != nil {
			t.Fatal(err)
		}
		if network == "tcp" {
			_, port, _ = net.SplitHostPort(l.Addr().String())
		}
		greet(t, l)
	}
	datagram, err := net.ListenPacket("unixgram", "@"+abstract+"-datagram")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { datagram.Close() })
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/"
	}
	q := strconv.Quote
	return map[string]string{
		"SECRET": q(secret), "VICTIM": q(victim), "HOME": q(home), "PORT": port, "PID": strconv.Itoa(os.Getpid()),
		"UNIX": q(filepath.Join(dir, "socket")), "ABSTRACT": q(abstract),
		"CLONE": strconv.Itoa(unix.SYS_CLONE), "KEYCTL": strconv.Itoa(unix.SYS_KEYCTL), "BPF": strconv.Itoa(unix.SYS_BPF),
		"USERFAULTFD": strconv.Itoa(unix.SYS_USERFAULTFD), "PERF": strconv.Itoa(unix.SYS_PERF_EVENT_OPEN),
		"INIT_MODULE": strconv.Itoa(unix.SYS_INIT_MODULE), "SECCOMP": strconv.Itoa(unix.SYS_SECCOMP),
	}
}

// greet says welcome to all who connect.
func greet(t *testing.T, l net.Listener) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "welcome")
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
}

// No attack works in the sandbox, and none disturbs the programs after it.
func TestAttacks(t *testing.T) {
	needHost(t)
	s := scene(t)
	h := &Host{Workers: 2}
	mounts := readFile(t, "/proc/self/mountinfo")
	for _, a := range attacks(t, s) {
		t.Run(a.name, func(t *testing.T) {
			limit := 30 * time.Second
			switch a.control {
			case "slow":
				limit = time.Second
			case "none":
				limit = 5 * time.Second
			}
			times := 1
			if a.control == "twice" {
				times = 3
			}
			for range times {
				passed, detail, err := h.Run(context.Background(), a.program, a.tests, limit)
				if err != nil || passed {
					t.Fatalf("it works: %v %q %v", passed, detail, err)
				}
				if a.control == "slow" && detail != "timed out" {
					t.Errorf("it was not ended at its limit: %s", detail)
				}
				t.Log(detail)
			}
			if got := readFile(t, strings.Trim(s["VICTIM"], `"`)); got != "hunter2" {
				t.Errorf("a file outside was changed: %q", got)
			}
			passed, detail, err := h.Run(context.Background(), "def f(x):\n    return x\n", "assert f(2) == 2\n", 30*time.Second)
			if !passed || err != nil {
				t.Errorf("the next program does not pass: %q %v", detail, err)
			}
		})
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if after := readFile(t, "/proc/self/mountinfo"); after != mounts {
		t.Errorf("mounts were\n%sand are\n%s", mounts, after)
	}
	if left := children(t); left != "" {
		t.Errorf("processes are left: %s", left)
	}
}

// Every attack that can be tried without harm works where nothing stops it.
func TestAttacksWorkUnhindered(t *testing.T) {
	needHost(t)
	s := scene(t)
	p := &Process{}
	for _, a := range attacks(t, s) {
		control, lenient := strings.CutSuffix(a.control, "?")
		t.Run(a.name, func(t *testing.T) {
			passed, detail := false, ""
			switch {
			case control == "naive":
				passed, detail = naive(t, a)
			case control == "process" || control == "root" && os.Geteuid() == 0:
				var err error
				if passed, detail, err = p.Run(context.Background(), a.program, a.tests, 30*time.Second); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(strings.Trim(s["VICTIM"], `"`), []byte("hunter2"), 0o600); err != nil {
					t.Fatal(err)
				}
			default:
				t.Skip("it has no control here")
			}
			if !passed && lenient {
				t.Skipf("the kernel refuses it as it is set up: %s", detail)
			}
			if !passed {
				t.Errorf("it does not work: %s", detail)
			}
		})
	}
}

// Forged verdicts do not work in WebAssembly either.
func TestForgeriesInWasm(t *testing.T) {
	w, ok := kinds(t)["wasm"]
	if !ok {
		t.Skip("LLAMAEVAL_PYTHON_WASM names no python.wasm")
	}
	for _, a := range attacks(t, scene(t)) {
		if a.control != "naive" {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			passed, detail, err := w.Run(context.Background(), a.program, a.tests, 3*time.Second)
			if err != nil || passed {
				t.Errorf("it works: %v %q %v", passed, detail, err)
			}
		})
	}
}

// naive judges as the reference does: in one process, by the exit status.
func naive(t *testing.T, a attack) (bool, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", "-c", "import sys\nexec(compile(sys.stdin.read(), '<program>', 'exec'), {})")
	cmd.Stdin = strings.NewReader(a.program + "\n" + a.tests)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	return err == nil, lastLine(string(out))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// children lists the processes that this one has started and not collected.
func children(t *testing.T) string {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, path := range tasks {
		if data, err := os.ReadFile(path); err == nil { // a thread that has ended has none
			all += string(data)
		}
	}
	return all
}
