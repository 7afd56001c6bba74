package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/results"
)

// GOMEMLIMIT is kept by the whole process, KV cache and all, where a run would
// take more: but for the program itself and the weights, which are mapped.
func TestGOMEMLIMIT(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a model on thousands of documents")
	}
	const limit, mapped = 64 << 20, 32 << 20
	w := newWorld(t, 1200, strings.Repeat(", a question of many words", 20), tinymodel.Options{Seed: 1, Layers: 4, Context: 2048})
	peak := func(out string, env ...string) int64 {
		c := w.command(out, "--task", "choice,text")
		c.Env = append(c.Env, env...)
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	free, bound := peak("free"), peak("bound", "GOMEMLIMIT=64MiB")
	t.Logf("peak of %d MB, with GOMEMLIMIT=64MiB %d MB", free>>20, bound>>20)
	if bound > limit+mapped || bound >= free {
		t.Errorf("it took %d MB under a limit of %d, %d without one", bound>>20, limit>>20, free>>20)
	}
	run, err := results.ReadRun(filepath.Join(w.dir, "bound"))
	if err != nil || run.Memory != limit/4 {
		t.Errorf("the KV cache may take %d bytes (%v), want a quarter of the limit", run.Memory, err)
	}
	if string(w.files(t, "free")) != string(w.files(t, "bound")) {
		t.Error("the results depend on the memory")
	}
}
