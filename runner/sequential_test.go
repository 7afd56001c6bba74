package runner

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// A countdown closes each task after a number of documents, and notes what it
// sees.
type countdown struct {
	left map[string]int
	seen []string
}

func (c *countdown) Observe(u results.Unit, docs []results.Outcome) error {
	for _, o := range docs {
		c.seen = append(c.seen, fmt.Sprint(o.Task, " ", o.DocID, " ", o.DocHash[:8]))
	}
	c.left[u.Task] -= len(docs)
	return nil
}

func (c *countdown) Open(task string) bool { return c.left[task] > 0 }

func (c *countdown) Gates() []results.GateStop {
	return []results.GateStop{{Decision: results.Passed, Used: len(c.seen)}}
}

func sequentialJob(t *testing.T, threads int, change ...func(*Spec)) (*Job, *countdown) {
	j := newTestJob(t, threads, change...)
	c := &countdown{left: map[string]int{"choice": 10, "text": 30}}
	j.Sequential = &Sequential{Stopper: c, Gates: []string{"g"}, Base: "b"}
	j.leastWave = 6
	return j, c
}

// Which documents are evaluated, and in which order decisions see them, does
// not depend on threads or on being killed; and each document has the bits
// that it has in a whole run.
func TestSequentialIsAFunctionOfTheConfiguration(t *testing.T) {
	first, order := sequentialJob(t, 1)
	report, err := first.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := parquetFiles(t, first.Out)
	if s := report.Stopping; s == nil || s.Planned != 160 || s.Used >= 120 || s.Used != len(order.seen) || s.Saved != s.Planned-s.Used {
		t.Errorf("%+v, %d documents seen", s, len(order.seen))
	}
	run, err := results.ReadRun(first.Out)
	if err != nil || run.Stopping == nil || len(run.Stopping.Gates) != 1 || run.Config.Documents.Sequential == nil {
		t.Errorf("run.json: %+v, %v", run.Stopping, err)
	}
	for _, s := range report.Scores {
		if !s.StoppedEarly || s.Planned != 80 || s.N >= 80 {
			t.Errorf("%s: %d of %d documents, stopped early: %v", s.Task, s.N, s.Planned, s.StoppedEarly)
		}
	}

	killed, _ := sequentialJob(t, 2)
	out := killed.Out
	for kills := 0; ; kills++ {
		ctx, cancel := context.WithCancel(context.Background())
		next, seen := sequentialJob(t, 1+kills%3)
		next.Out = out
		start := -1
		next.afterItem = func(done int) {
			if start < 0 {
				start = done
			}
			if done >= start+9 {
				cancel()
			}
		}
		_, err := next.Run(ctx)
		cancel()
		if err != nil && kills < 50 {
			continue
		}
		if err != nil || kills < 2 {
			t.Fatalf("after %d kills: %v", kills, err)
		}
		if diff := cmp.Diff(order.seen, seen.seen); diff != "" {
			t.Errorf("the order of decisions: %s", diff)
		}
		break
	}
	if !bytes.Equal(parquetFiles(t, out), want) {
		t.Error("a killed and resumed run left other results")
	}

	whole := newTestJob(t, 2)
	if _, err := whole.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	all := map[results.SampleKey]results.Sample{}
	for s, err := range results.ReadSamples(whole.Out) {
		if err != nil {
			t.Fatal(err)
		}
		all[s.Key()] = s
	}
	for s, err := range results.ReadSamples(first.Out) {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all[s.Key()], s); diff != "" {
			t.Fatalf("task %s, doc %d: %s", s.Task, s.DocID, diff)
		}
	}
}

// The reference's draws of exemplars are those of a whole run, wave by wave.
func TestSequentialKeepsTheReferencesDraws(t *testing.T) {
	reference := func(s *Spec) { s.FewShot = prompts.Reference }
	j, _ := sequentialJob(t, 1, reference)
	whole := newTestJob(t, 1, reference)
	for _, job := range []*Job{j, whole} {
		if _, err := job.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	hashes := map[results.SampleKey]string{}
	for s := range results.ReadSamples(whole.Out) {
		hashes[s.Key()] = s.PromptHash
	}
	for s := range results.ReadSamples(j.Out) {
		if hashes[s.Key()] != s.PromptHash {
			t.Errorf("task %s, doc %d has other exemplars", s.Task, s.DocID)
		}
	}
}

// The order depends on the seed, holds every document once and keeps nothing
// of their order; gates, base and seed belong to the configuration.
func TestSequentialOrder(t *testing.T) {
	orders := map[string]bool{}
	for _, seed := range []int64{1234, 7} {
		j, _ := sequentialJob(t, 1, func(s *Spec) { s.Seed = seed })
		units, err := j.Units()
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, u := range units {
			for _, d := range u.Docs {
				all = append(all, fmt.Sprint(u.Task, d))
			}
		}
		orders[fmt.Sprint(all)] = true
		slices.Sort(all)
		if len(slices.Compact(all)) != 160 {
			t.Errorf("%d documents, want 160", len(all))
		}
	}
	if len(orders) != 2 {
		t.Error("another seed gives the same order")
	}
	hashes := map[string]bool{}
	for _, s := range []*Sequential{nil, {Gates: []string{"a"}, Base: "x"}, {Gates: []string{"b"}, Base: "x"}, {Gates: []string{"a"}, Base: "y"}} {
		j := newTestJob(t, 1)
		j.Sequential = s
		c, err := j.Config()
		if err != nil {
			t.Fatal(err)
		}
		h, err := c.Hash()
		if err != nil {
			t.Fatal(err)
		}
		hashes[h] = true
	}
	if len(hashes) != 4 {
		t.Errorf("%d configurations, want 4", len(hashes))
	}
}

// Documents of a cluster stay together.
func TestSequentialUnitsAreClusters(t *testing.T) {
	j := newTestJob(t, 1)
	dir := filepath.Dir(j.Out)
	path := filepath.Join(dir, "clusters.yaml")
	if err := os.WriteFile(path, []byte(choiceTask+"metadata: {cluster: \"{{a[:1]}}\"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	task, err := tasks.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	store, err := dataset.NewStore(dataset.Options{CacheDir: dir, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(context.Background(), store, task, true, j.Spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	j.Tasks = []*Prepared{p}
	units, err := j.Units()
	if err != nil || len(units) != 10 { // the first digits
		t.Fatalf("%d units, %v", len(units), err)
	}
	j.Sequential = &Sequential{Stopper: &countdown{left: map[string]int{"choice": 20}}}
	now, left := j.stage(units, 20)
	n := 0
	for _, u := range now {
		n += len(u.Docs)
		if !slices.IsSorted(u.Docs) {
			t.Errorf("documents %v", u.Docs)
		}
	}
	if n < 20 || n-len(now[len(now)-1].Docs) >= 20 || len(now)+len(left) != 10 {
		t.Errorf("%d documents in %d units, %d left", n, len(now), len(left))
	}
}
