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
	"slices"
	"time"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/journal"
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
		err := log.Append(batch...)
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
