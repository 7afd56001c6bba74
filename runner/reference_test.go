package runner

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/results/reference"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// The numbers of items behind published values are those of the data that the
// suite evaluates.
func TestReferenceItems(t *testing.T) {
	set, err := reference.Load("llama2-paper")
	if err != nil {
		t.Fatal(err)
	}
	r, err := tasks.NewRegistry(tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	selected, err := r.Resolve([]string{"llama2"})
	if err != nil {
		t.Fatal(err)
	}
	store, err := dataset.NewStore(dataset.Options{Hub: filepath.Join(sharedtest.Dir(t), "hub"), CacheDir: t.TempDir(), Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	zero := 0
	sizes := map[string]int{}
	for _, task := range selected.Tasks {
		if task.Name == "quac" { // not in the mirror
			continue
		}
		p, err := Prepare(context.Background(), store, task, true, Spec{Shots: &zero}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sizes[task.Name] = p.Size
		for _, g := range selected.Groups {
			if slices.Contains(g.Tasks, task.Name) {
				sizes[g.Name] += p.Size
			}
		}
	}
	compared := 0
	for _, table := range set.Tables {
		for _, c := range table.Columns {
			if c.N == 0 || c.Task == "quac" {
				continue
			}
			compared++
			if sizes[c.Task] != c.N {
				t.Errorf("table %d, %s: %d items, the data has %d", table.Number, c.Task, c.N, sizes[c.Task])
			}
		}
	}
	if compared < 30 {
		t.Errorf("%d columns compared", compared)
	}
}
