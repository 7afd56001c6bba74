package runner

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
)

// Merge writes to out what one unsharded run of the shards' configuration
// would have left; neither model nor data are read. The tasks and groups are
// those the shards were asked for. A finished folder of that run is only read.
func Merge(shards *Shards, selected []*tasks.Task, groups []*tasks.Group, out string, command []string) (results.Report, error) {
	first := shards.runs[0]
	config := first.Config
	config.Documents.Shard = ""
	hash, err := config.Hash()
	if err != nil {
		return results.Report{}, err
	}
	j, err := mergeJob(shards, selected, groups)
	if err != nil {
		return results.Report{}, err
	}
	run := shards.merged(config, hash, command)
	if objects.Is(out) {
		return j.mergeInStore(run, shards, out)
	}
	return j.mergeInFolder(run, shards, out)
}

// mergeInFolder is Merge to a folder of this machine.
func (j *Job) mergeInFolder(run results.Run, shards *Shards, out string) (results.Report, error) {
	lock, err := results.LockFolder(out)
	if err != nil {
		return results.Report{}, err
	}
	defer lock.Release()
	state, stored, err := results.Inspect(out, run.ConfigHash)
	switch {
	case err != nil:
		return results.Report{}, err
	case state == results.Finished:
		return storedReport(stored, out)
	case state == results.Unfinished && stored.Merged == nil:
		return results.Report{}, fmt.Errorf("%s holds an unfinished run of this configuration: finish it with the same `llamaeval run` command, or give another --out", out)
	}
	j.Out = out
	if err := results.Sweep(out); err != nil {
		return results.Report{}, err
	}
	if err := results.WriteRun(out, run); err != nil {
		return results.Report{}, err
	}
	return j.merge(run, shards)
}

// mergeJob is as much of the shards' job as scores need.
func mergeJob(shards *Shards, selected []*tasks.Task, groups []*tasks.Group) (*Job, error) {
	first := shards.runs[0]
	c := first.Config
	j := &Job{Groups: groups, same: &results.Score{
		Model: c.Model, ModelHash: c.ModelHash, TokenizerHash: c.TokenizerHash,
		Mode: c.Mode, Device: c.Device, ISA: c.ISA, Chat: c.Chat, BOS: first.Shard.BOS,
	}}
	if len(selected) != len(c.Tasks) {
		return nil, fmt.Errorf("the shards have %d tasks, their selection names %d now: give the folder of the run's task files with --tasks-dir, or use llamaeval %s", len(c.Tasks), len(selected), first.Version)
	}
	for _, t := range selected {
		i := slices.IndexFunc(first.Shard.Tasks, func(s results.ShardTask) bool { return s.Task == t.Name })
		k := slices.IndexFunc(c.Tasks, func(s results.TaskConfig) bool { return s.Name == t.Name })
		if i < 0 || k < 0 {
			return nil, fmt.Errorf("the shards have no task %s, which their selection names now: give the folder of the run's task files with --tasks-dir, or use llamaeval %s", t.Name, first.Version)
		}
		s := first.Shard.Tasks[i]
		p := &Prepared{Task: t, Shots: s.Shots, MaxTokens: s.MaxTokens, Sample: s.Sample, Warnings: s.Warnings, DataHash: c.Tasks[k].Data}
		if err := CheckTask(p, first); err != nil {
			return nil, err
		}
		j.Tasks = append(j.Tasks, p)
	}
	return j, j.newJudges()
}

// merge writes samples and scores, then run.json.
func (j *Job) merge(run results.Run, shards *Shards) (results.Report, error) {
	tallies := j.emptyTallies()
	if err := results.WriteSamples(j.Out, j.counted(shards.samples(), tallies)); err != nil {
		return results.Report{}, err
	}
	if err := shards.complete(tallies); err != nil {
		return results.Report{}, err
	}
	scores, rules, err := j.scores(tallies)
	if err != nil {
		return results.Report{}, err
	}
	if err := results.WriteScores(j.Out, scores); err != nil {
		return results.Report{}, err
	}
	run.Warnings = slices.Concat(run.Warnings, shards.runs[0].Shard.Warnings, j.warnings(tallies), withoutValue(j.Groups, scores))
	run.Groups, run.Prompts = rules, promptHashes(tallies)
	run.Finished = shards.finished()
	if err := results.WriteRun(j.Out, run); err != nil {
		return results.Report{}, err
	}
	scores, err = results.ReadScores(j.Out)
	return results.NewReport(run, scores, j.Out), err
}

// counted passes samples on and counts them in.
func (j *Job) counted(samples iter.Seq2[results.Sample, error], tallies map[string]*tally) iter.Seq2[results.Sample, error] {
	return func(yield func(results.Sample, error) bool) {
		for s, err := range samples {
			if err == nil && tallies[s.Task] == nil {
				err = fmt.Errorf("task %s has samples, but is none of the run's", s.Task)
			}
			if err == nil {
				tallies[s.Task].add(s)
				tallies[s.Task].prompt(s.DocID, s.PromptHash)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// complete compares the documents that were merged with those of the whole.
func (s *Shards) complete(tallies map[string]*tally) error {
	var wrong []error
	for _, t := range s.runs[0].Shard.Tasks {
		if n := len(tallies[t.Task].docs); n != t.Planned {
			wrong = append(wrong, fmt.Errorf("task %s: the shards have %d documents together, the run %d: run the shards again", t.Task, n, t.Planned))
		}
	}
	return errors.Join(wrong...)
}

// merged is the run.json of the whole, with the warnings that add up.
func (s *Shards) merged(config results.Config, hash string, command []string) results.Run {
	id := make([]byte, 8)
	rand.Read(id)
	run := s.runs[0]
	run.ID, run.ConfigHash, run.Config, run.Command = hex.EncodeToString(id), hash, config, command
	run.Shard, run.Groups, run.Files, run.Prompts, run.Programs = nil, nil, nil, nil, nil
	run.Resumed, run.WallSeconds, run.Plan, run.Finished = 0, 0, results.Plan{}, time.Time{}
	for _, r := range s.runs {
		run.Resumed += r.Resumed
		run.WallSeconds += r.WallSeconds
		run.Plan.Requests += r.Plan.Requests
		run.Plan.TokensRequested += r.Plan.TokensRequested
		run.Plan.TokensComputed += r.Plan.TokensComputed
		if r.Started.Before(run.Started) {
			run.Started = r.Started
		}
		if !r.FirstToken.IsZero() && (run.FirstToken.IsZero() || r.FirstToken.Before(run.FirstToken)) {
			run.FirstToken = r.FirstToken
		}
		for _, p := range r.Programs {
			if !slices.Contains(run.Programs, p) {
				run.Programs = append(run.Programs, p)
			}
		}
		run.Merged = append(run.Merged, results.MergedShard{
			Shard: r.Config.Documents.Shard, ID: r.ID, Version: r.Version, Host: r.Host, Device: r.Device,
			Threads: r.Threads, Started: r.Started, Finished: r.Finished, WallSeconds: r.WallSeconds, Plan: r.Plan,
		})
	}
	run.ModeError = s.modeError()
	run.Warnings = slices.Concat(s.differing(), s.remarks(), modeWarnings(run.ModeError))
	return run
}

// finished is when the last shard was.
func (s *Shards) finished() time.Time {
	var last time.Time
	for _, r := range s.runs {
		if r.Finished.After(last) {
			last = r.Finished
		}
	}
	return last
}
