package export

import (
	"encoding/csv"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/results"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// folder makes a run with every kind of request, and a group.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rows := []results.Sample{
		{
			Task: "choice", DocID: 0, DocHash: "h0", Doc: `{"q": "<2>", "n": 1}`, Contexts: []string{"Question: x\nAnswer:"}, Continuations: []string{" yes", " no"},
			LogLikelihoods: []float64{-1.25, -2}, IsGreedy: []bool{true, false}, Target: []string{" no"}, Metrics: map[string]float64{"acc": 0, "acc_norm": 1},
		},
		{
			Task: "choice", DocID: 1, DocHash: "h1", Doc: "no JSON", Contexts: []string{"One", "Two"}, Continuations: []string{" same", " same"},
			LogLikelihoods: []float64{math.Inf(-1), -2.5}, IsGreedy: []bool{false, false}, Target: []string{" same"}, Metrics: map[string]float64{"acc": 1, "acc_norm": math.NaN()},
		},
		{
			Task: "part/gen", DocID: 0, Doc: "{}", Shots: 2, Contexts: []string{"Q"}, Generations: []string{" 42", " 43"}, Finish: []string{"stop", "length"},
			Filtered: map[string][]string{"strict": {"42"}, "votes": {"42", "43"}}, Target: []string{"42", "it's"}, Metrics: map[string]float64{"exact_match,strict": 1, "exact_match,votes": 0},
		},
		{Task: "part/gen", DocID: 1, Doc: "{}", Contexts: []string{"Q,\n\"R\""}, Generations: []string{""}, Finish: []string{"eos"}, Filtered: map[string][]string{"strict": nil}, Target: []string{"7"}, Metrics: map[string]float64{"exact_match,strict": 0}},
		{
			Task: "squad", DocID: 0, Doc: "{}", Contexts: []string{"C"}, Continuations: []string{" unanswerable"}, LogLikelihoods: []float64{-3}, IsGreedy: []bool{false},
			Generations: []string{" x"}, Finish: []string{"stop"}, Target: []string{}, Metrics: map[string]float64{"f1": 0.5},
		},
		{Task: "wiki", DocID: 0, Doc: "{}", Continuations: []string{"a text"}, LogLikelihoods: []float64{-9}, IsGreedy: []bool{false}, Target: []string{"a text"}, Metrics: map[string]float64{"word_perplexity": -9, "word_perplexity/weight": 2}},
	}
	score := func(task, kind, metric, filter string, higher bool, value float64) results.Score {
		s := results.Score{Task: task, Kind: kind, Version: "1", Metric: metric, Filter: filter, N: 2, Value: value, HigherIsBetter: higher, Model: "org/m", Shots: 2}
		if kind == results.KindTask && value < 1 {
			s.SetStdErr(0.25, true)
		}
		return s
	}
	err := results.WriteSamples(dir, func(yield func(results.Sample, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err == nil {
		err = results.WriteScores(dir, []results.Score{
			score("choice", results.KindTask, "acc", "none", true, 0.5), score("choice", results.KindTask, "acc_norm", "none", true, 0.5), score("all", results.KindGroup, "acc", "none", true, 0.5),
			score("part/gen", results.KindTask, "exact_match", "strict", true, 0.5), score("part/gen", results.KindTask, "exact_match", "votes", true, 0.5),
			score("squad", results.KindTask, "f1", "none", true, 0.5), score("wiki", results.KindTask, "word_perplexity", "none", false, math.Inf(1)),
		})
	}
	if err == nil {
		err = results.WriteRun(dir, results.Run{
			ID: "r1", ConfigHash: "cc", Version: "0.1.0", Started: time.Unix(1000, 500).UTC(), Finished: time.Date(2026, 11, 24, 21, 5, 6, 123456789, time.UTC), WallSeconds: 12.5,
			Config: results.Config{Model: "org/m", Mode: "exact", Seed: 1234, Generation: map[string]any{"n": 2}, System: "Be brief."},
			Groups: []results.GroupRule{{Group: "all", Metric: "acc", Members: []results.GroupMember{{Task: "choice"}}}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Every file is as it was when somebody looked at it.
func TestFolder(t *testing.T) {
	dir, out := folder(t), filepath.Join(t.TempDir(), "out")
	names, err := Folder(dir, out)
	if err != nil {
		t.Fatal(err)
	}
	const date = "2026-11-24T21-05-06.123456"
	want := []string{"results_" + date + ".json", "samples_choice_" + date + ".jsonl", "samples_part__gen_" + date + ".jsonl", "samples_squad_" + date + ".jsonl", "samples_wiki_" + date + ".jsonl", SamplesCSV, ScoresCSV}
	if !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != len(want) {
		t.Errorf("%v, %v", entries, err)
	}
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", strings.ReplaceAll(name, "_"+date, ""))
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v: run the test with -update", err)
		}
		if diff := cmp.Diff(string(golden), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// Again: the same files.
	if _, err := Folder(dir, out); err != nil {
		t.Error(err)
	}
}

// CSV reads back as what was stored.
func TestCSV(t *testing.T) {
	out := t.TempDir()
	if _, err := Folder(folder(t), out); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(out, SamplesCSV))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 7 {
		t.Fatal(len(rows), err)
	}
	at := func(row int, column string) string { return rows[row][slices.Index(rows[0], column)] }
	if at(4, "contexts") != `["Q,\n\"R\""]` || at(2, "loglikelihoods") != "[null,-2.5]" || at(1, "metrics") != `{"acc":0,"acc_norm":1}` || at(1, "doc") != `{"q": "<2>", "n": 1}` {
		t.Errorf("%q", rows)
	}
}

func TestErrors(t *testing.T) {
	dir := folder(t)
	if _, err := Folder(dir, dir); err == nil || !strings.Contains(err.Error(), "is a results folder") {
		t.Error(err)
	}
	if _, err := Folder(t.TempDir(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "no results here") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, results.SamplesFile), []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if _, err := Folder(dir, out); err == nil {
		t.Error("damaged samples were exported")
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}
