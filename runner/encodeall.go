package runner

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/llamaeval/llamaeval/prompts"
)

// batchItems is how many items an encoder takes at a time: neighbours share
// most of their text.
const batchItems = 64

// wave builds and encodes every item that is not done yet. Prompts are built
// one after the other, since a draw of exemplars may follow from the one
// before; encoding goes on beside that. The order of the result is that of
// tasks and documents.
func (j *Job) wave(done map[item]bool) (*wave, error) {
	coders := make([]*coder, max(1, j.Threads))
	for i := range coders {
		coders[i] = &coder{encoder: j.Local.encoder(j.Spec.BOS), ends: j.Local.ends(), endText: j.Local.text(j.Local.Tokenizer.EOS()), seed: j.Spec.Seed}
	}
	return encodeAll(j.items(done), coders)
}

// encodeAll makes a wave of items, with a goroutine for each coder.
func encodeAll(items iter.Seq2[pending, error], coders []*coder) (*wave, error) {
	next, stop := iter.Pull2(items)
	defer stop()
	q := &encodeQueue{next: next}
	var wait sync.WaitGroup
	for _, c := range coders {
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
	return newWave(all), nil
}

// pending is an item with its task.
type pending struct {
	task *Prepared
	item prompts.Item
}

// items yields all items that are not done, tasks in order.
func (j *Job) items(done map[item]bool) iter.Seq2[pending, error] {
	return func(yield func(pending, error) bool) {
		for _, p := range j.Tasks {
			for it, err := range p.Builder.Items(p.IDs) {
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

// An encodeQueue hands out items in batches and keeps their order.
type encodeQueue struct {
	mu      sync.Mutex
	next    func() (pending, error, bool)
	batches []*batch
	ended   bool // nothing more is handed out
}

type batch struct {
	items []pending
	work  []*work
	err   error
}

// take returns the next batch, nil if there is none or something has failed.
func (q *encodeQueue) take() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return nil
	}
	b := &batch{}
	for len(b.items) < batchItems {
		p, err, more := q.next()
		if !more || err != nil {
			q.ended, b.err = true, err
			break
		}
		b.items = append(b.items, p)
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
	b.err, q.ended = err, true
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
