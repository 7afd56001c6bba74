package engine

import (
	"context"
	"math"

	"github.com/llamaeval/llamaeval/model"
)

// Options bound an engine's work; zero values mean the defaults.
type Options struct {
	Memory    int64 // bytes for the KV cache; at least one longest request; 0: all that a device has left
	MaxBatch  int   // tokens computed together, default what suits the device
	MaxActive int   // generations under way, default 64, more on a GPU
	// Wave is told how many tokens of input a wave has, shared ones once.
	Wave func(tokens int)
	// Progress is told the tokens computed by each step: of inputs, and
	// generated ones that were fed back.
	Progress func(inputs, generated int)
}

// An Engine answers requests with one local model.
type Engine struct {
	model   *model.Model
	options Options
	bytes   func(token int32) []byte
	settled bool
	drew    bool      // and with draws
	kv      *model.KV // kept from wave to wave, nil before the first
	pages   int       // of kv
}

// New returns an engine. bytes gives a token's text, for stop strings.
func New(m *model.Model, bytes func(token int32) []byte, o Options) *Engine {
	if o.MaxBatch <= 0 {
		o.MaxBatch = m.StepRows()
	}
	if o.MaxActive <= 0 {
		o.MaxActive = max(64, o.MaxBatch/16)
	}
	if o.Memory <= 0 {
		o.Memory = math.MaxInt64
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
	if err := e.fit(t, requests); err != nil {
		return err
	}
	return newScheduler(e, requests, t, e.kv, done).run(ctx)
}

// Close gives the memory of the KV cache back; the engine may be used again.
func (e *Engine) Close() error {
	if e.kv == nil {
		return nil
	}
	kv := e.kv
	e.kv, e.pages = nil, 0
	return kv.Close()
}
