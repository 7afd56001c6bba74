// Package sandbox runs generated Python and the tests that judge it.
//
// A program and its tests run apart: the tests, which are trusted, in one
// process, the program in another, and only plain values pass between them. So
// a program cannot reach what judges it. Three kinds of place are known: Host,
// the Linux kernel's namespaces, Landlock and seccomp; Wasm, CPython in
// WebAssembly, on any system; and Process, ordinary processes with limits,
// which keep out accidents but no harm. docs/sandbox.md says what each
// guarantees.
package sandbox

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// DefaultMemory is the limit on each process's address space, in bytes.
	DefaultMemory = 1 << 30

	maxReport    = 8 << 10  // bytes of a verdict
	maxFileSize  = 16 << 20 // bytes per file
	maxOpenFiles = 64

	// startLimit bounds the start of the interpreter, which is not counted
	// as the program's time.
	startLimit = 30 * time.Second
	// drainLimit is how long a verdict is awaited once its writers were ended.
	drainLimit = 5 * time.Second
)

// A Sandbox runs programs against their tests. It may be used by several
// goroutines.
type Sandbox interface {
	// Kind names the sandbox in a run's configuration.
	Kind() string
	// Check returns an error that says what to do when programs cannot be
	// run in it on this machine.
	Check(ctx context.Context) error
	// Run executes program, then the tests, which may use what program
	// defines, and says whether the tests came to their end without an
	// exception within timeout, measured from the program's first line.
	// detail is "passed", "timed out" or "failed: " with the reason. An error
	// means that the program could not be judged.
	Run(ctx context.Context, program, tests string, timeout time.Duration) (passed bool, detail string, err error)
	// Close ends all that Run keeps for the next program.
	Close() error
}

// check runs a program that must pass and one that must not.
func check(ctx context.Context, s Sandbox) error {
	ctx, cancel := context.WithTimeout(ctx, 2*startLimit)
	defer cancel()
	for tests, want := range map[string]bool{"assert f(1) == 2\n": true, "assert f(1) == 3\n": false} {
		passed, detail, err := s.Run(ctx, "def f(x):\n    return x + 1\n", tests, startLimit)
		if err != nil {
			return err
		}
		if passed != want {
			return fmt.Errorf("sandbox %s: a trivial program is misjudged (%s): try another python3", s.Kind(), detail)
		}
	}
	return nil
}

// outcome is how the process of the tests ended.
type outcome struct {
	started  bool   // all limits stood and the program began
	timedOut bool   // it was ended at its limit
	report   string // what came after "start", or all if that did not come
	err      error  // the context's
}

// follow reads a report to its end, and calls end when start is over without
// one, when timeout after it is, or the context. The report must end soon after
// that.
func follow(ctx context.Context, report io.Reader, start, timeout time.Duration, end func()) outcome {
	started := make(chan bool, 1)
	rest := make(chan string, 1)
	go readReport(report, started, rest)
	var r outcome
	timer := time.NewTimer(start)
	defer timer.Stop()
	done := ctx.Done()
	for {
		select {
		case r.started = <-started:
			started = nil
			if r.started {
				timer.Reset(timeout)
			}
		case <-timer.C:
			r.timedOut = true
			end()
		case <-done:
			r.err, done = ctx.Err(), nil
			end()
		case r.report = <-rest:
			if started != nil {
				r.started = <-started
			}
			return r
		}
	}
}

// readReport tells of the first line at once and of the rest at the end.
func readReport(pipe io.Reader, started chan<- bool, rest chan<- string) {
	const first = "start\n"
	var b [len(first)]byte
	n, _ := io.ReadFull(pipe, b[:])
	began := string(b[:n]) == first
	started <- began
	// An error is the end that follow brings about: what has come counts.
	more, _ := io.ReadAll(io.LimitReader(pipe, maxReport))
	text := string(more)
	if !began {
		text = string(b[:n]) + text
	}
	rest <- text
}

// judge turns an outcome into a verdict. The report is written by the process
// of the tests alone.
func (r outcome) judge() (passed bool, detail string, err error) {
	kind, reason, _ := strings.Cut(r.report, " ")
	switch {
	case r.err != nil:
		return false, "", r.err
	case !r.started && kind == "unconfined":
		return false, "", fmt.Errorf("sandbox: %s", reason)
	case !r.started:
		return false, "", fmt.Errorf("sandbox: Python did not start under its limits")
	case r.report == "pass":
		return true, "passed", nil
	case r.timedOut:
		return false, "timed out", nil
	case kind == "fail" || kind == "gone":
		return false, "failed: " + strings.TrimSuffix(strings.TrimSpace(reason), ":"), nil
	}
	return false, "failed: the tests ended before their last line", nil
}
