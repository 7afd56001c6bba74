package runner

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
)

// A cut covers the chain in order, leaves no piece empty while there are
// links, and its dearest piece is as cheap as that of any other cut.
func TestCutIsCheapest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chain := make([]link, rapid.IntRange(0, 9).Draw(t, "links"))
		for i := range chain {
			chain[i].cost = int32(rapid.IntRange(1, 12).Draw(t, "cost"))
			if i > 0 {
				most := min(chain[i].cost, chain[i-1].cost)
				chain[i].shared = int32(rapid.IntRange(0, int(most)).Draw(t, "shared"))
			}
		}
		n := rapid.IntRange(1, 5).Draw(t, "pieces")
		borders := cutChain(chain, n)
		if len(borders) != n+1 || borders[0] != 0 || borders[n] != len(chain) || !slices.IsSorted(borders) {
			t.Fatalf("borders %v of %d links in %d pieces", borders, len(chain), n)
		}
		for i := range borders[1:] {
			if i < len(chain) && borders[i] == borders[i+1] {
				t.Errorf("piece %d of %v is empty", i+1, borders)
			}
		}
		if got, want := dearest(chain, borders), cheapest(chain, n); got != want {
			t.Errorf("dearest piece of %v costs %d, %d is possible", borders, got, want)
		}
	})
}

func dearest(chain []link, borders []int) int {
	most := 0
	for i := range borders[1:] {
		most = max(most, pieceCost(chain[borders[i]:borders[i+1]]))
	}
	return most
}

func pieceCost(piece []link) int {
	sum := 0
	for i, l := range piece {
		sum += int(l.cost)
		if i > 0 {
			sum -= int(l.shared)
		}
	}
	return sum
}

// cheapest tries all cuts.
func cheapest(chain []link, n int) int {
	if n == 1 {
		return pieceCost(chain)
	}
	least := -1
	for i := range len(chain) + 1 {
		if c := max(pieceCost(chain[:i]), cheapest(chain[i:], n-1)); least < 0 || c < least {
			least = c
		}
	}
	return least
}

func shardOf(i, n int) func(*Spec) { return func(s *Spec) { s.Shard = Shard{i, n} } }

// Shards that were killed and taken up again merge to the bytes of one run.
func TestKilledShardsMerge(t *testing.T) {
	whole := newTestJob(t, 2)
	full, err := whole.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	var selected []*tasks.Task
	killed := 0
	for i := range 3 {
		job := newTestJob(t, 1+i, shardOf(i+1, 3))
		job.maxBatch = 4
		ctx, cancel := context.WithCancelCause(context.Background())
		stop := errors.New("stopped by the test")
		steps := 0
		job.afterStep = func(int, int) { // the engine looks between steps
			if steps++; steps == 100 {
				cancel(stop)
			}
		}
		if _, err := job.Run(ctx); !errors.Is(err, stop) {
			t.Fatalf("shard %d: %v", i+1, err)
		}
		killed++
		if _, err := OpenShards([]string{job.Out}); err == nil || !strings.Contains(err.Error(), "is unfinished") {
			t.Errorf("merging an unfinished shard: %v", err)
		}
		again := newTestJob(t, 2, shardOf(i+1, 3))
		again.Out = job.Out
		if _, err := again.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		dirs, selected = append(dirs, job.Out), nil
		for _, p := range again.Tasks {
			selected = append(selected, p.Task)
		}
	}
	slices.Reverse(dirs)
	shards, err := OpenShards(dirs)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "merged")
	report, err := Merge(shards, selected, nil, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(parquetFiles(t, out), parquetFiles(t, whole.Out)) {
		t.Error("the merged files are not those of one run")
	}
	if !slices.Equal(report.Warnings, full.Warnings) {
		t.Errorf("warnings %q, of one run %q", report.Warnings, full.Warnings)
	}
	run, err := results.ReadRun(out)
	if err != nil {
		t.Fatal(err)
	}
	one, err := results.ReadRun(whole.Out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one.Prompts, run.Prompts); diff != "" || !slices.Equal(run.Programs, one.Programs) {
		t.Errorf("prompts %s, programs %v", diff, run.Programs)
	}
	if run.ConfigHash != one.ConfigHash || len(run.Merged) != 3 || run.Resumed != killed || run.Shard != nil {
		t.Errorf("run.json: %+v", run)
	}
}

// Shards of one cut know each other; another program's cut is refused.
func TestAlteredShardIsRefused(t *testing.T) {
	var dirs []string
	for i := range 2 {
		job := newTestJob(t, 1, shardOf(i+1, 2), func(s *Spec) { s.Limit.Count = 4 })
		if _, err := job.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, job.Out)
	}
	run, err := results.ReadRun(dirs[1])
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*results.Run){
		"were cut differently":  func(r *results.Run) { r.Shard.Cut = "0" },
		"it was changed":        func(r *results.Run) { r.Shard.Index = 1 },
		"2/2\": it was changed": func(r *results.Run) { r.Shard.Count = 1 << 50 },
		"0/0\": it was changed": func(r *results.Run) {
			r.Shard.Index, r.Shard.Count = 0, 0
			rehash(t, r, func(c *results.Config) { c.Documents.Shard = "0/0" })
		},
		"names other tasks": func(r *results.Run) { r.Shard.Tasks = r.Shard.Tasks[:1] },
		"its hash differs":  func(r *results.Run) { r.Config.Seed++ },
		"isa portable and":  func(r *results.Run) { rehash(t, r, func(c *results.Config) { c.ISA = run.Config.ISA + "x" }) },
		"given more than once: shard 1": func(r *results.Run) {
			r.Shard.Index = 1
			rehash(t, r, func(c *results.Config) { c.Documents.Shard = "1/2" })
		},
	}
	for want, change := range cases {
		changed := run
		part := *run.Shard
		changed.Shard = &part
		change(&changed)
		if err := results.WriteRun(dirs[1], changed); err != nil {
			t.Fatal(err)
		}
		want = strings.Replace(want, "portable", run.Config.ISA, 1)
		if _, err := OpenShards(dirs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func rehash(t *testing.T, r *results.Run, change func(*results.Config)) {
	change(&r.Config)
	var err error
	if r.ConfigHash, err = r.Config.Hash(); err != nil {
		t.Fatal(err)
	}
}

func TestRanges(t *testing.T) {
	if got := ranges([]int{1, 2, 3, 5, 7, 8}); got != "1-3,5,7-8" {
		t.Error(got)
	}
}
