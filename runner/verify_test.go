package runner

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
)

// verify chooses n items of a finished folder and has another job, of the same
// configuration, compute them again.
func verify(t *testing.T, j *Job, dir string, n int) (Verification, error) {
	t.Helper()
	run, err := OpenStored(dir)
	if err != nil {
		return Verification{}, err
	}
	items, err := ChooseItems(dir, n, 1)
	if err != nil {
		return Verification{}, err
	}
	if err := CheckModel(j.Local, run); err != nil {
		return Verification{}, err
	}
	for _, p := range j.Tasks {
		if err := CheckTask(p, run); err != nil {
			return Verification{}, err
		}
		if err := p.Restrict(items[p.Task.Name]); err != nil {
			return Verification{}, err
		}
	}
	return j.Verify(context.Background(), dir)
}

func finishedRun(t *testing.T) string {
	t.Helper()
	j := newTestJob(t, 2)
	if _, err := j.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return j.Out
}

// Threads, memory, batch and the choice of items change no bit.
func TestVerifyEqual(t *testing.T) {
	dir := finishedRun(t)
	for _, tt := range []struct{ threads, pages, batch, items, want int }{
		{1, 0, 0, 1000, 160}, {3, 8, 7, 20, 20}, {2, 0, 1, 3, 3},
	} {
		j := newTestJob(t, tt.threads)
		j.maxBatch = tt.batch
		if tt.pages > 0 {
			j.Memory = int64(tt.pages * j.Local.Model.PageBytes())
		}
		v, err := verify(t, j, dir, tt.items)
		if err != nil || v.Items != tt.want || v.Differing != 0 || v.Values < 10*v.Items {
			t.Errorf("%+v: %+v, %v", tt, v, err)
		}
	}
}

