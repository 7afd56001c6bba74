package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	config := j.Config()
	hash, err := config.Hash()
	if err != nil {
		return results.Report{}, err
	}
	if err := j.newJudges(); err != nil {
		return results.Report{}, err
	}
	if state, stored, err := results.Inspect(j.Out, hash); err != nil {
		return results.Report{}, err
	} else if state == results.Finished {
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
	if err := results.Sweep(j.Out); err != nil {
		return results.Report{}, err
	}
	if err := results.WriteRun(j.Out, run); err != nil {
		return results.Report{}, err
	}
	return j.resume(ctx, run)
}

func storedReport(run results.Run, out string) (results.Report, error) {
	scores, err := results.ReadScores(out)
	if err != nil {
		return results.Report{}, err
	}
	run.Plan.TokensComputed = 0 // by this process
	return results.NewReport(run, scores, out), nil
}

func (j *Job) newRun(config results.Config, hash string) results.Run {
	id := make([]byte, 8)
	rand.Read(id)
	host, _ := os.Hostname() // for information only
	source := ""
	if j.Chat != nil {
		source = j.Chat.Source
	}
	return results.Run{
		ChatSource: source,
		ID:         hex.EncodeToString(id), ConfigHash: hash, Config: config,
		Version: j.Version, Command: j.Command, ModelPath: j.Local.Path,
		Device: config.Device + " (" + config.ISA + ")", Host: host, OS: runtime.GOOS, Arch: runtime.GOARCH,
		Threads: j.Threads, Memory: j.Memory, Started: time.Now().UTC(),
	}
}

// resume answers what the journal lacks and closes the run.
func (j *Job) resume(ctx context.Context, run results.Run) (results.Report, error) {
	started := time.Now()
	log, warnings, err := journal.Open(filepath.Join(j.Out, results.JournalFile), run.ConfigHash)
	if err != nil {
		return results.Report{}, err
	}
	defer log.Close()
	done, err := finished(log)
	if err != nil {
		return results.Report{}, err
	}
	w, err := j.wave(done)
	if err != nil {
		return results.Report{}, err
	}
	if run.ModeError == nil && j.Mode == model.Fast && len(w.requests) > 0 {
		if run.ModeError, err = j.modeError(w); err != nil {
			return results.Report{}, err
		}
		if err := results.WriteRun(j.Out, run); err != nil {
			return results.Report{}, err
		}
	}
	tokens, err := j.answer(ctx, w, log, len(done))
	if err != nil {
		return results.Report{}, j.stopped(ctx, log, err)
	}
	run.Plan = results.Plan{
		Requests: int64(len(w.requests)), TokensRequested: int64(engine.TokensRequested(w.requests)), TokensComputed: tokens,
	}
	run.WallSeconds += time.Since(started).Seconds()
	run.Warnings = append(warnings, j.judgeWarnings()...)
	if e := run.ModeError; e != nil {
		run.Warnings = append(run.Warnings, "mode fast: "+model.ModeError(*e).String())
	}
	return j.finish(run, log)
}

// modeTokens is how much of the run's text mode fast is measured on: some
// tenths of a second of work.
const modeTokens = 512

// modeError compares the modes on the beginning of the wave's requests.
func (j *Job) modeError(w *wave) (*results.ModeError, error) {
	var tokens []int32
	for _, r := range w.requests {
		if len(tokens) >= modeTokens {
			break
		}
		tokens = append(tokens, r.Tokens...)
	}
	e, err := j.Local.Model.CompareModes(tokens[:min(len(tokens), modeTokens)])
	if err != nil {
		return nil, err
	}
	stored := results.ModeError(e)
	return &stored, nil
}

// stopped words why a run ended early, and that nothing is lost.
func (j *Job) stopped(ctx context.Context, log *journal.Journal, err error) error {
	if cause := context.Cause(ctx); ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	if log.Len() == 0 {
		return err
	}
	return fmt.Errorf("%w: %d of %d items are done and kept in %s: the same command goes on from there", err, log.Len(), j.documents(), j.Out)
}

// finished lists the items that a journal holds.
func finished(log *journal.Journal) (map[item]bool, error) {
	done := make(map[item]bool, log.Len())
	for i := range log.Len() {
		s, err := recorded(log, i)
		if err != nil {
			return nil, err
		}
		done[item{s.Task, int(s.DocID)}] = true
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

// answer runs the wave. Items are judged and made durable beside the model's
// work, each as soon as its last answer is there. It returns the tokens that
// this process computed.
func (j *Job) answer(ctx context.Context, w *wave, log *journal.Journal, done int) (int64, error) {
	show := j.Progress(progress.Options{Total: j.documents(), Done: done})
	defer show.Finish()
	var tokens int64
	e := engine.New(j.Local.Model, j.tokenBytes, engine.Options{Memory: j.Memory, Progress: func(n int) {
		tokens += int64(n)
		show.Add(0, int64(n))
	}})
	answered := make(chan *work)
	ready := make(chan []byte, 64)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(answered)
		return e.Run(ctx, w.requests, func(request int, a engine.Answer) error {
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
	group.Go(func() error { return j.record(log, ready, show) })
	err := group.Wait()
	return tokens, err
}

func (j *Job) tokenBytes(token int32) []byte { return j.Local.Tokenizer.DecodeBytes([]int32{token}) }

func (j *Job) judgeAll(ctx context.Context, answered <-chan *work, ready chan<- []byte) error {
	decode := func(tokens []int32) string { return j.Local.Tokenizer.Decode(tokens, true) }
	for wk := range answered {
		s := wk.sample(decode)
		if err := j.judges[s.Task].judge(ctx, wk.item, &s); err != nil {
			return fmt.Errorf("task %s, doc %d: %w", s.Task, s.DocID, err)
		}
		payload, err := s.Encode()
		if err != nil {
			return err
		}
		ready <- payload
	}
	return nil
}

// record appends what is ready, all of it with one wait for the disk.
func (j *Job) record(log *journal.Journal, ready <-chan []byte, show *progress.P) error {
	var failed error
	for payload := range ready {
		batch := [][]byte{payload}
		for len(ready) > 0 {
			batch = append(batch, <-ready)
		}
		if failed == nil { // keep draining, so that nobody waits for this channel
			if failed = log.AppendBatch(batch); failed == nil {
				show.Add(len(batch), 0)
				if j.afterItem != nil {
					j.afterItem(log.Len())
				}
			}
		}
	}
	return failed
}
