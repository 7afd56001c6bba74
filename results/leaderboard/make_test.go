package leaderboard

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/results"
)

// A fake is a run made for a test.
type fake struct {
	model  string
	tasks  []fakeTask
	groups []results.GroupRule
	scores []results.Score // of groups
	change func(*results.Config)
}

type fakeTask struct {
	name     string
	metric   string // acc if empty
	lower    bool
	value    *float64 // if not the mean
	data     string
	outcomes []float64 // by document; NaN: the run lacks it
	weights  []float64 // of log-likelihoods
	clusters []string
}

// write makes a results folder.
func (f fake) write(t testing.TB, dir string) string {
	t.Helper()
	dir = filepath.Join(t.TempDir(), dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(f.tasks, func(a, b fakeTask) int { return results.Sample{Task: a.name}.Compare(results.Sample{Task: b.name}) })
	scores := slices.Clone(f.scores)
	for _, task := range f.tasks {
		scores = append(scores, task.score())
	}
	for i := range scores {
		scores[i].Model, scores[i].Mode, scores[i].Device, scores[i].Primary = f.model, "exact", "cpu", true
	}
	config := results.Config{Model: f.model, Mode: "exact", Numerics: "2", FewShot: "fixed", BOS: "auto", Seed: 1234, ModelHash: f.model}
	if f.change != nil {
		f.change(&config)
	}
	err := results.WriteSamples(dir, f.samples)
	if err == nil {
		err = results.WriteScores(dir, scores)
	}
	if err == nil {
		err = results.WriteRun(dir, results.Run{ID: f.model, Config: config, Groups: f.groups, Started: time.Unix(1, 0).UTC(), Finished: time.Unix(2, 0).UTC()})
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (f fake) samples(yield func(results.Sample, error) bool) {
	for _, task := range f.tasks {
		for i, v := range task.outcomes {
			if math.IsNaN(v) {
				continue
			}
			s := results.Sample{Task: task.name, DocID: int32(i), Doc: "{}", Metrics: map[string]float64{task.key(): v, "other": 1}}
			if task.weights != nil {
				s.Metrics[task.key()+"/weight"] = task.weights[i]
			}
			if task.clusters != nil {
				s.Cluster = task.clusters[i]
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (t fakeTask) key() string {
	if t.metric == "" {
		return "acc"
	}
	return t.metric
}

func (t fakeTask) score() results.Score {
	sum, squares, n := 0.0, 0.0, 0.0
	for _, v := range t.outcomes {
		if !math.IsNaN(v) {
			sum, squares, n = sum+v, squares+v*v, n+1
		}
	}
	mean := sum / n
	s := results.Score{
		Task: t.name, Kind: results.KindTask, Version: "1", Metric: t.key(), Filter: results.NoFilter, N: int32(n), Value: mean,
		HigherIsBetter: !t.lower, TaskHash: "hash of " + t.name, DataHash: "data of " + t.name + t.data,
	}
	if t.value != nil {
		s.Value = *t.value
	}
	s.SetStdErr(math.Sqrt(max(0, squares/n-mean*mean)/(n-1)), squares == sum)
	return s
}

// right makes n outcomes of which the first k are right.
func right(k, n int) []float64 {
	out := make([]float64, n)
	for i := range k {
		out[i] = 1
	}
	return out
}

func build(t testing.TB, fakes ...fake) Board {
	t.Helper()
	var dirs []string
	for i, f := range fakes {
		dirs = append(dirs, f.write(t, fmt.Sprintf("run%d", i)))
	}
	b, err := Build(dirs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// at is the cell of a model in a column.
func (b Board) at(t testing.TB, model, task string) Cell {
	t.Helper()
	for _, s := range b.Sections {
		for _, r := range s.Rows {
			for i, c := range r.Cells {
				if r.Model == model && s.Columns[i].Task == task && c != nil {
					return *c
				}
			}
		}
	}
	t.Fatalf("no cell of %s in %s", model, task)
	return Cell{}
}