// rewrite changes one stored sample and leaves a folder that is whole: its
// hashes are those of the changed file.
func rewrite(t *testing.T, dir string, task string, doc int32, change func(*results.Sample)) {
	t.Helper()
	var rows []results.Sample
	for s, err := range results.ReadSamples(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if s.Task == task && s.DocID == doc {
			change(&s)
		}
		rows = append(rows, s)
	}
	err := results.WriteSamples(dir, func(yield func(results.Sample, error) bool) {
		for _, s := range rows {
			if !yield(s, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	run, err := results.ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := results.WriteRun(dir, run); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsOneBit(t *testing.T) {
	dir := finishedRun(t)
	rewrite(t, dir, "choice", 17, func(s *results.Sample) {
		s.LogLikelihoods[1] = math.Float64frombits(math.Float64bits(s.LogLikelihoods[1]) ^ 1)
	})
	v, err := verify(t, newTestJob(t, 1), dir, 1000)
	if err != nil || v.Differing != 1 || len(v.Differences) != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if d := v.Differences[0]; d.Task != "choice" || d.DocID != 17 || d.Field != "loglikelihoods[1]" || d.Stored == d.Now {
		t.Errorf("%+v", d)
	}
	rewrite(t, dir, "text", 3, func(s *results.Sample) { s.TokenIDs[0][0]++ })
	if v, err = verify(t, newTestJob(t, 1), dir, 1000); err != nil || v.Differing != 2 {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	dir := finishedRun(t)
	edit := func(name string, change func([]byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, change(data), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	replace := func(old, new string) func(t *testing.T, dir string) {
		return edit(results.RunFile, func(b []byte) []byte {
			if !strings.Contains(string(b), old) {
				t.Fatalf("no %s in run.json", old)
			}
			return []byte(strings.Replace(string(b), old, new, 1))
		})
	}
	for _, tt := range []struct {
		name, want string
		damage     func(t *testing.T, dir string)
	}{
		{"a flipped bit", "damaged", edit(results.SamplesFile, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })},
		{"cut short", "damaged", edit(results.SamplesFile, func(b []byte) []byte { return b[:len(b)/2] })},
		{"no samples", "no such file", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, results.SamplesFile)) }},
		{"no run", "no results here", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, results.RunFile)) }},
		{"empty object", "lacks config.tasks", edit(results.RunFile, func([]byte) []byte { return []byte("{}") })},
		{"not JSON", "not a description of a run", edit(results.RunFile, func([]byte) []byte { return []byte("{") })},
		{"changed seed", "its hash differs", replace(`"seed": 1234`, `"seed": 1235`)},
		{"no mode", "lacks config.mode", replace(`"mode": "exact"`, `"mode": ""`)},
		{"unfinished", "unfinished", replace(`"finished": "2`, `"Finished": null, "x": "2`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := t.TempDir()
			if err := os.CopyFS(bad, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			tt.damage(t, bad)
			_, err := verify(t, newTestJob(t, 1), bad, 5)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestVerifyRefusesOtherInputs(t *testing.T) {
	run, err := OpenStored(finishedRun(t))
	if err != nil {
		t.Fatal(err)
	}
	j := newTestJob(t, 1)
	j.Local.hash = func() (string, error) { return "0123456789abcdef", nil }
	if err := CheckModel(j.Local, run); err == nil || !strings.Contains(err.Error(), "--model") {
		t.Errorf("another model: %v", err)
	}
	p := j.Tasks[0]
	p.DataHash = "0123456789abcdef"
	if err := CheckTask(p, run); err == nil || !strings.Contains(err.Error(), "--hub") {
		t.Errorf("other data: %v", err)
	}
	if err := p.Restrict([]int{80}); err == nil {
		t.Error("a document that is not evaluated was taken")
	}
	if OtherProcessor(run) != "" {
		t.Error("this processor is not other")
	}
	run.Arch = "none"
	if OtherProcessor(run) == "" {
		t.Error("another processor went unnoticed")
	}
}

func TestChooseItems(t *testing.T) {
	dir := t.TempDir()
	err := results.WriteSamples(dir, func(yield func(results.Sample, error) bool) {
		for _, task := range []string{"a", "b", "c"} {
			for id := range map[string]int{"a": 100, "b": 2, "c": 50}[task] {
				if !yield(results.Sample{Task: task, DocID: int32(id)}, nil) {
					return
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for seed := range int64(8) {
		counts := map[string]int{}
		chosen, err := ChooseItems(dir, 12, seed)
		if err != nil {
			t.Fatal(err)
		}
		for task, ids := range chosen {
			if counts[task] = len(ids); !slices.IsSorted(ids) || len(slices.Compact(ids)) != counts[task] {
				t.Errorf("task %s: %v", task, ids)
			}
		}
		if want := map[string]int{"a": 5, "b": 2, "c": 5}; !maps.Equal(counts, want) {
			t.Errorf("seed %d: %v", seed, counts)
		}
		again, err := ChooseItems(dir, 12, seed)
		if err != nil || !cmp.Equal(again, chosen) {
			t.Errorf("seed %d: %v, then %v, %v", seed, chosen, again, err)
		}
		seen[fmt.Sprint(chosen["a"])] = true
	}
	if len(seen) < 7 {
		t.Errorf("8 seeds made %d choices", len(seen))
	}
	if chosen, err := ChooseItems(dir, 1, 3); err != nil || len(chosen) != 1 {
		t.Errorf("one item: %v, %v", chosen, err)
	}
}

// A Spec survives the way through run.json.
func TestStoredSpec(t *testing.T) {
	j := newTestJob(t, 1)
	temperature, n, most := 0.5, 3, 1000000
	want := Spec{
		Shots: j.Spec.Shots, FewShot: prompts.Reference, Limit: Limit{Fraction: 0.25}, LimitRandom: true, Seed: 7,
		Gen: GenOptions{Temperature: &temperature, Samples: &n, MaxTokens: &most, Until: []string{"a,b", "\n"}}, System: "s", BOS: "off",
	}
	for _, limit := range []Limit{{}, {Count: 3}, {Fraction: 0.25}} {
		want.Limit = limit
		j.Spec = want
		dir := t.TempDir()
		config, err := j.Config()
		if err == nil {
			err = results.WriteRun(dir, results.Run{Config: config})
		}
		if err != nil {
			t.Fatal(err)
		}
		run, err := results.ReadRun(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := StoredSpec(run.Config)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %v\n%s", limit, err, diff)
		}
	}
}

// Bits of a mode that a version of its arithmetic has changed are not promised.
func TestOlderNumericsOfModeFast(t *testing.T) {
	dir := finishedRun(t)
	run, err := OpenStored(dir)
	if err != nil {
		t.Fatal(err)
	}
	exact := run.Config.Numerics
	run.Config.Mode = model.Fast // computed when both modes had the same version
	if run.ConfigHash, err = run.Config.Hash(); err != nil {
		t.Fatal(err)
	}
	if err := results.WriteRun(dir, run); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStored(dir); err == nil || !strings.Contains(err.Error(), "numerics version "+exact) {
		t.Errorf("error %v", err)
	}
	j := newTestJob(t, 1)
	j.Mode = model.Fast
	if c, err := j.Config(); err != nil || c.Numerics == exact {
		t.Errorf("a run of mode fast records numerics %q: %v", c.Numerics, err)
	}
}
