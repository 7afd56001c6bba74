//go:build unix

package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Process runs each program, and its tests, in ordinary processes with limits.
// It guards against accidents, endless loops and memory hogs among them. It
// does not stop a program that means harm: files that the user can read and
// the network are within its reach. The zero value is ready for use.
type Process struct {
	Python string // interpreter, "" for python3 in PATH
	Memory int64  // bytes of address space, 0 for DefaultMemory; not enforced on macOS
}

// Kind names this sandbox in a run's configuration.
func (p *Process) Kind() string { return "process" }

// Check runs two programs.
func (p *Process) Check(ctx context.Context) error { return check(ctx, p) }

// Close has nothing to end.
func (p *Process) Close() error { return nil }

// Run executes program and its tests; see Sandbox.
func (p *Process) Run(ctx context.Context, program, tests string, timeout time.Duration) (passed bool, detail string, err error) {
	if err := ctx.Err(); err != nil {
		return false, "", err
	}
	name := p.Python
	if name == "" {
		name = "python3"
	}
	python, err := exec.LookPath(name)
	if err != nil {
		return false, "", fmt.Errorf("sandbox: %s is needed to score generated code and was not found: install Python 3, or leave out tasks that run code", name)
	}
	dir, err := os.MkdirTemp("", "llamaeval-code-*")
	if err != nil {
		return false, "", fmt.Errorf("sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := p.pair(ctx, python, dir, program, tests, timeout)
	if err != nil {
		return false, "", err
	}
	return r.judge()
}

// pair starts both processes and follows the tests' report.
func (p *Process) pair(ctx context.Context, python, dir, program, tests string, timeout time.Duration) (r outcome, err error) {
	report, reportEnd, err := os.Pipe()
	if err != nil {
		return r, fmt.Errorf("sandbox: %w", err)
	}
	defer report.Close()
	defer reportEnd.Close()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return r, fmt.Errorf("sandbox: %w", err)
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	one, other := os.NewFile(uintptr(fds[0]), "channel"), os.NewFile(uintptr(fds[1]), "channel")
	defer one.Close()
	defer other.Close()
	var commands []*exec.Cmd
	defer func() {
		for _, cmd := range commands {
			killGroup(cmd)
			_ = cmd.Wait() // how it ended does not matter: the report says all
		}
	}()
	for _, side := range []struct {
		role, text string
		files      []*os.File
	}{{"program", program, []*os.File{one}}, {"tests", tests, []*os.File{other, reportEnd}}} {
		cmd := p.command(python, dir, side.role, timeout)
		cmd.Stdin, cmd.ExtraFiles = strings.NewReader(side.text), side.files
		if err := cmd.Start(); err != nil {
			return r, fmt.Errorf("sandbox: %s does not start: %w", python, err)
		}
		commands = append(commands, cmd)
	}
	one.Close()
	other.Close()
	reportEnd.Close()
	return follow(ctx, report, startLimit, timeout, func() {
		for _, cmd := range commands {
			killGroup(cmd)
		}
		_ = report.SetReadDeadline(time.Now().Add(drainLimit))
	}), nil
}

// command leaves out site-packages (-s, -S) and compiled files (-B).
func (p *Process) command(python, dir, role string, timeout time.Duration) *exec.Cmd {
	limits := map[string]int64{
		"RLIMIT_CORE": 0, "RLIMIT_FSIZE": maxFileSize, "RLIMIT_NOFILE": maxOpenFiles,
		// The programs of benchmarks have no business starting processes.
		"RLIMIT_NPROC": 0,
		// The wall clock decides; this is for a program that outlives its
		// supervisor.
		"RLIMIT_CPU": int64(math.Ceil(timeout.Seconds())) + 2,
	}
	if runtime.GOOS != "darwin" { // it accepts none on address space
		limits["RLIMIT_AS"] = p.Memory
		if p.Memory <= 0 {
			limits["RLIMIT_AS"] = DefaultMemory
		}
	}
	encoded, err := json.Marshal(limits)
	if err != nil {
		panic(err) // a map of numbers
	}
	home := dir
	if role == "tests" { // what the program leaves is not in the tests' way
		home = filepath.Dir(dir)
	}
	cmd := exec.Command(python, "-s", "-S", "-B", "-X", "utf8", "-c", guest("process"), role, string(encoded))
	cmd.Dir, cmd.WaitDelay = home, drainLimit
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home, "LANG=C.UTF-8", "PYTHONHASHSEED=0"}
	// A session of its own, so that one signal reaches all that it starts.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// killGroup ends every process of the group. It fails when none is left.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
