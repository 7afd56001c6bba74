package runner

import (
	"fmt"
	"hash/fnv"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/runner/engine"
)

// A wave is an ordered set of items whose requests are computed together. It
// flattens the items' requests for the engine and puts the answers back.
type wave struct {
	items    []*work
	requests []engine.Request
	slots    []slot // by engine request
}

// work is one item on its way to becoming a sample.
type work struct {
	task     *Prepared
	item     prompts.Item      // without its contexts
	contexts []text            // by prompt request
	encoded  []encoded         // by prompt request
	answers  [][]engine.Answer // by prompt request: its windows, or its drawn texts; nil before the first
	left     int               // engine requests without an answer
}

// A slot says whose answer an engine request's is.
type slot struct{ item, request, index int }

// newWave queues the requests of all items in their order.
func newWave(items []*work) *wave {
	n := 0
	for _, wk := range items {
		n += wk.left
	}
	w := &wave{items: items, requests: make([]engine.Request, 0, n), slots: make([]slot, 0, n)}
	for i, wk := range items {
		for r := range wk.encoded {
			from := len(w.requests)
			for k, request := range wk.encoded[r].requests {
				w.requests = append(w.requests, request)
				w.slots = append(w.slots, slot{item: i, request: r, index: k})
			}
			wk.encoded[r].requests = w.requests[from:len(w.requests):len(w.requests)] // instead of a second copy
		}
	}
	return w
}

// A coder makes work of items: their requests in tokens. It is not safe for
// concurrent use.
type coder struct {
	encoder *encoder
	ends    []int32 // tokens that end a generation
	endText string  // text of the first of them, a stop string as in the reference
	seed    int64
	texts   texts
}

// encode encodes an item's requests.
func (c *coder) encode(p *Prepared, it prompts.Item) (*work, error) {
	wk := &work{task: p, item: it, encoded: make([]encoded, 0, len(it.Requests))}
	for _, request := range it.Requests {
		enc, err := c.encoder.encodeRequest(request)
		if err != nil {
			return nil, err
		}
		if request.Kind == prompts.Generate {
			enc.requests = c.draws(enc.requests[0], request.Gen, item{p.Task.Name, it.DocID})
		}
		wk.encoded = append(wk.encoded, enc)
		wk.left += len(enc.requests)
	}
	wk.contexts = c.texts.pack(&wk.item)
	return wk, nil
}

// draws makes one engine request for each text to draw. The seed of a draw
// depends on the run's seed, the document and the draw's number alone.
func (c *coder) draws(r engine.Request, g prompts.Generation, of item) []engine.Request {
	stop := g.Until
	if c.endText != "" {
		stop = append(append([]string(nil), stop...), c.endText)
	}
	out := make([]engine.Request, max(1, g.Samples))
	for i := range out {
		h := fnv.New64a()
		fmt.Fprintf(h, "%s\x00%d\x00%d", of.task, of.doc, i)
		out[i] = r
		out[i].Gen = &engine.Generation{
			MaxTokens: g.MaxTokens, Stop: stop, EOS: c.ends, Temperature: g.Temperature, TopP: g.TopP,
			Seed: [2]uint64{uint64(c.seed), h.Sum64()},
		}
	}
	return out
}

// task names the task of a request that has no answer yet.
func (w *wave) task(request int) string { return w.items[w.slots[request].item].task.Task.Name }

// put stores an answer and returns the item when it was the last one missing.
func (w *wave) put(request int, a engine.Answer) *work {
	s := w.slots[request]
	wk := w.items[s.item]
	if wk.answers == nil {
		wk.answers = make([][]engine.Answer, len(wk.encoded))
	}
	if wk.answers[s.request] == nil {
		wk.answers[s.request] = make([]engine.Answer, len(wk.encoded[s.request].requests))
	}
	wk.answers[s.request][s.index] = a
	if wk.left--; wk.left > 0 {
		return nil
	}
	w.items[s.item] = nil // nothing needs it any longer
	return wk
}
