package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		var text bytes.Buffer
		c.Stdout, c.Stderr = &text, &text
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		for highest := int64(0); ; highest = max(highest, peakOf(c.Process.Pid)) {
			select {
			case err := <-ended:
				if err != nil {
					t.Fatalf("%v: %s", err, &text)
				}
				return highest
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	// Without its percentage the collector runs for the limit alone.
	free, bound := peak("free", "GOGC=off"), peak("bound", "GOGC=off", "GOMEMLIMIT=64MiB")
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

// peakOf returns the most memory that a process has taken so far, 0 when it has
// ended. Its resource usage would not do: that begins with its parent's.
func peakOf(pid int) (bytes int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	return 0
}
