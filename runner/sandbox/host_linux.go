package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Host runs programs on this Linux kernel in namespaces of their own, with
// Landlock, seccomp and limits, whether the user is root or not. It keeps one
// worker per core: Python with its library loaded, from which the processes of
// each program are forked. The zero value is ready for use.
type Host struct {
	Python  string // interpreter, "" for python3 in PATH
	Memory  int64  // bytes of address space per process, 0 for DefaultMemory
	Workers int    // programs at a time, 0 for the number of cores

	once    sync.Once
	plan    *plan
	planErr error
	idle    chan *worker // nil: not started yet
}

// Kind names this sandbox in a run's configuration.
func (h *Host) Kind() string { return "host" }

// Check builds the sandbox and runs two programs in it.
func (h *Host) Check(ctx context.Context) error { return check(ctx, h) }

// Run executes program and its tests; see Sandbox.
func (h *Host) Run(ctx context.Context, program, tests string, timeout time.Duration) (passed bool, detail string, err error) {
	if err := ctx.Err(); err != nil {
		return false, "", err
	}
	h.once.Do(func() {
		if h.plan, h.planErr = h.newPlan(ctx); h.planErr == nil {
			h.idle = make(chan *worker, h.workers())
			for range h.workers() {
				h.idle <- nil
			}
		}
	})
	if h.planErr != nil {
		return false, "", h.planErr
	}
	var w *worker
	select {
	case w = <-h.idle:
	case <-ctx.Done():
		return false, "", ctx.Err()
	}
	if w == nil {
		if w, err = h.plan.start(ctx); err != nil {
			h.idle <- nil
			return false, "", err
		}
	}
	r, usable, err := w.judge(ctx, program, tests, timeout)
	if !usable {
		err = errors.Join(err, w.stop())
		w = nil
	}
	h.idle <- w
	if err != nil {
		return false, "", err
	}
	return r.judge()
}

// Close ends all workers. No Run may be under way or follow.
func (h *Host) Close() error {
	if h.idle == nil {
		return nil
	}
	var err error
	for range h.workers() {
		if w := <-h.idle; w != nil {
			err = errors.Join(err, w.stop())
		}
	}
	return err
}

func (h *Host) workers() int {
	if h.Workers > 0 {
		return h.Workers
	}
	return runtime.NumCPU()
}

// newPlan finds out what the workers are made of. What the kernel lacks is an
// error: no layer is left out.
func (h *Host) newPlan(ctx context.Context) (*plan, error) {
	python, err := findPython(ctx, h.Python)
	if err != nil {
		return nil, err
	}
	if len(python.Missing) > 0 {
		return nil, fmt.Errorf("sandbox: %s lacks the modules %v, which the sandbox needs: use another python3, or one built with libffi", python.Executable, python.Missing)
	}
	rules, err := landlockRules()
	if err != nil {
		return nil, err
	}
	filter, err := seccompFilter()
	if err != nil {
		return nil, err
	}
	p := &plan{memory: h.Memory}
	if p.memory <= 0 {
		p.memory = DefaultMemory
	}
	if p.stage, err = newStage(python, rules, filter, p.memory); err != nil {
		return nil, err
	}
	return p, nil
}

// textFile is a nameless file with a text, for a process that gets its
// descriptor.
func textFile(text string) (*os.File, error) {
	fd, err := unix.MemfdCreate("text", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	f := os.NewFile(uintptr(fd), "text")
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return f, nil
}
