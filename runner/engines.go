package runner

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/runner/engine"
)

// engines answers waves, with an engine for each device.
type engines []*engine.Engine

// newEngines returns the engines of the job. progress is told the tokens of
// each step, by one at a time.
func (j *Job) newEngines(progress func(tokens int)) engines {
	var one sync.Mutex
	var out engines
	for _, m := range j.Local.Models() {
		out = append(out, engine.New(m, j.tokenBytes, engine.Options{Memory: j.Memory, MaxBatch: j.maxBatch, Progress: func(n int) {
			one.Lock()
			defer one.Unlock()
			progress(n)
		}}))
	}
	return out
}

// run answers a wave, as engine.Run does; each engine takes a part of the trie.
func (es engines) run(ctx context.Context, requests []engine.Request, done func(request int, a engine.Answer) error) error {
	if len(es) == 1 {
		return es[0].Run(ctx, requests, done)
	}
	var one sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for i, part := range engine.Split(requests, len(es)) {
		own := make([]engine.Request, len(part))
		for k, r := range part {
			own[k] = requests[r]
		}
		group.Go(func() error {
			return es[i].Run(ctx, own, func(k int, a engine.Answer) error {
				one.Lock()
				defer one.Unlock()
				return done(int(part[k]), a)
			})
		})
	}
	return group.Wait()
}

func (es engines) close() error {
	var err error
	for _, e := range es {
		err = errors.Join(err, e.Close())
	}
	return err
}
