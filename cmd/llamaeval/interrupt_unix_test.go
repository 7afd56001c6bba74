//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/results"
)

// Ctrl-C and SIGTERM end a run with their exit codes, what is done is kept
// and said, and the same command goes on from there.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	var lines strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&lines, `{"q": "Question %d about %d?", "a": "yes"}`+"\n", i, i*i)
	}
	for name, text := range map[string]string{
		"docs.jsonl": lines.String(),
		"long.yaml": `
task: long
dataset_path: json
dataset_kwargs: {data_files: {test: docs.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{q}}"
doc_to_choice: ["yes, certainly", "no, never"]
doc_to_target: "{{0}}"
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out")
	args := []string{"llamaeval", "run", "--task", "long", "--tasks-dir", dir, "--out", out, "--model", tinymodel.New(t, tinymodel.Options{Seed: 1, Layers: 8}), "--format", "csv"}
	t.Setenv("LLAMAEVAL_CACHE", dir)
	for _, tt := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		var stdout, stderr bytes.Buffer
		code := make(chan int)
		before := journalSize(out)
		go func() { code <- run(args, &stdout, &stderr) }()
		for deadline := time.Now().Add(20 * time.Second); journalSize(out) < before+10_000; {
			if time.Now().After(deadline) {
				t.Fatal("no items were finished in 20 s")
			}
			time.Sleep(time.Millisecond)
		}
		if err := syscall.Kill(os.Getpid(), tt.signal); err != nil {
			t.Fatal(err)
		}
		if got := <-code; got != tt.code {
			t.Fatalf("%v: exit %d, want %d: %s", tt.signal, got, tt.code, &stderr)
		}
		if !strings.Contains(stderr.String(), "of 3000 items are done and kept in "+out) || stdout.Len() > 0 {
			t.Errorf("%v: said %q, printed %q", tt.signal, &stderr, &stdout)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run(args, &stdout, &stderr); code != exitDone {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	if !strings.Contains(stdout.String(), "long,") || !strings.Contains(stdout.String(), ",3000") {
		t.Errorf("printed %s", &stdout)
	}
}

func journalSize(out string) int64 {
	info, err := os.Stat(filepath.Join(out, results.JournalFile))
	if err != nil {
		return 0
	}
	return info.Size()
}
