package leaderboard

import (
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/internal/durable"
	"github.com/llamaeval/llamaeval/internal/faultdisk"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
)

// odd are numbers that Parquet has and JSON lacks.
func odd(v float64) float64 {
	switch v {
	case 777:
		return math.NaN()
	case 778:
		return math.Inf(1)
	case 779:
		return math.Inf(-1)
	}
	return v
}

// leave writes a results folder as JSON describes it, or reports that there
// can be none such.
func leave(t *testing.T, dir, run, scores, samples string) bool {
	whole := results.Run{Config: results.Config{Model: "m"}}
	var rows []results.Sample
	var values []results.Score
	if json.Unmarshal([]byte(run), &whole) != nil || json.Unmarshal([]byte(scores), &values) != nil || json.Unmarshal([]byte(samples), &rows) != nil {
		return false
	}
	for i, s := range values {
		values[i].Value = odd(s.Value)
		for _, p := range []*float64{s.StdErr, s.CILow, s.CIHigh} {
			if p != nil {
				*p = odd(*p)
			}
		}
	}
	for _, s := range rows {
		for k, v := range s.Metrics {
			s.Metrics[k] = odd(v)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	all := func(yield func(results.Sample, error) bool) {
		for _, s := range slices.SortedFunc(slices.Values(rows), results.Sample.Compare) {
			if !yield(s, nil) {
				return
			}
		}
	}
	return results.WriteSamples(dir, all) == nil && results.WriteScores(dir, values) == nil && results.WriteRun(dir, whole) == nil
}

// FuzzBuild ranks and compares a stranger's run beside a sound one.
func FuzzBuild(f *testing.F) {
	const (
		run     = `{"finished":"2026-01-02T03:04:05Z","config":{"mode":"exact","numerics":"2","seed":1},"groups":[{"group":"g","metric":"acc","filter":"none","members":[{"task":"t","metric":"acc","filter":"none","weight":1}]}]}`
		scores  = `[{"Task":"t","Kind":"task","Metric":"acc","Filter":"none","Primary":true,"N":2,"Value":0.5,"StdErr":0.5},{"Task":"g","Kind":"group","Metric":"acc","Filter":"none","Primary":true,"N":2,"Value":0.5,"StdErr":0.5}]`
		samples = `[{"Task":"t","DocID":0,"Cluster":"a","Metrics":{"acc":1}},{"Task":"t","DocID":1,"Cluster":"b","Metrics":{"acc":0}}]`
	)
	f.Add(run, scores, samples)
	f.Add(`{"finished":"2026-01-02T03:04:05Z"}`, `[{"Task":"t","Primary":true,"Value":777},{"Task":"t","Kind":"group","N":-1,"Primary":true,"Value":778}]`, `[{"Task":"t","DocID":-5,"Metrics":{"acc":777,"/weight":779}}]`)
	f.Add(run, `[{"Task":"t","Kind":"task","Metric":"word_perplexity","Filter":"none","Primary":true,"N":2,"Value":1e308}]`, `[{"Task":"t","DocID":1,"Metrics":{"word_perplexity":-1e308,"word_perplexity/weight":0}}]`)
	f.Cleanup(durable.Replace(faultdisk.Unsynced(durable.Current())))
	f.Fuzz(func(t *testing.T, strange, values, rows string) {
		above := t.TempDir()
		sound, other := filepath.Join(above, "a"), filepath.Join(above, "b")
		if len(rows) > 10_000 || !leave(t, sound, run, scores, samples) || !leave(t, other, strange, values, rows) {
			return
		}
		bounded.Run(t, 512<<20, func() {
			rank(t, []string{sound, other})
			contrast(t, sound, other)
		})
	})
}

func rank(t *testing.T, dirs []string) {
	board, err := Build(dirs, nil)
	if err != nil {
		bounded.Error(t, err)
		return
	}
	for _, format := range slices.Concat(results.Formats(), Formats()) {
		if err := board.Write(io.Discard, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func contrast(t *testing.T, base, dir string) {
	a, err := compare.Load(base)
	if err != nil {
		t.Fatal(err)
	}
	b, err := compare.Load(dir)
	if err != nil {
		bounded.Error(t, err)
		return
	}
	r := compare.Compare(a, b)
	for _, format := range results.Formats() {
		if err := r.Write(io.Discard, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}
