package engine

import (
	"context"
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/model"
)

// Options bound an engine's work; zero values mean the defaults.
type Options struct {
	Memory    int64 // bytes for the KV cache; at least one longest request
	MaxBatch  int   // tokens computed together, default 512, fewer for wide models
	MaxActive int   // generations under way, default 64
	// Wave is told how many tokens of input a wave has, shared ones once.
	Wave func(tokens int)
	// Progress is told the tokens computed by each step: of inputs, and
	// generated ones that were fed back.
	Progress func(inputs, generated int)
}

// workspace bounds the activations of a step, in bytes.
const workspace = 64 << 20

// An Engine answers requests with one local model.
type Engine struct {
	model   *model.Model
	options Options
	bytes   func(token int32) []byte
	kv      *model.KV // kept from wave to wave, nil before the first
}

// New returns an engine. bytes gives a token's text, for stop strings.
func New(m *model.Model, bytes func(token int32) []byte, o Options) *Engine {
	if o.MaxBatch <= 0 {
		o.MaxBatch = max(64, min(512, workspace/m.RowBytes()&^15))
	}
	if o.MaxActive <= 0 {
		o.MaxActive = 64
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if o.Wave == nil {
		o.Wave = func(int) {}
	}
	return &Engine{model: m, options: o, bytes: bytes}
}

// A Plan says what a wave of requests costs.
type Plan struct {
	Requests        int
	TokensRequested int // every request on its own
	TokensComputed  int // each shared prefix once, generated tokens not counted
}

// MakePlan counts without computing anything.
func MakePlan(requests []Request) Plan {
	return Plan{Requests: len(requests), TokensRequested: TokensRequested(requests), TokensComputed: tokensComputed(requests)}
}

// tokensComputed counts the tokens of the requests' trie without building it:
// in its order each adds what it does not share with the one before it.
func tokensComputed(requests []Request) int {
	n := 0
	for _, o := range inOrder(requests) {
		n += requests[o.request].input().len() - int(o.shared)
	}
	return n
}

// TokensRequested counts the tokens of every request on its own.
func TokensRequested(requests []Request) int {
	n := 0
	for _, r := range requests {
		n += r.input().len()
	}
	return n
}

// Run answers one wave of requests. done is called once for each as soon as
// its answer is whole, in no promised order, always from this goroutine; its
// error ends the run.
func (e *Engine) Run(ctx context.Context, requests []Request, done func(request int, a Answer) error) error {
	if len(requests) == 0 {
		return nil
	}
	t := buildTrie(requests)
	e.options.Wave(tokensComputed(requests))
	pages, err := e.pages(t, requests)
	if err != nil {
		return err
	}
	if e.kv == nil || e.kv.Free() < pages { // the first wave, or one has failed
		if err := e.Close(); err != nil {
			return err
		}
		e.kv = e.model.NewKV(pages)
	}
	return newScheduler(e, requests, t, e.kv, done).run(ctx)
}

// Close gives the memory of the KV cache back; the engine may be used again.
func (e *Engine) Close() error {
	if e.kv == nil {
		return nil
	}
	kv := e.kv
	e.kv = nil
	return kv.Close()
}

// pages is how many KV pages the memory holds, or all requests together need if
// that is less, refused when the longest path
// alone would not fit. Where the generations of one prompt do not fit side by
// side, they are set apart, to run as memory comes free.
func (e *Engine) pages(t *trie, requests []Request) (int, error) {
	pageBytes := int64(e.model.PageBytes())
	have := int(min(e.options.Memory/pageBytes, math.MaxInt32))
	most, all := 0, 0
	for i := range t.nodes {
		need := pathPages(&t.nodes[i], requests)
		if need > have && len(t.nodes[i].begins) > 1 {
			t.setApart(int32(i))
			need = pathPages(&t.nodes[i], requests)
		}
		most = max(most, need)
	}
	for i := 1; i < len(t.nodes); i++ { // setApart has added some
		all += pathPages(&t.nodes[i], requests) - t.nodes[i].start/model.PageTokens
	}
	if most > have {
		return 0, fmt.Errorf("the longest request needs %d MiB of KV cache and the memory bound leaves %d MiB: raise --memory",
			(int64(most)*pageBytes)>>20+1, (int64(have)*pageBytes)>>20)
	}
	return min(have, max(most, all)), nil
}

// pathPages is what a node and the generations that begin there hold at most:
// a branch inside a page has its own copy beside its parent's.
func pathPages(n *node, requests []Request) int {
	need := pagesFor(n.end()) + 1
	for _, r := range n.begins {
		need += sequencePages(n, requests[r].Gen)
	}
	return need
}

func pagesFor(tokens int) int { return (tokens + model.PageTokens - 1) / model.PageTokens }
