package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// needHost skips where no sandbox can be built, unless CI requires one.
func needHost(t testing.TB) {
	t.Helper()
	h := &Host{Workers: 1}
	defer h.Close()
	if err := h.Check(context.Background()); err != nil {
		if required {
			t.Fatal(err, hint)
		}
		t.Skip(err)
	}
}

// keepAlive makes this process one that judges an endless program, if a test
// started it for that.
func keepAlive() {
	if os.Getenv("LLAMAEVAL_TEST_ENDLESS") == "" {
		return
	}
	h := &Host{Workers: 1}
	if err := h.Check(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ready")
	_, _, err := h.Run(context.Background(), "while True: pass\n", "", time.Hour)
	fmt.Println(err)
	os.Exit(1)
}

// When the program is killed, so is all it started.
func TestKillOfTheParent(t *testing.T) {
	needHost(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "LLAMAEVAL_TEST_ENDLESS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("got %q %v", line, err)
	}
	time.Sleep(300 * time.Millisecond) // until the endless program runs
	family := descendants(t, cmd.Process.Pid)
	if len(family) < 3 {
		t.Errorf("there are only the processes %v", family)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for range 200 {
		if family = living(family); len(family) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("processes live on: %v", family)
}

// descendants lists the processes below pid.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that has ended
		}
		for field := range strings.FieldsSeq(string(data)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			all = append(append(all, child), descendants(t, child)...)
		}
	}
	return all
}

// living leaves out those that have ended; a zombie has.
func living(pids []int) []int {
	var out []int
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !strings.Contains(string(stat), ") Z ") && unix.Kill(pid, 0) == nil {
			out = append(out, pid)
		}
	}
	return out
}

// A layer that fails to come about keeps the program from running.
func TestLayersFailClosed(t *testing.T) {
	needHost(t)
	for name, sabotage := range map[string]func(p *plan){
		"Landlock":  func(p *plan) { p.replace(`"fs":`, `"fs":18446744073709551615,"x":`) },
		"seccomp":   func(p *plan) { p.replace(`"seccomp":"`, `"seccomp":"ffffffffffffffff`) },
		"limits":    func(p *plan) { p.replace(`"RLIMIT_CORE":`, `"RLIMIT_NONE":1,"RLIMIT_CORE":`) },
		"scratch":   func(p *plan) { p.replace(`"scratch":"`, `"scratch":"nonsense=1,`) },
		"mounts":    func(p *plan) { p.stage.Mounts[0].Source = "/no/such/file" },
		"call":      func(p *plan) { p.replace(`"capset":`, `"capset":100000,"x":`) },
		"no python": func(p *plan) { p.stage.Args[0] = "/dev/null" },
	} {
		t.Run(name, func(t *testing.T) {
			h := &Host{Workers: 1}
			defer h.Close()
			h.once.Do(func() {
				h.plan, h.planErr = h.newPlan(context.Background())
				h.idle = make(chan *worker, 1)
				h.idle <- nil
			})
			if h.planErr != nil {
				t.Fatal(h.planErr)
			}
			sabotage(h.plan)
			passed, detail, err := h.Run(context.Background(), "", "", 10*time.Second)
			if err == nil || passed {
				t.Errorf("it ran: %v %q", passed, detail)
			}
			t.Log(err)
		})
	}
}

// replace changes what the guest is told of its layers.
func (p *plan) replace(old, with string) {
	last := &p.stage.Args[len(p.stage.Args)-1]
	if !strings.Contains(*last, old) {
		panic(old + " is not in " + *last)
	}
	*last = strings.Replace(*last, old, with, 1)
}

func TestLayers(t *testing.T) {
	needHost(t)
	layers, err := Layers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		if !l.Active && l.Name != "cgroups" || l.Detail == "" {
			t.Errorf("%+v", l)
		}
	}
}

func TestGroupMounts(t *testing.T) {
	got := groupMounts("30 29 0:26 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw,mode=755\n" +
		"31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
		"32 30 0:28 / /sys/fs/cgroup/pids rw shared:1 master:2 - cgroup cgroup rw,pids\n" +
		"33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\nbroken\n")
	if got["memory"] != "/sys/fs/cgroup/memory" || got["pids"] != "/sys/fs/cgroup/pids" || got[""] != "/sys/fs/cgroup/unified" || len(got) != 3 {
		t.Errorf("got %v", got)
	}
}

func TestDelegatedGroup(t *testing.T) {
	root := t.TempDir()
	for path, control := range map[string]string{"": "cpu memory pids\n", "user": "memory pids\n", "user/scope": ""} {
		dir := filepath.Join(root, path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"cgroup.subtree_control": control, "cgroup.procs": ""} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := delegated(root, "/user/scope"); got != filepath.Join(root, "user") {
		t.Errorf("got %q", got)
	}
	if got := delegated(t.TempDir(), "/a/b"); got != "" {
		t.Errorf("got %q", got)
	}
}

// BenchmarkHost judges small programs on all cores: programs per second.
func BenchmarkHost(b *testing.B) {
	needHost(b)
	h := &Host{}
	defer h.Close()
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			passed, detail, err := h.Run(context.Background(), "from typing import List\n\ndef f(xs: List[int]) -> int:\n    return sum(xs)\n", "assert f([1, 2]) == 3\nassert f([]) == 0\n", 30*time.Second)
			if !passed || err != nil {
				b.Error(detail, err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "programs/s")
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
