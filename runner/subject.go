package runner

import (
	"context"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
)

// A subject is what a job evaluates: a checkpoint on this machine, or a model
// behind a server.
type subject interface {
	identity() (identity, error)
	where() string // for run.json, and to find it again
	addsBOS(bos string) bool
	coders(s Spec, n int) []*coder
	// answerer is to be closed; o.Progress may be called concurrently.
	answerer(ctx context.Context, j *Job, o engine.Options) answerer
	decode(tokens []int32) string // without special tokens
	plan(requests []engine.Request) engine.Plan
	warnings() []string
}

// An answerer answers waves of requests.
type answerer interface {
	Run(ctx context.Context, requests []engine.Request, done func(request int, a engine.Answer) error) error
	Close() error
}

// An identity is what results say of a subject.
type identity struct {
	name, hash, tokenizer string
	device, isa           string
	label                 string          // what computes, for people
	server                *results.Server // nil for a checkpoint
}

func (j *Job) subject() subject {
	if j.Remote != nil {
		return j.Remote
	}
	return j.Local
}

func (l *Local) identity() (identity, error) {
	hash, err := l.Hash()
	return identity{name: l.Name, hash: hash, tokenizer: l.Tokenizer.Hash(), device: l.Model.Device().Kind, isa: l.Model.ISA(), label: l.device()}, err
}

func (l *Local) where() string { return absolute(l.Path) }

func (l *Local) coders(s Spec, n int) []*coder {
	out := make([]*coder, n)
	for i := range out {
		out[i] = &coder{encoder: l.encoder(s.BOS), ends: l.Tokenizer.Ends(), endText: l.text(l.Tokenizer.EOS()), seed: s.Seed}
	}
	return out
}

func (l *Local) answerer(_ context.Context, _ *Job, o engine.Options) answerer { return l.engines(o) }

func (l *Local) decode(tokens []int32) string { return l.Tokenizer.Decode(tokens, true) }

func (l *Local) plan(requests []engine.Request) engine.Plan { return engine.MakePlan(requests) }

func (l *Local) warnings() []string { return nil }
