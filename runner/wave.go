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
	encoder *encoder
	ends    []int32 // tokens that end a generation
	endText string  // text of the first of them, a stop string as in the reference
	seed    int64

	items    []*work
	requests []engine.Request
	slots    []slot // by engine request
}

// work is one item on its way to becoming a sample.
type work struct {
	task    *Prepared
	item    prompts.Item
	encoded []encoded         // by prompt request
	answers [][]engine.Answer // by prompt request: its windows, or its drawn texts
	left    int               // engine requests without an answer
}

// A slot says whose answer an engine request's is.
type slot struct{ item, request, index int }

// add encodes an item's requests and queues them.
func (w *wave) add(p *Prepared, it prompts.Item) error {
	wk := &work{task: p, item: it}
	for r, request := range it.Requests {
		enc, err := w.encoder.encodeRequest(request)
		if err != nil {
			return err
		}
		if request.Kind == prompts.Generate {
			enc.requests = w.draws(enc.requests[0], request.Gen, item{p.Task.Name, it.DocID})
		}
		for i := range enc.requests {
			w.requests = append(w.requests, enc.requests[i])
			w.slots = append(w.slots, slot{item: len(w.items), request: r, index: i})
		}
		wk.encoded = append(wk.encoded, enc)
		wk.answers = append(wk.answers, make([]engine.Answer, len(enc.requests)))
		wk.left += len(enc.requests)
	}
	w.items = append(w.items, wk)
	return nil
}

// draws makes one engine request for each text to draw. The seed of a draw
// depends on the run's seed, the document and the draw's number alone.
func (w *wave) draws(r engine.Request, g prompts.Generation, of item) []engine.Request {
	stop := g.Until
	if w.endText != "" {
		stop = append(append([]string(nil), stop...), w.endText)
	}
	out := make([]engine.Request, max(1, g.Samples))
	for i := range out {
		h := fnv.New64a()
		fmt.Fprintf(h, "%s\x00%d\x00%d", of.task, of.doc, i)
		out[i] = r
		out[i].Gen = &engine.Generation{
			MaxTokens: g.MaxTokens, Stop: stop, EOS: w.ends, Temperature: g.Temperature, TopP: g.TopP,
			Seed: [2]uint64{uint64(w.seed), h.Sum64()},
		}
	}
	return out
}

// put stores an answer and returns the item when it was the last one missing.
func (w *wave) put(request int, a engine.Answer) *work {
	s := w.slots[request]
	wk := w.items[s.item]
	wk.answers[s.request][s.index] = a
	if wk.left--; wk.left > 0 {
		return nil
	}
	w.items[s.item] = nil // nothing needs it any longer
	return wk
}
