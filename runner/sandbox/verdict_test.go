//go:build unix

package sandbox

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	Reexec()
	keepAlive()
	goleak.VerifyTestMain(m)
}

// required says that a machine without a sandbox fails, as in `make test`.
var required = os.Getenv("LLAMAEVAL_REQUIRE_SANDBOX") != ""

const hint = "\nLLAMAEVAL_REQUIRE_SANDBOX is set: where the kernel forbids the sandbox, unset it (make test LLAMAEVAL_REQUIRE_SANDBOX=), and WebAssembly is tried in its place"

// kinds are the sandboxes that can be tried on this machine.
func kinds(t *testing.T) map[string]Sandbox {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is absent")
	}
	out := map[string]Sandbox{"process": &Process{}}
	h := &Host{Workers: 2}
	if err := h.Check(context.Background()); err == nil {
		out["host"] = h
	} else if required {
		t.Error(err, hint)
	}
	if path := os.Getenv("LLAMAEVAL_PYTHON_WASM"); path != "" {
		w, err := NewWasm(path, filepath.Join(os.TempDir(), "llamaeval-wasm-cache"))
		if err != nil {
			t.Fatal(err)
		}
		out["wasm"] = w
	}
	t.Cleanup(func() {
		for kind, s := range out {
			if err := s.Close(); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
	return out
}

var verdicts = []struct {
	name, program, tests string
	detail               string // a part of it; "passed" for those that pass
}{
	{"passes", "def f(x):\n    return x + 1\n", "assert f(1) == 2\n", "passed"},
	{"empty", "", "", "passed"},
	{"check of HumanEval", "def f(x):\n    return x + 1\n", "def check(candidate):\n    assert candidate(1) == 2\n    assert abs(candidate(0.5) - 1.5) < 1e-9\n\ncheck(f)", "passed"},
	{"standard library", "import math, re, collections, itertools, heapq, typing, decimal, hashlib\n", "", "passed"},
	{"a name of Python's that is tested", "def sum(a, b):\n    return a + b\n", "assert sum(10, 15) == 25\n", "passed"},
	{"class of the program", "class P:\n    def __init__(self, a):\n        self.a = a\n\ndef f(ps):\n    return max(p.a for p in ps)\n", "assert f([P(1), P(5)]) == 5\nassert P(3).a == 3\n", "passed"},
	{"kinds of values", "def f(x):\n    return x\n", "import math\nfor v in (None, True, -0.0, 1 << 200, 'ż🦙\\ud800', b'\\0\\xff', 2j, range(3), {1: {2}}, frozenset([()]), float('inf'), [], [[1], (2,)]):\n    assert f(v) == v and type(f(v)) is type(v), v\nassert math.isnan(f(math.nan))\n", "passed"},
	{"values of the library", "from collections import Counter, OrderedDict, deque, namedtuple\nfrom decimal import Decimal\nfrom fractions import Fraction\nimport datetime\nP = namedtuple('P', 'a b')\n\ndef f(i):\n    return [Counter('aab'), OrderedDict([(1, 2)]), deque([1], 3), P(1, 2), Decimal('1.5'), Fraction(1, 3), datetime.date(2020, 2, 3), {1: 2}.keys()][i]\n", "from collections import *\nfrom decimal import Decimal\nfrom fractions import Fraction\nimport datetime\nassert f(0) == Counter(a=2, b=1) and f(1) == OrderedDict([(1, 2)]) and f(2) == deque([1]) and f(3) == (1, 2)\nassert f(4) == Decimal('1.5') and f(5) == Fraction(1, 3) and f(6) == datetime.date(2020, 2, 3) and f(7) == {1}\n", "passed"},
	{"generator", "def f(n):\n    for i in range(n):\n        yield i\n", "assert list(f(3)) == [0, 1, 2]\n", "passed"},
	{"function of the tests", "def f(g, xs):\n    return [g(x) for x in xs]\n", "assert f(lambda x: x * 2, iter([1, 2])) == [2, 4]\n", "passed"},
	{"argument changed in place", "def f(xs):\n    xs.sort()\n", "xs = [2, 1]\nf(xs)\nassert xs == [1, 2]\n", "passed"},
	{"exception that is expected", "def f(x):\n    raise ValueError('no')\n", "try:\n    f(1)\nexcept ValueError as e:\n    assert str(e) == 'no'\nelse:\n    assert False\n", "passed"},
	{"main block is not run, as in the reference", "if __name__ == '__main__':\n    raise ValueError\n", "", "passed"},
	{"sleeps", "import time\n\ndef f(x):\n    start = time.monotonic()\n    time.sleep(x)\n    return time.monotonic() - start\n", "assert 0.02 <= f(0.02) < 20\nassert f(0) < 20\n", "passed"},
	{"prints", "print('żółć🦙' * 1000)\n", "print(1)\n", "passed"},
	{"assertion", "def f(x):\n    return x\n", "assert f(1) == 2, 'not equal'\n", "failed: AssertionError: not equal"},
	{"name error", "", "f(1)\n", "failed: NameError: name 'f' is not defined"},
	{"error of the program", "f(1)\n", "", "failed: NameError: name 'f' is not defined"},
	{"syntax", "def f(:\n", "", "failed: SyntaxError"},
	{"syntax of the tests", "", "assert (\n", "failed: SyntaxError"},
	{"null byte", "x = 1\x00\n", "", "failed: "},
	{"exception without a text", "class E(Exception):\n    def __str__(self): raise ValueError\nraise E\n", "", "failed: E"},
	{"early exit", "import sys\nsys.exit(0)\n", "", "failed: SystemExit: 0"},
	{"exit without a trace", "import os\nos._exit(0)\n", "", "failed: it ended before the tests did"},
	{"stdin is empty", "x = input()\n", "", "EOFError"},
	{"equal to all", "class A:\n    def __eq__(self, other): return True\n\ndef f():\n    return A()\n", "assert f() == 1\n", "failed: AssertionError"},
}

func TestVerdicts(t *testing.T) {
	t.Setenv("SECRET_TOKEN", "hunter2")
	for kind, s := range kinds(t) {
		for _, tt := range verdicts {
			if kind == "wasm" && tt.name == "stdin is empty" { // stdin is the channel
				continue
			}
			t.Run(kind+"/"+tt.name, func(t *testing.T) {
				passed, detail, err := s.Run(context.Background(), tt.program, tt.tests, 30*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if passed != (tt.detail == "passed") || !strings.Contains(detail, tt.detail) {
					t.Errorf("got %v %q, want %q", passed, detail, tt.detail)
				}
			})
		}
	}
}

// A verdict must not change from run to run: hashes and random numbers are
// the same each time.
func TestProgramsAreDeterministic(t *testing.T) {
	program := "import random\nraise ValueError([hash('a'), list({'x', 'y', 'zz', 'llama', 'eval'}), random.random()])\n"
	for kind, s := range kinds(t) {
		var first string
		for i := range 3 {
			_, detail, err := s.Run(context.Background(), program, "", 30*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = detail
			} else if detail != first {
				t.Errorf("%s: %q, then %q", kind, first, detail)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	for kind, s := range kinds(t) {
		for name, tt := range map[string]struct{ program, detail string }{
			"busy":   {"while True: pass\n", "timed out"},
			"asleep": {"import time\ntime.sleep(1000)\n", "timed out"},
			"memory": {"x = []\nwhile True: x.append(bytearray(1 << 24))\n", ""},
		} {
			limit := 300 * time.Millisecond
			if name == "memory" {
				limit = 20 * time.Second
			}
			passed, detail, err := s.Run(context.Background(), tt.program, "", limit)
			if err != nil || passed || !strings.Contains(detail, tt.detail) {
				t.Errorf("%s, %s: got %v %q %v", kind, name, passed, detail, err)
			}
		}
	}
}

func TestCancel(t *testing.T) {
	for kind, s := range kinds(t) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(200*time.Millisecond, cancel)
		if _, _, err := s.Run(ctx, "while True: pass\n", "", time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	tmp := t.TempDir()
	all := kinds(t)
	t.Setenv("TMPDIR", tmp)
	for kind, s := range all {
		if _, _, err := s.Run(context.Background(), "open('x', 'w').write('y')\n", "", 20*time.Second); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
			t.Errorf("%s: left: %v %v", kind, left, err)
		}
	}
}

func TestNoPython(t *testing.T) {
	for _, s := range []Sandbox{&Process{Python: "no-such-python"}, &Host{Python: "no-such-python"}} {
		if err := s.Check(context.Background()); err == nil || !strings.Contains(err.Error(), "install Python 3") && !strings.Contains(err.Error(), "wasm") {
			t.Errorf("got %v", err)
		}
	}
}

func TestWasmRefusesOtherFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "python.wasm")
	if err := os.WriteFile(path, []byte("no module"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, dir, t.TempDir(), filepath.Join(dir, "absent")} {
		if _, err := NewWasm(p, ""); err == nil || !strings.Contains(err.Error(), "--sandbox wasm") {
			t.Errorf("%s: got %v", p, err)
		}
	}
}
