package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/results"
)

// A stored item is a function of the model, its prompt and the mode: whatever
// other items are run, in which order, on how many threads, with how much
// memory, in one go or resumed, every column has the same bits.
func TestItemsDoNotDependOnCircumstances(t *testing.T) {
	whole := newTestJob(t, 1)
	if _, err := whole.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := samplesByItem(t, whole.Out)
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			items := r.Perm(80)[:1+r.IntN(30)]
			job := newTestJob(t, 1+r.IntN(4), func(s *Spec) {
				if seed%4 == 3 {
					s.Limit, s.LimitRandom = Limit{Count: len(items)}, true
				} else {
					s.Items = items
				}
			})
			job.Memory = int64((8 + r.IntN(30)) * job.Local.Model.PageBytes())
			if r.IntN(2) == 0 {
				slices.Reverse(job.Tasks)
			}
			runWithInterrupts(t, job, r.IntN(3))
			got := samplesByItem(t, job.Out)
			if len(got) != 2*len(items) {
				t.Fatalf("%d items stored, want %d", len(got), 2*len(items))
			}
			for id, s := range got {
				if !reflect.DeepEqual(s, want[id]) {
					t.Fatalf("item %v: %+v, in the whole run %+v", id, s, want[id])
				}
			}
		})
	}
}

// runWithInterrupts cancels the run some times before it may finish.
func runWithInterrupts(t *testing.T, job *Job, interrupts int) {
	t.Helper()
	stop := errors.New("stopped by the test")
	for i := range interrupts {
		ctx, cancel := context.WithCancelCause(context.Background())
		job.afterItem = func(done int) {
			if done > 2*i {
				cancel(stop)
			}
		}
		if _, err := job.Run(ctx); err != nil && !errors.Is(err, stop) {
			t.Fatal(err)
		}
		cancel(nil)
	}
	job.afterItem = nil
	if _, err := job.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func samplesByItem(t *testing.T, dir string) map[item]results.Sample {
	t.Helper()
	out := map[item]results.Sample{}
	for s, err := range results.ReadSamples(dir) {
		if err != nil {
			t.Fatal(err)
		}
		out[item{s.Task, int(s.DocID)}] = s
	}
	return out
}
