package runner

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/runner/progress"
)

// answer computes all items that are not done, wave after wave. Items are
// judged and kept beside the model's work, each as soon as its last answer is
// there; keep gets encoded samples, some at a time. It returns what this
// process was asked and computed.
func (j *Job) answer(ctx context.Context, done map[item]bool, keep func(batch [][]byte) error) (results.Plan, error) {
	j.boundHeap()
	show := j.Progress(progress.Options{Total: j.documents(), Done: len(done)})
	defer show.Finish()
	var plan results.Plan
	f, err := j.newForecast(done)
	if err != nil {
		return plan, err
	}
	j.forecast = f
	o := engine.Options{Memory: j.Memory, MaxBatch: j.maxBatch}
	o.Wave = func(tokens int) { f.wave(j.wave, tokens) }
	o.Progress = func(inputs, generated int) {
		if plan.TokensComputed == 0 {
			j.firstToken = time.Now().UTC()
		}
		plan.TokensComputed += int64(inputs + generated)
		f.drawn += float64(generated)
		show.Expect(f.total())
		if j.afterStep != nil {
			j.afterStep(inputs, generated)
		}
		show.Step(inputs, generated)
	}
	e := j.subject().answerer(ctx, j, o)
	defer e.Close()
	all := func(only map[string][]int) error {
		return j.pipeline(ctx, e, j.waves(only, done), &plan, keep, show)
	}
	if j.Sequential != nil {
		err := j.stages(all)
		return plan, err
	}
	if first := j.firstLook(done); len(first) > 0 {
		if err := all(first); err != nil {
			return plan, err
		}
		done = with(done, first)
	}
	err = all(nil)
	return plan, err
}

// with is the set of items with the tasks' documents in it.
func with(done map[item]bool, more map[string][]int) map[item]bool {
	out := map[item]bool{}
	maps.Copy(out, done)
	for task, ids := range more {
		for _, id := range ids {
			out[item{task, id}] = true
		}
	}
	return out
}

// pipeline computes, judges and keeps all items of a source.
func (j *Job) pipeline(ctx context.Context, e answerer, source *waveSource, plan *results.Plan, keep func(batch [][]byte) error, show *progress.P) error {
	answered := make(chan *work)
	ready := make(chan []byte, 64)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(answered)
		defer mapped.Guard()()
		return j.compute(ctx, e, source, plan, answered)
	})
	var judging sync.WaitGroup
	for range max(1, j.Threads) {
		judging.Add(1)
		group.Go(func() error {
			defer judging.Done()
			return j.judgeAll(ctx, answered, ready)
		})
	}
	group.Go(func() error {
		judging.Wait()
		close(ready)
		return nil
	})
	group.Go(func() error { return record(keep, ready, show) })
	return group.Wait()
}

// compute lets the engine answer wave after wave and passes on each item whose
// last answer is there.
func (j *Job) compute(ctx context.Context, e answerer, source *waveSource, plan *results.Plan, answered chan<- *work) error {
	defer source.stop()
	for {
		w, err := source.wave()
		if err != nil || w == nil {
			return err
		}
		if j.Mode == model.Fast && j.modeError == nil {
			if err := j.compareModes(w); err != nil {
				return err
			}
		}
		plan.Requests += int64(len(w.requests))
		plan.TokensRequested += int64(engine.TokensRequested(w.requests))
		j.wave = w
		err = e.Run(ctx, w.requests, func(request int, a engine.Answer) error {
			j.forecast.answer(w.task(request), a)
			wk := w.put(request, a)
			if wk == nil {
				return nil
			}
			select {
			case answered <- wk:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		j.wave = nil // its memory is for the next one
		if err != nil {
			return err
		}
	}
}

func (j *Job) judgeAll(ctx context.Context, answered <-chan *work, ready chan<- []byte) error {
	decode := j.subject().decode
	for wk := range answered {
		s := wk.sample(decode)
		if err := j.judges[s.Task].judge(ctx, wk.item, &s); err != nil {
			return fmt.Errorf("task %s, doc %d: %w", s.Task, s.DocID, err)
		}
		payload, err := s.Encode()
		if err != nil {
			return err
		}
		j.note(s)
		ready <- payload
	}
	return nil
}

// record keeps what is ready, all of it with one wait for the disk.
func record(keep func(batch [][]byte) error, ready <-chan []byte, show *progress.P) error {
	var failed error
	for payload := range ready {
		batch := [][]byte{payload}
		for len(ready) > 0 {
			batch = append(batch, <-ready)
		}
		if failed == nil { // keep draining, so that nobody waits for this channel
			if failed = keep(batch); failed == nil {
				show.Add(len(batch), 0)
			}
		}
	}
	return failed
}

// modeTokens is how much of the run's text mode fast is measured on: some
// tenths of a second of work.
const modeTokens = 512

// compareModes measures mode fast on the beginning of the wave's requests.
func (j *Job) compareModes(w *wave) error {
	var tokens []int32
	for _, r := range w.requests {
		if len(tokens) >= modeTokens {
			break
		}
		tokens = append(tokens, r.Tokens...)
	}
	e, err := j.Local.Model.CompareModes(tokens[:min(len(tokens), modeTokens)])
	if err != nil {
		return err
	}
	stored := results.ModeError(e)
	j.modeError = &stored
	return nil
}
