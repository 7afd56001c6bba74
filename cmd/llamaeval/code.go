package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/runner/sandbox"
	"github.com/llamaeval/llamaeval/tasks"
)

// allowCode refuses tasks that run generated programs until the user allows
// it and this machine can. The job gets the sandbox they run in.
func allowCode(c *cli.Context, job *runner.Job, selected []*tasks.Task) error {
	if c.Bool("unsafe-code-execution") && !c.Bool("allow-code-execution") {
		return usagef("--unsafe-code-execution goes with --allow-code-execution: add that one, too")
	}
	if err := checkSandboxFlag(c); err != nil {
		return err
	}
	for _, t := range selected {
		if !t.UnsafeCode {
			continue
		}
		if !c.Bool("allow-code-execution") {
			return fmt.Errorf("task %s runs programs that the model writes: add --allow-code-execution to run them in a sandbox", t.Name)
		}
		s, err := newSandbox(c)
		if err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		job.Code, job.SandboxKind = s, s.Kind()
		return nil
	}
	return nil
}

func checkSandboxFlag(c *cli.Context) error {
	kind, path, given := strings.Cut(c.String("sandbox"), "=")
	if kind == "host" && !given || kind == "wasm" && path != "" {
		return nil
	}
	return usagef("--sandbox %s is not known: use host or wasm=PATH", c.String("sandbox"))
}

// newSandbox builds what --sandbox asks for. Where that cannot be built,
// ordinary processes take its place if the user says so.
func newSandbox(c *cli.Context) (sandbox.Sandbox, error) {
	s, err := sandboxOf(c)
	if err != nil {
		return nil, err
	}
	if err = s.Check(c.Context); err == nil {
		return s, nil
	}
	s.Close()
	if !c.Bool("unsafe-code-execution") || c.Context.Err() != nil {
		return nil, err
	}
	notice(c)(fmt.Sprintf("warning: %v; as --unsafe-code-execution asks, programs run without a sandbox", err))
	return unsafeSandbox(c.Context)
}

func unsafeSandbox(ctx context.Context) (sandbox.Sandbox, error) {
	p := &sandbox.Process{}
	return p, p.Check(ctx)
}

func sandboxOf(c *cli.Context) (sandbox.Sandbox, error) {
	_, path, wasm := strings.Cut(c.String("sandbox"), "=")
	if !wasm {
		return &sandbox.Host{}, nil
	}
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return sandbox.NewWasm(path, filepath.Join(cache, "wasm"))
}
