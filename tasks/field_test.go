package tasks

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// TestFieldTasks loads every task of the folder that LLAMAEVAL_FIELD_TASKS
// names, the harness's own as a rule. A task that needs no Python must load,
// and its filters and metrics must be ones we compute.
func TestFieldTasks(t *testing.T) {
	dir := os.Getenv("LLAMAEVAL_FIELD_TASKS")
	if dir == "" {
		t.Skip("LLAMAEVAL_FIELD_TASKS names no folder of task files")
	}
	r, err := NewRegistry(Options{TasksDirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	loaded, python, media := 0, 0, 0
	listed, _ := r.List()
	for _, l := range listed {
		if strings.HasPrefix(l.Source, "builtin/") {
			continue
		}
		task, err := r.Load(l.Task)
		var unknown *UnknownFunctionError
		switch {
		case errors.As(err, &unknown):
			python++
			continue
		case err != nil && (strings.Contains(err.Error(), "a task with images") || strings.Contains(err.Error(), "a task with audio")):
			media++
			continue
		case err == nil:
			err = task.CheckScoring()
		}
		if err != nil {
			t.Errorf("%s: %v", l.Task, err)
			continue
		}
		loaded++
	}
	t.Logf("%d tasks of %d can be scored, %d name unknown Python functions, %d show images or play sound", loaded, len(listed), python, media)
}

// TestFieldYAML compares what every file of that folder holds with what PyYAML
// reads in it. LLAMAEVAL_FIELD_YAML is the file that
// scripts/fixtures/field_yaml.py made of the folder.
func TestFieldYAML(t *testing.T) {
	dir, oracle := os.Getenv("LLAMAEVAL_FIELD_TASKS"), os.Getenv("LLAMAEVAL_FIELD_YAML")
	if dir == "" || oracle == "" {
		t.Skip("LLAMAEVAL_FIELD_TASKS and LLAMAEVAL_FIELD_YAML name no folder and no oracle")
	}
	data, err := os.ReadFile(oracle)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range lines {
		name, want, _ := strings.Cut(line, "\t")
		src := &source{filepath.Join(dir, filepath.FromSlash(name)), false}
		got := "error"
		text, err := src.read()
		if err != nil {
			t.Error(err)
			continue
		}
		root, err := parseYAML(src, text)
		if err == nil {
			sum := sha256.Sum256([]byte(py.Repr(withFunctions(root))))
			got = hex.EncodeToString(sum[:])
		}
		if got != want {
			t.Errorf("%s: not as PyYAML reads it (%v)", name, err)
		}
	}
	t.Logf("%d files", len(lines))
}

// withFunctions is a node's value, with functions as texts.
func withFunctions(n *node) py.Value {
	switch n.kind {
	case funcNode:
		return fmt.Sprintf("!function %s", n.value)
	case listNode:
		out := make([]any, len(n.items))
		for i, c := range n.items {
			out[i] = withFunctions(c)
		}
		return out
	case mapNode:
		out := py.NewDict()
		for _, p := range n.pairs {
			out.Set(p.key, withFunctions(p.value))
		}
		return out
	}
	return n.value
}
