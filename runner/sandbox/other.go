//go:build !unix

package sandbox

import (
	"context"
	"errors"
	"time"
)

// Process is for systems that have limits on processes.
type Process struct{ Python string }

var errNoProcess = errors.New("sandbox: this system has no limits on processes: use --sandbox wasm=PATH, or leave out tasks that run code")

// Kind names this sandbox in a run's configuration.
func (p *Process) Kind() string { return "process" }

// Check says that there is none.
func (p *Process) Check(context.Context) error { return errNoProcess }

// Run says that there is none.
func (p *Process) Run(context.Context, string, string, time.Duration) (bool, string, error) {
	return false, "", errNoProcess
}

// Close has nothing to end.
func (p *Process) Close() error { return nil }
