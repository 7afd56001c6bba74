package runner

import (
	"container/heap"
	"iter"

	"github.com/llamaeval/llamaeval/results"
)

// samples yields the rows of all shards in the order of samples.parquet.
func (s *Shards) samples() iter.Seq2[results.Sample, error] {
	return func(yield func(results.Sample, error) bool) {
		var heads headHeap
		for _, dir := range s.dirs {
			h := &head{}
			var stop func()
			h.next, stop = iter.Pull2(results.ReadSamples(dir))
			defer stop()
			if h.advance() {
				heads = append(heads, h)
			}
		}
		heap.Init(&heads)
		for len(heads) > 0 {
			h := heads[0]
			if !yield(h.sample, h.err) || h.err != nil {
				return
			}
			if h.advance() {
				heap.Fix(&heads, 0)
			} else {
				heap.Pop(&heads)
			}
		}
	}
}

// A head is the next row of one shard, or what ended its rows.
type head struct {
	next   func() (results.Sample, error, bool)
	sample results.Sample
	err    error
}

func (h *head) advance() (more bool) {
	h.sample, h.err, more = h.next()
	return more
}

// A headHeap has the least row on top, and an error before any.
type headHeap []*head

func (h headHeap) Len() int { return len(h) }
func (h headHeap) Less(i, k int) bool {
	if h[i].err != nil || h[k].err != nil {
		return h[k].err == nil
	}
	return h[i].sample.Compare(h[k].sample) < 0
}
func (h headHeap) Swap(i, k int) { h[i], h[k] = h[k], h[i] }
func (h *headHeap) Push(x any)   { *h = append(*h, x.(*head)) }
func (h *headHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
