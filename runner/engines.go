package runner

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/runner/engine"
)

// engines answers waves, with an engine for each device.
type engines struct {
	list []*engine.Engine
	wave func(tokens int)
}

// engines returns engines on all devices. o.Progress may be called by several
// at once.
func (l *Local) engines(o engine.Options) *engines {
	es := &engines{wave: o.Wave}
	models := l.Models()
	if len(models) > 1 {
		o.Wave = nil // each has but a part of it
	}
	bytes := func(token int32) []byte { return l.Tokenizer.DecodeBytes([]int32{token}) }
	for _, m := range models {
		es.list = append(es.list, engine.New(m, bytes, o))
	}
	return es
}

// Run answers a wave, as engine.Run does; each engine takes a part of the trie.
func (es *engines) Run(ctx context.Context, requests []engine.Request, done func(request int, a engine.Answer) error) error {
	if len(es.list) == 1 {
		return es.list[0].Run(ctx, requests, done)
	}
	es.wave(engine.MakePlan(requests).TokensComputed)
	var one sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for i, part := range engine.Split(requests, len(es.list)) {
		own := make([]engine.Request, len(part))
		for k, r := range part {
			own[k] = requests[r]
		}
		group.Go(func() error {
			defer mapped.Guard()()
			return es.list[i].Run(ctx, own, func(k int, a engine.Answer) error {
				one.Lock()
				defer one.Unlock()
				return done(int(part[k]), a)
			})
		})
	}
	return group.Wait()
}

// Close gives the engines' caches back.
func (es *engines) Close() error {
	var err error
	for _, e := range es.list {
		err = errors.Join(err, e.Close())
	}
	return err
}
