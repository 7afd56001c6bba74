package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/runner/journal"
	"github.com/llamaeval/llamaeval/runner/progress"
)

// Run does the job: it takes the output folder, resumes what an earlier
// process left there, answers and scores what is missing, and writes the
// results. A finished folder of the same configuration is only read.
func (j *Job) Run(ctx context.Context) (results.Report, error) {
	config, err := j.Config()
	if err != nil {
		return results.Report{}, err
	}
	hash, err := config.Hash()
	if err != nil {
		return results.Report{}, err
	}
	if err := j.newJudges(); err != nil {
		return results.Report{}, err
	}
	if objects.Is(j.Out) {
		return j.runInStore(ctx, config, hash)
	}
	return j.runInFolder(ctx, config, hash)
}

// runInFolder is Run in a folder of this machine.
func (j *Job) runInFolder(ctx context.Context, config results.Config, hash string) (results.Report, error) {
	if state, stored, err := results.Inspect(j.Out, hash); err != nil {
		return results.Report{}, err
	} else if state == results.Finished {
		results.Tidy(j.Out)
		return storedReport(stored, j.Out)
	}
	lock, err := results.LockFolder(j.Out)
	if err != nil {
		return results.Report{}, err
	}
	defer lock.Release()
	// Another process may have worked here before the lock was ours.
	state, run, err := results.Inspect(j.Out, hash)
	switch {
	case err != nil:
		return results.Report{}, err
	case state == results.Finished:
		return storedReport(run, j.Out)
	case state == results.Unfinished:
		run.Resumed++
	default:
		run = j.newRun(config, hash)
	}
	if err := j.takeShard(); err != nil {
		return results.Report{}, err
	}
	run.Shard = j.part
	if p := j.program(); !slices.Contains(run.Programs, p) {
		run.Programs = append(run.Programs, p)
	}
	if err := results.Sweep(j.Out); err != nil {
		return results.Report{}, err
	}
	if err := results.WriteRun(j.Out, run); err != nil {
		return results.Report{}, err
	}
	return j.resume(ctx, run)
}

func storedReport(run results.Run, out string) (results.Report, error) {
	run.Plan.TokensComputed = 0 // by this process
	return finishedReport(run, out)
}

func finishedReport(run results.Run, out string) (results.Report, error) {
	scores, err := results.ReadScores(out)
	if err != nil {
		return results.Report{}, err
	}
	return results.NewReport(run, scores, out), nil
}

func (j *Job) newRun(config results.Config, hash string) results.Run {
	number := make([]byte, 8)
	rand.Read(number)
	id, _ := j.subject().identity() // Config has had it already
	host, _ := os.Hostname()        // for information only
	source := ""
	if j.Chat != nil {
		source = j.Chat.Source
	}
	return results.Run{
		ID: hex.EncodeToString(number), ConfigHash: hash, Config: config,
		Version: j.Version, Command: j.Command, Origin: j.Origin, ModelPath: j.subject().where(), ChatSource: source,
		Device: id.label, Host: host, OS: runtime.GOOS, Arch: runtime.GOARCH,
		Threads: j.Threads, Memory: j.Memory, Started: time.Now().UTC(),
		Suites: j.suites(),
	}
}

// program describes the binary at work.
func (j *Job) program() results.Program {
	p := results.Program{Version: j.Version, Go: runtime.Version()}
	if j.Binary != nil {
		p.SHA256 = j.Binary()
	}
	return p
}

// absolute is the path as any folder's process can use it.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// resume answers what the journal lacks and closes the run.
func (j *Job) resume(ctx context.Context, run results.Run) (results.Report, error) {
	started := time.Now()
	log, warnings, err := journal.Open(filepath.Join(j.Out, results.JournalFile), run.ConfigHash)
	if err != nil {
		return results.Report{}, err
	}
	defer log.Close()
	done, err := j.finished(log)
	j.kept.Store(int64(log.Len()))
	if err != nil {
		return results.Report{}, err
	}
	j.modeError = run.ModeError
	plan, err := j.answer(ctx, done, func(batch [][]byte) error {
		err := log.AppendBatch(batch)
		j.kept.Store(int64(log.Len()))
		if err == nil && j.afterItem != nil {
			j.afterItem(log.Len())
		}
		return err
	})
	if err != nil {
		return results.Report{}, j.stopped(ctx, err)
	}
	run.Plan = plan
	run.FirstToken = j.firstToken
	run.WallSeconds += time.Since(started).Seconds()
	run.ModeError = j.modeError
	run.Warnings = slices.Concat(warnings, j.judgeWarnings(), j.subject().warnings(), modeWarnings(run.ModeError))
	return j.finish(run, log)
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

// stopped words why a run ended early, and that nothing is lost.
func (j *Job) stopped(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	if kept := j.Kept(); kept != "" {
		return fmt.Errorf("%w: %s", err, kept)
	}
	return err
}

// finished lists the items that a journal holds.
func (j *Job) finished(log *journal.Journal) (map[item]bool, error) {
	done := make(map[item]bool, log.Len())
	j.outcomes = map[item]results.Outcome{}
	for i := range log.Len() {
		s, err := recorded(log, i)
		if err != nil {
			return nil, err
		}
		done[item{s.Task, int(s.DocID)}] = true
		j.note(s)
	}
	return done, nil
}

func recorded(log *journal.Journal, i int) (results.Sample, error) {
	payload, err := log.Payload(i)
	if err != nil {
		return results.Sample{}, err
	}
	return results.DecodeSample(payload)
}

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
	if j.Sequential == nil {
		if first := j.firstLook(done); len(first) > 0 {
			if err = all(first); err != nil {
				return plan, err
			}
			done = maps.Clone(done)
			if done == nil {
				done = map[item]bool{}
			}
			for task, ids := range first {
				for _, id := range ids {
					done[item{task, id}] = true
				}
			}
		}
		err = all(nil)
	} else {
		err = j.stages(all)
	}
	return plan, err
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
