//go:build !linux

package sandbox

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// Host is for Linux, whose kernel has what it is built of.
type Host struct {
	Python  string
	Memory  int64
	Workers int
}

var errNoHost = fmt.Errorf("sandbox: %s has no sandbox of the kernel that this program could use: use --sandbox wasm=PATH, or leave out tasks that run code", runtime.GOOS)

// Kind names this sandbox in a run's configuration.
func (h *Host) Kind() string { return "host" }

// Check says that there is none.
func (h *Host) Check(context.Context) error { return errNoHost }

// Run says that there is none.
func (h *Host) Run(context.Context, string, string, time.Duration) (bool, string, error) {
	return false, "", errNoHost
}

// Close has nothing to end.
func (h *Host) Close() error { return nil }

// Reexec has nothing to do.
func Reexec() {}
