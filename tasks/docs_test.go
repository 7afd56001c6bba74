package tasks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

// The examples of docs/tasks.md are right, and its tables name every key.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(sharedtest.Root(t), "docs", "tasks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for key := range taskKeys {
		if !strings.Contains(string(text), "`"+key+"`") && key != "group" && key != "task_list" {
			t.Errorf("the key %s is not documented", key)
		}
	}
	examples := strings.Split(string(text), "```yaml\n")[1:]
	if len(examples) < 3 {
		t.Errorf("%d examples", len(examples))
	}
	for i, e := range examples {
		yaml, _, _ := strings.Cut(e, "```")
		file := filepath.Join(write(t, map[string]string{"t.yaml": yaml}), "t.yaml")
		if strings.HasPrefix(yaml, "group:") {
			r, err := NewRegistry(Options{TasksDirs: []string{filepath.Dir(file)}})
			if err == nil {
				_, err = r.Resolve([]string{"my_suite"})
			}
			if err != nil {
				t.Errorf("example %d: %v", i+1, err)
			}
			continue
		}
		task, err := ParseFile(file)
		if err == nil {
			err = task.CheckScoring()
		}
		if err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
	}
}
