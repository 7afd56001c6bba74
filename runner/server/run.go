package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/runner/engine"
)

// Run answers requests, some at a time, in their order or near to it: servers
// keep what neighbours share. Who counts tokens and done are called for each
// from this goroutine; done's error ends the run.
func (s *Server) Run(ctx context.Context, requests []engine.Request, done func(request int, a engine.Answer) error) error {
	type answered struct {
		request int
		answer  engine.Answer
		tokens  int
	}
	answers, failed := make(chan answered), make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(s.Concurrency(), len(requests)) {
		workers.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(requests); i = int(next.Add(1)) - 1 {
				a, tokens, err := s.one(ctx, requests[i])
				if err != nil {
					return err
				}
				select {
				case answers <- answered{i, a, tokens}:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	go func() {
		failed <- workers.Wait()
		close(answers)
	}()
	var refused error
	for a := range answers {
		if refused == nil {
			if a.tokens > 0 {
				s.progress(a.tokens)
			}
			if refused = done(a.request, a.answer); refused != nil {
				cancel()
			}
		}
	}
	if err := <-failed; refused == nil {
		return err
	}
	return refused
}

// one answers a request and tells how many tokens it took, 0 if the server does
// not say.
func (s *Server) one(ctx context.Context, r engine.Request) (engine.Answer, int, error) {
	if r.Gen != nil {
		return s.generate(ctx, r)
	}
	a, err := s.scoreRequest(ctx, r)
	return a, len(r.All()), err
}

// scoreRequest answers a request for log-probabilities.
func (s *Server) scoreRequest(ctx context.Context, r engine.Request) (engine.Answer, error) {
	if s.scorer == nil {
		return engine.Answer{}, fmt.Errorf("%s cannot score prompts: %s", s.Name(), s.Can.NoScoring)
	}
	p := prompt{r.All(), r.Text}
	got, err := s.scorer.score(ctx, p, r.Scored, s.client.o.Retries)
	if errors.Is(err, errNotTold) {
		err = fmt.Errorf("%s: %w: a task that scores texts without context cannot be run on it", s.Name(), err)
	}
	if err != nil {
		return engine.Answer{}, err
	}
	a := engine.Answer{Greedy: true, LogProbs: make([]float64, len(got))}
	unsure := false
	for i, g := range got {
		yes, certain := g.greedy()
		a.LogProbs[i] = g.logProb
		a.Greedy = a.Greedy && (yes || !certain)
		unsure = unsure || !certain
	}
	if a.Greedy && unsure {
		if a.Greedy, err = s.wouldSay(ctx, p, r.Scored); err != nil {
			return a, err
		}
	}
	return a, nil
}

// wouldSay lets the server continue the context, where it does not tell which
// tokens of a prompt are the likeliest.
func (s *Server) wouldSay(ctx context.Context, p prompt, n int) (bool, error) {
	context := prompt{tokens: p.tokens[:len(p.tokens)-n]}
	run, err := s.scorer.greedy(ctx, context, n, s.client.o.Retries)
	if err != nil {
		return false, err
	}
	if run.ids != nil {
		return slices.Equal(run.ids, tail(p.tokens, n)), nil
	}
	want, err := s.tokens.Decode(ctx, p.tokens)
	if err != nil {
		return false, err
	}
	begun, err := s.tokens.Decode(ctx, context.tokens)
	return begun+run.text == want, err
}
