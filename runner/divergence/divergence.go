// Package divergence runs two checkpoints of one model over a text and
// compares what they say about every token. Only the logits of a few positions
// are in memory at a time.
package divergence

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/model/tokenizer"
	"github.com/llamaeval/llamaeval/results/divergence"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/runner/progress"
)

// Options bound the work; no result depends on them.
type Options struct {
	Memory   int64 // bytes for both KV caches and for logits
	Threads  int   // that compare logits; 0: one a processor
	Progress func(progress.Options) *progress.P

	block int // positions of logits at a time, 0: by memory
}

const (
	logitBytes  = 32 << 20 // of both models' logits, at most
	promptBlock = 512      // tokens without logits, computed at a time
)

// Check refuses checkpoints that do not read the same tokens.
func Check(base, next *runner.Local) error {
	if text := tokenizer.Difference(base.Tokenizer, next.Tokenizer); text != "" {
		return fmt.Errorf("%s and %s do not have the same vocabulary, so their probabilities cannot be compared: %s", base.Path, next.Path, text)
	}
	if b, n := base.Model.Config().Vocab, next.Model.Config().Vocab; b != n {
		return fmt.Errorf("%s and %s do not have the same vocabulary, so their probabilities cannot be compared: the output has %d logits in one, %d in the other", base.Path, next.Path, b, n)
	}
	return nil
}

// Fit sets the corpus' default context, and refuses one that is no use or that
// a model cannot hold.
func (c *Corpus) Fit(base, next *runner.Local) error {
	most := min(base.Model.Config().ContextLength, next.Model.Config().ContextLength)
	switch {
	case c.Context == 0 && c.Rule == divergence.All:
		c.Context = most
	case c.Context == 0:
		c.Context = min(DefaultContext, most)
	}
	if c.Context < 4 || c.Context > most {
		return fmt.Errorf("a context of %d tokens is not within 4 and what the models hold, %d", c.Context, most)
	}
	return nil
}

// Run compares the models, which Check and Fit have passed, on the corpus.
// Tokens arrive in order, those of a window together.
func Run(ctx context.Context, base, next *runner.Local, c Corpus, o Options) (*divergence.Tally, error) {
	windows, err := c.windows(base)
	if err != nil {
		return nil, err
	}
	p, err := newPair(base, next, windows, o)
	if err != nil {
		return nil, err
	}
	defer p.close()
	show := o.Progress(progress.Options{Total: len(windows)})
	defer show.Finish()
	t := &divergence.Tally{}
	for _, w := range windows {
		of, err := p.window(ctx, w)
		if err != nil {
			return nil, err
		}
		t.Add(w.document, len(w.tokens), of)
		show.Add(1, int64(len(w.tokens)-1))
	}
	return t, nil
}

// A pair is two models side by side in the memory that one window needs.
type pair struct {
	sides   [2]side // base, new
	block   int     // positions with logits at a time
	scratch [][]float64
}

type side struct {
	model  *model.Model
	kv     *model.KV
	pages  []model.PageID
	logits [][]float32 // a row for each position of a block
}

func newPair(base, next *runner.Local, windows []window, o Options) (*pair, error) {
	longest := 0
	for _, w := range windows {
		longest = max(longest, len(w.tokens)-1)
	}
	pages := (longest + model.PageTokens - 1) / model.PageTokens
	vocab := base.Model.Config().Vocab
	caches := int64(pages) * int64(base.Model.PageBytes()+next.Model.PageBytes())
	row := int64(2 * 4 * vocab)
	if o.Memory < caches+row {
		return nil, fmt.Errorf("windows of %d tokens need %d MiB for both models' KV caches and logits and the memory bound leaves %d MiB: raise --memory or lower --context",
			longest, (caches+row)>>20+1, o.Memory>>20)
	}
	p := &pair{block: o.block}
	if p.block == 0 {
		p.block = int(max(1, min(logitBytes, o.Memory-caches)/row))
	}
	p.block = min(p.block, longest)
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	for range min(o.Threads, p.block) {
		p.scratch = append(p.scratch, make([]float64, vocab))
	}
	for i, m := range []*model.Model{base.Model, next.Model} {
		kv, err := m.NewKV(pages)
		if err != nil {
			return nil, err
		}
		s := side{model: m, kv: kv}
		for page, ok := s.kv.Alloc(); ok; page, ok = s.kv.Alloc() {
			s.pages = append(s.pages, page)
		}
		for range p.block {
			s.logits = append(s.logits, make([]float32, vocab))
		}
		p.sides[i] = s
	}
	return p, nil
}

func (p *pair) close() {
	for _, s := range p.sides {
		s.kv.Close()
	}
}

// window compares a window's scored tokens.
func (p *pair) window(ctx context.Context, w window) ([]divergence.Token, error) {
	out := make([]divergence.Token, 0, len(w.tokens)-w.first)
	inputs, silent := w.tokens[:len(w.tokens)-1], w.first-1
	for from := 0; from < silent; from += promptBlock {
		if err := p.forward(ctx, inputs[from:min(from+promptBlock, silent)], from, 0); err != nil {
			return nil, err
		}
	}
	for from := silent; from < len(inputs); from += p.block {
		n := min(p.block, len(inputs)-from)
		if err := p.forward(ctx, inputs[from:from+n], from, n); err != nil {
			return nil, err
		}
		out = append(out, p.compare(w.tokens[from+1:from+1+n])...)
	}
	return out, nil
}

// forward computes tokens from position start on in both models; the logits of
// the first n are kept.
func (p *pair) forward(ctx context.Context, tokens []int32, start, n int) error {
	for i := range p.sides {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		s := &p.sides[i]
		seg := model.Segment{Tokens: tokens, Start: start, Pages: s.pages}
		for row := range n {
			seg.Outputs = append(seg.Outputs, model.Output{Row: row, Target: -1, Logits: s.logits[row]})
		}
		if err := s.model.Forward(s.kv, []model.Segment{seg}); err != nil {
			return fmt.Errorf("%s model: %w", [...]string{"base", "new"}[i], err)
		}
	}
	return nil
}

// compare compares the kept logits, each position by one of the threads.
func (p *pair) compare(targets []int32) []divergence.Token {
	out := make([]divergence.Token, len(targets))
	var taken atomic.Int64
	var wait sync.WaitGroup
	for _, scratch := range p.scratch {
		wait.Go(func() {
			for i := int(taken.Add(1)) - 1; i < len(targets); i = int(taken.Add(1)) - 1 {
				out[i] = compare(p.sides[0].logits[i], p.sides[1].logits[i], targets[i], scratch)
			}
		})
	}
	wait.Wait()
	return out
}
