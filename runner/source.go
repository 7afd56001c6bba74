package runner

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/llamaeval/llamaeval/prompts"
)

// batchItems is how many items an encoder takes at a time: neighbours share
// most of their text.
const batchItems = 64

// waveBytes is about how much memory the prompts, tokens and bookkeeping of
// one wave may take. Most benchmarks are one wave each; a cut inside a task
// costs its exemplars once more, far below a thousandth of the work.
const waveBytes = 32 << 20

// A waveSource makes waves of a job's items, in the order of tasks and
// documents. What goes into a wave does not depend on threads.
type waveSource struct {
	next   func() (pending, error, bool)
	stop   func() // to be called at the end
	coders []*coder
	bytes  int // of a wave
	last   string
	task   *Prepared // of the last item
	held   *pending  // pulled, but left for the next wave
	ended  bool
}

// waves returns the source of every item that is not done yet, of all
// documents or, by task, of only some, ascending.
func (j *Job) waves(only map[string][]int, done map[item]bool) *waveSource {
	s := &waveSource{coders: make([]*coder, max(1, j.Threads)), bytes: cmp.Or(j.maxWave, waveBytes)}
	for i := range s.coders {
		s.coders[i] = &coder{encoder: j.Local.encoder(j.Spec.BOS), ends: j.Local.Tokenizer.Ends(), endText: j.Local.text(j.Local.Tokenizer.EOS()), seed: j.Spec.Seed}
	}
	s.next, s.stop = iter.Pull2(j.items(only, done))
	return s
}

// wave returns the next wave, nil when there is none. Prompts are built one
// after the other, since a draw of exemplars may follow from the one before;
// encoding goes on beside that, with a goroutine for each coder.
func (s *waveSource) wave() (*wave, error) {
	q := &encodeQueue{source: s, left: s.bytes}
	var wait sync.WaitGroup
	for _, c := range s.coders {
		wait.Go(func() {
			for b := q.take(); b != nil; b = q.take() {
				q.finish(b, b.encode(c))
			}
		})
	}
	wait.Wait()
	var all []*work
	for _, b := range q.batches {
		if b.err != nil { // the first in order, whatever failed first in time
			return nil, b.err
		}
		all = append(all, b.work...)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return newWave(all), nil
}

// pull returns the next item, more: false at the end of the wave, which has
// room for `left` bytes: where a task ends and most of the room is taken, the
// rest is given up rather than to cut the next task.
func (s *waveSource) pull(left int) (p pending, err error, more bool) {
	if s.held != nil {
		p, s.held, more = *s.held, nil, true
	} else if p, err, more = s.next(); !more || err != nil {
		s.ended = true
		return p, err, more
	}
	if s.task != nil && p.task != s.task && left < s.bytes/3 {
		s.held, more = &p, false
	}
	s.task = p.task
	return p, nil, more
}

// take pulls an item and estimates the bytes it takes: what its contexts do
// not share with the one before, as text and as each request's tokens, the
// same of continuations and their answers, and bookkeeping.
func (s *waveSource) take(left int) (p pending, bytes int, err error, more bool) {
	if p, err, more = s.pull(left); !more || err != nil {
		return p, 0, err, more
	}
	const perRequest, perContinuationByte = 400, 6
	for _, r := range p.item.Requests {
		own := len(r.Context) - commonLength(s.last, r.Context)
		s.last = r.Context
		bytes += own*(1+len(p.item.Requests)) + perContinuationByte*len(r.Continuation) + perRequest*max(1, r.Gen.Samples)
	}
	return p, bytes, nil, true
}

// pending is an item with its task.
type pending struct {
	task *Prepared
	item prompts.Item
}

// items yields the items of waves, tasks in order.
func (j *Job) items(only map[string][]int, done map[item]bool) iter.Seq2[pending, error] {
	return func(yield func(pending, error) bool) {
		for _, p := range j.Tasks {
			ids := p.IDs
			if only != nil {
				ids = only[p.Task.Name]
			}
			for it, err := range p.Builder.Items(ids) {
				if err == nil && done[item{p.Task.Name, it.DocID}] {
					continue
				}
				if !yield(pending{p, it}, err) || err != nil {
					return
				}
			}
		}
	}
}

// An encodeQueue hands out the items of a wave in batches and keeps their
// order.
type encodeQueue struct {
	mu      sync.Mutex
	source  *waveSource
	left    int // bytes the wave may still take
	batches []*batch
	closed  bool // nothing more goes into it
}

type batch struct {
	items []pending
	work  []*work
	err   error
}

// take returns the next batch, nil if the wave is full, there is none or
// something has failed.
func (q *encodeQueue) take() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.source.ended || q.left <= 0 {
		return nil
	}
	b := &batch{}
	for len(b.items) < batchItems && q.left > 0 {
		p, bytes, err, more := q.source.take(q.left)
		if !more || err != nil {
			b.err, q.closed = err, true
			break
		}
		b.items = append(b.items, p)
		q.left -= bytes
	}
	q.batches = append(q.batches, b)
	return b
}

func (q *encodeQueue) finish(b *batch, err error) {
	if err == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	b.err, q.closed = err, true
}

// encode makes work of the batch's items.
func (b *batch) encode(c *coder) error {
	b.work = slices.Grow(b.work, len(b.items))
	for _, p := range b.items {
		wk, err := c.encode(p.task, p.item)
		if err != nil {
			return fmt.Errorf("task %s, doc %d: %w", p.task.Task.Name, p.item.DocID, err)
		}
		b.work = append(b.work, wk)
	}
	b.items = nil
	return nil
}
