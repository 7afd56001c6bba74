// Package sandbox runs generated Python in a process of its own: empty folder,
// cleared environment, limits on time, memory, files and processes, and an end
// by SIGKILL for the whole process group.
//
// It guards against accidents, endless loops and memory hogs among them. It
// does not stop a program that means harm: files that the user can read and
// the network are within its reach. That is why generated code runs only when
// the user allows it.
package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed harness.py
var harness string

const (
	// DefaultTimeout is the reference's wall-clock limit for one candidate.
	DefaultTimeout = 3 * time.Second

	defaultMemory = 1 << 30
	keptOutput    = 64 << 10 // bytes of what the program prints; the rest is dropped
	maxFileSize   = 16 << 20 // bytes per file
	maxOpenFiles  = 64

	// startLimit bounds the start of the interpreter, which is not counted
	// as the program's time.
	startLimit = 30 * time.Second
	// drainLimit is how long output is awaited that a process left behind
	// may still hold open.
	drainLimit = 200 * time.Millisecond
)

// A Process runs each program in a process of its own. The zero value is
// ready for use. Programs have the standard library only, so that a verdict
// does not depend on what happens to be installed, and start with hash seed 0.
type Process struct {
	Python string // interpreter, "" for python3 in PATH
	Memory int64  // bytes of address space, 0 for 1 GiB; not enforced on macOS
}

// Kind names this sandbox in a run's configuration.
func (p *Process) Kind() string { return "process" }

// Check returns an error that says what to do when programs cannot be run on
// this machine.
func (p *Process) Check() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	passed, detail, err := p.Run(ctx, "pass\n", DefaultTimeout)
	if err == nil && !passed {
		err = fmt.Errorf("sandbox: an empty program does not pass (%s): try another python3", detail)
	}
	return err
}

// Run executes program and says whether it ran to its end without an
// exception within timeout, measured from its first line. detail is "passed",
// "timed out" or "failed: " with the reason. An error means that the program
// could not be judged.
func (p *Process) Run(ctx context.Context, program string, timeout time.Duration) (passed bool, detail string, err error) {
	if err := ctx.Err(); err != nil {
		return false, "", err
	}
	python, err := p.interpreter()
	if err != nil {
		return false, "", err
	}
	dir, err := os.MkdirTemp("", "llamaeval-code-*")
	if err != nil {
		return false, "", fmt.Errorf("sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report, childEnd, err := os.Pipe()
	if err != nil {
		return false, "", fmt.Errorf("sandbox: %w", err)
	}
	defer report.Close()

	key := rand.Text()
	output := &capped{limit: keptOutput}
	cmd := exec.Command(python, p.arguments(timeout)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8", "PYTHONHASHSEED=0"}
	cmd.Stdin = strings.NewReader(key + "\n" + program)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.ExtraFiles = []*os.File{childEnd}
	cmd.WaitDelay = drainLimit
	ownGroup(cmd)
	err = cmd.Start()
	childEnd.Close()
	if err != nil {
		return false, "", fmt.Errorf("sandbox: %s does not start: %w", python, err)
	}
	r := watch(ctx, cmd, report, timeout)
	return r.judge(key, output.String())
}

func (p *Process) interpreter() (string, error) {
	if err := supported(); err != nil {
		return "", err
	}
	name := p.Python
	if name == "" {
		name = "python3"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("sandbox: %s is needed to score generated code and was not found: install Python 3, or leave out tasks that run code", name)
	}
	return path, nil
}

// arguments leaves out site-packages (-s, -S) and compiled files (-B).
func (p *Process) arguments(timeout time.Duration) []string {
	memory := p.Memory
	if memory <= 0 {
		memory = defaultMemory
	}
	// The wall clock decides; the limit on CPU time is for a program that
	// outlives its supervisor.
	cpu := int64(math.Ceil(timeout.Seconds())) + 2
	args := []string{"-s", "-S", "-B", "-X", "utf8", "-c", harness}
	for _, n := range []int64{cpu, memory, maxOpenFiles, maxFileSize} {
		args = append(args, strconv.FormatInt(n, 10))
	}
	return args
}

// outcome is how a process ended.
type outcome struct {
	started  bool   // the limits stood and the program began
	timedOut bool   // it was killed at its limit
	report   string // what came over the report pipe after "start"
	state    *os.ProcessState
	err      error // the context's, or that of waiting
}

// watch follows a started process to its end and leaves nothing of its group
// alive.
func watch(ctx context.Context, cmd *exec.Cmd, pipe *os.File, timeout time.Duration) outcome {
	started := make(chan bool, 1)
	rest := make(chan string, 1)
	go readReport(pipe, started, rest)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	var r outcome
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	waiting := true
	for waiting {
		select {
		case r.started = <-started:
			started = nil
			if r.started {
				timer.Reset(timeout)
			}
		case <-timer.C:
			r.timedOut = true
			killGroup(cmd)
		case <-ctx.Done():
			r.err = ctx.Err()
			killGroup(cmd)
			<-ended
			waiting = false
		case <-ended:
			waiting = false
		}
	}
	killGroup(cmd) // what the program left behind
	// A process that left the group may still hold the other end open.
	r.err = errors.Join(r.err, pipe.SetReadDeadline(time.Now().Add(drainLimit)))
	if started != nil {
		r.started = <-started
	}
	r.report, r.state = <-rest, cmd.ProcessState
	return r
}

// readReport tells of the first line at once and of the rest at the end.
func readReport(pipe io.Reader, started chan<- bool, rest chan<- string) {
	const first = "start\n"
	var b [len(first)]byte
	_, err := io.ReadFull(pipe, b[:])
	started <- err == nil && string(b[:]) == first
	// An error is the deadline that watch sets: what has come counts.
	more, _ := io.ReadAll(io.LimitReader(pipe, keptOutput))
	rest <- string(more)
}

// judge turns an outcome into a verdict. Only the key, which the program does
// not get, proves that its last line was reached.
func (r outcome) judge(key, output string) (passed bool, detail string, err error) {
	switch {
	case r.err != nil:
		return false, "", r.err
	case !r.started:
		return false, "", fmt.Errorf("sandbox: Python did not start under its limits (%s): %s", r.state, lastLine(output))
	case r.report == "pass "+key:
		return true, "passed", nil
	case r.timedOut:
		return false, "timed out", nil
	}
	if reason, ok := strings.CutPrefix(r.report, "fail "); ok {
		return false, "failed: " + strings.TrimSuffix(strings.TrimSpace(reason), ":"), nil
	}
	return false, fmt.Sprintf("failed: ended before its last line (%s)", r.state), nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// capped keeps the first limit bytes that are written and drops the rest.
// os/exec writes to it from one goroutine when stdout and stderr are the same.
type capped struct {
	buf   bytes.Buffer
	limit int
}

func (c *capped) Write(p []byte) (int, error) {
	c.buf.Write(p[:min(len(p), c.limit-c.buf.Len())])
	return len(p), nil
}

func (c *capped) String() string { return c.buf.String() }
