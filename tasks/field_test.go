package tasks_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/tasks"
)

// TestFieldTasks loads every task of the folder that LLAMAEVAL_FIELD_TASKS
// names, the harness's own as a rule. A task that needs no Python must load,
// and its filters and metrics must be ones we compute.
func TestFieldTasks(t *testing.T) {
	dir := os.Getenv("LLAMAEVAL_FIELD_TASKS")
	if dir == "" {
		t.Skip("LLAMAEVAL_FIELD_TASKS names no folder of task files")
	}
	r, err := tasks.NewRegistry(tasks.Options{TasksDirs: []string{dir}})
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
		var unknown *tasks.UnknownFunctionError
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
