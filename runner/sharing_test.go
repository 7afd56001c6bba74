package runner

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// Sharding computes again what a shard's first document shares with the one
// before it, which lies in another shard, and nothing else; and shards are
// even. Short: GSM8K only.
func TestShardsKeepSharing(t *testing.T) {
	hub := filepath.Join(sharedtest.Dir(t), "hub")
	local, err := OpenLocal(sharedtest.Model(t), LocalOptions{Mode: "exact", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	for _, c := range []struct {
		task  string
		shots int
	}{{"gsm8k", 8}, {"mmlu", 5}, {"hellaswag", 10}} {
		if c.task != "gsm8k" && os.Getenv("LLAMAEVAL_LONG") == "" {
			break
		}
		j := sharingJob(t, local, hub, c.task, c.shots)
		whole, err := j.Plan()
		if err != nil {
			t.Fatal(err)
		}
		chain, err := j.chain()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{2, 8, 64} {
			sum, most := j.planPieces(t, chain, n)
			again, uneven := sum-whole.TokensComputed, float64(most)*float64(n)/float64(sum)
			t.Logf("%s, %d shots, %2d shards: %d tokens computed, one run %d: %.4f times; the largest shard has %.3f times the mean",
				c.task, c.shots, n, sum, whole.TokensComputed, float64(sum)/float64(whole.TokensComputed), uneven)
			shared := int64(0)
			for _, b := range cutChain(chain, n)[1:n] {
				shared += int64(chain[b].shared)
			}
			if again > shared {
				t.Errorf("%s in %d shards computes %d tokens again, its borders share %d", c.task, n, again, shared)
			}
			if uneven > 1.1 {
				t.Errorf("%s in %d shards: the largest has %.3f times the mean", c.task, n, uneven)
			}
		}
	}
}

// planPieces plans each of n shards of a chain: the tokens that all and the
// largest compute.
func (j *Job) planPieces(t *testing.T, chain []link, n int) (sum, most int64) {
	borders := cutChain(chain, n)
	for i := range n {
		own := dealt(chain[borders[i]:borders[i+1]], len(j.Tasks))
		for k, p := range j.Tasks {
			p.IDs = own[k]
		}
		var plan results.Plan
		plan, err := j.Plan()
		if err != nil {
			t.Fatal(err)
		}
		sum, most = sum+plan.TokensComputed, max(most, plan.TokensComputed)
	}
	return sum, most
}

func sharingJob(t *testing.T, local *Local, hub, name string, shots int) *Job {
	store, err := dataset.NewStore(dataset.Options{Hub: hub, CacheDir: t.TempDir(), Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := tasks.NewRegistry(tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	selection, err := r.Resolve([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	j := &Job{Spec: Spec{Shots: &shots, Seed: 1234, BOS: "auto", FewShot: prompts.Fixed}, Local: local, Threads: 1, Mode: "exact"}
	for _, task := range selection.Tasks {
		p, err := Prepare(context.Background(), store, task, true, j.Spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		j.Tasks = append(j.Tasks, p)
	}
	return j
}
