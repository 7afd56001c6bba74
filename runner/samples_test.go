package runner

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// sampled is a run of the text task at temperature 0.8.
func sampled(t *testing.T, dir string, threads int, memoryPages int, spec Spec, n int) map[int32]results.Sample {
	t.Helper()
	job := newTestJob(t, threads)
	zero, temperature, topP := 0, 0.8, 0.95
	spec.Shots, spec.BOS = &zero, "auto"
	spec.Gen = GenOptions{Temperature: &temperature, TopP: &topP, Samples: &n}
	job.Spec, job.Out = spec, filepath.Join(dir, "out")
	job.Memory = int64(memoryPages * job.Local.Model.PageBytes())
	store, err := dataset.NewStore(dataset.Options{CacheDir: dir, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(context.Background(), store, job.Tasks[1].Task, true, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	job.Tasks = []*Prepared{p}
	if _, err := job.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	out := map[int32]results.Sample{}
	for s, err := range results.ReadSamples(job.Out) {
		if err != nil {
			t.Fatal(err)
		}
		out[s.DocID] = s
	}
	return out
}

// The bits of a sample depend on the seed, the document and the sample's
// number: not on how many are drawn, on other documents, their order, memory
// or threads.
func TestSamplesDependOnSeedAndDocument(t *testing.T) {
	base := sampled(t, t.TempDir(), 1, 400, Spec{Seed: 7, Limit: Limit{Count: 12}}, 3)
	distinct := map[string]bool{}
	for _, s := range base {
		for _, ids := range s.TokenIDs[:3] {
			distinct[string(rune(s.DocID))+engineText(ids)] = true
		}
	}
	if len(base) != 12 || len(distinct) < 30 {
		t.Fatalf("%d documents with %d distinct samples", len(base), len(distinct))
	}
	for name, other := range map[string]map[int32]results.Sample{
		"more samples, threads, little memory": sampled(t, t.TempDir(), 3, 24, Spec{Seed: 7, Limit: Limit{Count: 5}}, 9),
		"random documents":                     sampled(t, t.TempDir(), 2, 100, Spec{Seed: 7, Limit: Limit{Count: 40}, LimitRandom: true}, 2),
		"one document":                         sampled(t, t.TempDir(), 1, 400, Spec{Seed: 7, Items: []int{4}}, 1),
	} {
		compared := 0
		for id, s := range other {
			want, ok := base[id]
			if !ok {
				continue
			}
			for i := range min(len(s.Generations), len(want.Generations)) {
				compared++
				if !slices.Equal(s.TokenIDs[i], want.TokenIDs[i]) || !slices.Equal(s.TokenLogProbs[i], want.TokenLogProbs[i]) {
					t.Errorf("%s: sample %d of doc %d differs", name, i, id)
				}
			}
		}
		if compared == 0 {
			t.Errorf("%s: nothing to compare", name)
		}
	}
	for id, s := range sampled(t, t.TempDir(), 1, 400, Spec{Seed: 8, Items: []int{0, 1, 2}}, 3) {
		if slices.EqualFunc(s.TokenIDs, base[id].TokenIDs, slices.Equal) {
			t.Errorf("doc %d: another seed gives the same samples", id)
		}
	}
}

func engineText(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteRune(rune(id))
	}
	return b.String()
}

// No two samples of a run share a seed, and a longer list begins with the
// shorter one.
func TestDrawSeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &coder{seed: rapid.Int64().Draw(t, "seed")}
		doc := rapid.IntRange(0, 20000).Draw(t, "doc")
		n := rapid.IntRange(1, 100).Draw(t, "n")
		seeds := func(task string, doc, n int) (out [][2]uint64) {
			for _, r := range w.draws(engine.Request{}, prompts.Generation{Samples: n}, item{task, doc}) {
				out = append(out, r.Gen.Seed)
			}
			return out
		}
		own, longer := seeds("a", doc, n), seeds("a", doc, n+7)
		if !slices.Equal(own, longer[:n]) {
			t.Fatal("the number of samples changes their seeds")
		}
		all := slices.Concat(longer, seeds("a", doc+1, n), seeds("b", doc, n))
		seen := map[[2]uint64]bool{}
		for _, s := range all {
			if seen[s] {
				t.Fatalf("seed %v is used twice", s)
			}
			seen[s] = true
		}
	})
}

func TestSamplesWarnings(t *testing.T) {
	for task, want := range map[string]int{"gsm8k": 0, "math_algebra": 0, "humaneval": 0, "mbpp": 0, "nq_open": 1, "squad_v2": 1, "piqa": 0} {
		if got := samplesWarnings(builtin(t, task), prompts.Generation{Samples: 5, Temperature: 0.8}); len(got) != want {
			t.Errorf("%s: %q", task, got)
		}
	}
	if got := samplesWarnings(builtin(t, "gsm8k"), prompts.Generation{Samples: 5}); len(got) != 1 || !strings.Contains(got[0], "all the same") {
		t.Errorf("greedy: %q", got)
	}
	if got := samplesWarnings(builtin(t, "nq_open"), prompts.Generation{Samples: 1}); got != nil {
		t.Errorf("one sample: %q", got)
	}
}
