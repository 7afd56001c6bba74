package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/model"
)

// fit sees to it that the cache has the pages that a wave can use: as many as
// memory holds, or as all requests together need if that is less. A wave whose
// longest path alone does not fit is refused before anything is computed.
func (e *Engine) fit(t *trie, requests []Request) error {
	draws := slices.ContainsFunc(requests, func(r Request) bool { return r.Gen != nil && r.Gen.Temperature > 0 })
	if err := e.settle(draws); err != nil {
		return err
	}
	budget, err := e.budget()
	if err != nil {
		return err
	}
	least, most := e.needs(t, requests, int(min(budget/int64(e.model.PageBytes()), math.MaxInt32)))
	if err := e.checkBudget(budget, least); err != nil {
		return err
	}
	have := int(min(budget/int64(e.model.PageBytes()), int64(most)))
	if e.kv != nil && e.kv.Free() >= have {
		return nil
	}
	// The first wave, or a larger one, or one has failed.
	if err := e.Close(); err != nil {
		return err
	}
	e.kv, err = e.model.NewKV(have)
	for errors.Is(err, kernels.ErrMemory) && have > least { // somebody else was faster
		have = max(least, have*3/4)
		e.kv, err = e.model.NewKV(have)
	}
	e.pages = have
	return err
}

// budget is how many bytes the cache may take.
func (e *Engine) budget() (int64, error) {
	room, err := e.model.Room()
	if err != nil || room < 0 {
		return e.options.Memory, err
	}
	room -= room / 16 // recorded steps and longer lists of pages take a small part
	return min(e.options.Memory, room+int64(e.pages)*int64(e.model.PageBytes())), nil
}

func (e *Engine) checkBudget(budget int64, least int) error {
	need := int64(least) * int64(e.model.PageBytes())
	switch {
	case need <= budget:
		return nil
	case budget < e.options.Memory:
		return fmt.Errorf("the longest request needs %d MiB of KV cache and the GPU has %d MiB left: close other programs on it, take a smaller model or fewer shots, or use --device cpu",
			need>>20+1, budget>>20)
	}
	return fmt.Errorf("the longest request needs %d MiB of KV cache and the memory bound leaves %d MiB: raise --memory", need>>20+1, budget>>20)
}

// settle computes a step as large as any, on a device with memory of its own:
// all that steps take is then taken, and the cache can have the rest. Draws
// take whole rows of logits, which is much, so they are asked for where a
// wave has any.
func (e *Engine) settle(draws bool) error {
	room, err := e.model.Room()
	if e.settled && (e.drew || !draws) || err != nil || room < 0 {
		return err
	}
	if err := e.Close(); err != nil { // a cache may have it all
		return err
	}
	kv, err := e.model.NewKV(1)
	if err != nil {
		return err
	}
	page, _ := kv.Alloc()
	var segments []model.Segment
	asked := 0
	each := min(model.PageTokens, e.model.Config().ContextLength)
	for rows := e.options.MaxBatch + e.options.MaxActive; rows > 0; rows -= each {
		s := model.Segment{Tokens: make([]int32, min(each, rows)), Pages: []model.PageID{page}}
		for i := range s.Tokens {
			o := model.Output{Row: i}
			if draws && asked < e.options.MaxActive {
				o.Draw = &model.Draw{Temperature: 1, TopP: 1}
			}
			asked++
			s.Outputs = append(s.Outputs, o)
		}
		segments = append(segments, s)
	}
	e.settled, e.drew = true, draws
	return errors.Join(e.model.Forward(kv, segments), kv.Close())
}

// needs returns how many pages a wave needs at least and can use at most.
// Where the generations of one prompt do not fit side by side into what there
// is, they are set apart, to run as memory comes free; where a node does not
// fit that is longer than a window, it is cut, to give pages back on its way.
func (e *Engine) needs(t *trie, requests []Request, have int) (least, most int) {
	c := e.model.Config()
	for i := 0; i < len(t.nodes); i++ { // which grow
		if len(t.nodes[i].begins) > 1 && pathPages(&c, &t.nodes[i], requests) > have {
			t.setApart(int32(i))
		}
		for pathPages(&c, &t.nodes[i], requests) > have {
			n := &t.nodes[i]
			at := min((have-1+c.Unseen(n.start))*model.PageTokens, n.end()-1) // what fits
			if at <= n.start || c.Unseen(n.end()) == 0 {
				break
			}
			t.split(int32(i), at)
		}
		least = max(least, pathPages(&c, &t.nodes[i], requests))
	}
	for i := 1; i < len(t.nodes); i++ {
		most += ownPages(&t.nodes[i], requests)
	}
	return least, max(least, most)
}

// pathPages is what a node, what it sees and the generations that begin there
// hold at most.
func pathPages(c *model.Config, n *node, requests []Request) int {
	return ownPages(n, requests) + n.start/model.PageTokens - c.Unseen(n.start)
}

// ownPages is what a node and its generations hold beside its parent's pages:
// a branch inside a page has its own copy.
func ownPages(n *node, requests []Request) int {
	need := pagesFor(n.end()) - n.start/model.PageTokens + 1
	for _, r := range n.begins {
		need += sequencePages(n, requests[r].Gen)
	}
	return need
}

func pagesFor(tokens int) int { return (tokens + model.PageTokens - 1) / model.PageTokens }
