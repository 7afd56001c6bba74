package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/results"
)

// Shards are the finished shards of one run, in order.
type Shards struct {
	dirs []string
	runs []results.Run
}

// OpenShards reads the folders of a run's shards, in any order, and checks
// that all of them are there once, finished, and of one configuration.
func OpenShards(dirs []string) (*Shards, error) {
	var s Shards
	var wrong []error
	var have []int // shards that are there, finished or not
	for _, dir := range dirs {
		run, err := openShard(dir)
		if err != nil {
			wrong = append(wrong, err)
		}
		if run.Shard == nil {
			continue
		}
		have = append(have, run.Shard.Index)
		if err == nil {
			s.dirs, s.runs = append(s.dirs, dir), append(s.runs, run)
		}
	}
	if len(s.runs) > 0 {
		wrong = append(wrong, s.alike()...)
	}
	if len(s.runs) > 0 && len(wrong) < len(dirs) {
		wrong = append(wrong, missing(have, s.runs[0].Shard.Count)...)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	s.sort()
	return &s, nil
}

// openShard reads one folder. The run is returned with an error, too, when it
// is a shard's.
func openShard(dir string) (results.Run, error) {
	run, err := results.ReadRun(dir)
	if err != nil {
		return results.Run{}, err
	}
	if run.Shard == nil || run.Config.Documents.Shard == "" {
		return results.Run{}, fmt.Errorf("%s holds a whole run, not a shard of `llamaeval run --shard`: leave it out", dir)
	}
	if run.Finished.IsZero() {
		return run, fmt.Errorf("shard %s (%s) is unfinished: give its `llamaeval run` command again", run.Config.Documents.Shard, dir)
	}
	if run, err = OpenStored(dir); err == nil {
		err = checkPart(dir, run)
	}
	return run, err
}

// checkPart compares what a shard says of itself with its configuration.
func checkPart(dir string, run results.Run) error {
	s := run.Shard
	shard, err := ParseShard(run.Config.Documents.Shard)
	if err != nil || shard != (Shard{s.Index, s.Count}) {
		return fmt.Errorf("%s: %s says shard %d/%d and %.20q: it was changed", dir, results.RunFile, s.Index, s.Count, run.Config.Documents.Shard)
	}
	same := func(a results.ShardTask, b results.TaskConfig) bool { return a.Task == b.Name }
	if !slices.EqualFunc(s.Tasks, run.Config.Tasks, same) {
		return fmt.Errorf("%s: %s names other tasks for the shard than for the run: it was changed", dir, results.RunFile)
	}
	return nil
}

// alike says which shards are of another run than the first.
func (s *Shards) alike() []error {
	var wrong []error
	first := s.runs[0]
	for i, r := range s.runs[1:] {
		switch keys := different(first.Config, r.Config); {
		case len(keys) > 0:
			text := fmt.Sprintf("%s and %s are of two configurations: %s", s.dirs[0], s.dirs[i+1], strings.Join(keys, "; "))
			if first.Config.ISA != r.Config.ISA {
				text += ": LLAMAEVAL_ISA sets the same instruction set for all shards"
			}
			wrong = append(wrong, errors.New(text))
		case first.Shard.Count != r.Shard.Count:
			wrong = append(wrong, fmt.Errorf("%s is a shard of %d, %s of %d: merge those of one cut", s.dirs[0], first.Shard.Count, s.dirs[i+1], r.Shard.Count))
		case first.Shard.Cut != r.Shard.Cut:
			wrong = append(wrong, fmt.Errorf("%s (llamaeval %s) and %s (llamaeval %s) were cut differently: run all shards with one program", s.dirs[0], first.Version, s.dirs[i+1], r.Version))
		}
	}
	return wrong
}

// different names what differs between two configurations, but for the shard.
func different(a, b results.Config) []string {
	a.Documents.Shard, b.Documents.Shard = "", ""
	x, y := fields(a), fields(b)
	var out []string
	for _, key := range sortedKeys(x, y) {
		switch v, w := x[key], y[key]; {
		case reflect.DeepEqual(v, w):
		case key == "tasks" || key == "documents" || key == "generation":
			out = append(out, "other "+key)
		default:
			out = append(out, fmt.Sprintf("%s %.60s and %.60s", key, v, w))
		}
	}
	return out
}

func fields(c results.Config) map[string]string {
	var raw map[string]json.RawMessage
	data, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(data, &raw)
	}
	if err != nil { // it came from JSON
		panic(err)
	}
	out := map[string]string{}
	for k, v := range raw {
		out[k] = strings.Trim(string(v), `"`)
	}
	return out
}

func sortedKeys(a, b map[string]string) []string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// missing names shards that are not there or there twice.
func missing(have []int, count int) []error {
	times := make([]int, count+1)
	for _, i := range have {
		if i >= 1 && i <= count {
			times[i]++
		}
	}
	var gone, twice []int
	for i, n := range times[1:] {
		if n == 0 {
			gone = append(gone, i+1)
		}
		if n > 1 {
			twice = append(twice, i+1)
		}
	}
	var wrong []error
	if len(gone) > 0 {
		wrong = append(wrong, fmt.Errorf("of %d shards are missing: %s", count, ranges(gone)))
	}
	if len(twice) > 0 {
		wrong = append(wrong, fmt.Errorf("given more than once: shard %s", ranges(twice)))
	}
	return wrong
}

// ranges writes ascending numbers as a job array takes them: 1,4-7.
func ranges(n []int) string {
	var out []string
	for i := 0; i < len(n); {
		k := i
		for k+1 < len(n) && n[k+1] == n[k]+1 {
			k++
		}
		text := fmt.Sprint(n[i])
		if k > i {
			text += fmt.Sprintf("-%d", n[k])
		}
		out, i = append(out, text), k+1
	}
	return strings.Join(out, ",")
}

// sort puts the shards in order.
func (s *Shards) sort() {
	dirs, runs := make([]string, len(s.dirs)), make([]results.Run, len(s.runs))
	for i, r := range s.runs {
		dirs[r.Shard.Index-1], runs[r.Shard.Index-1] = s.dirs[i], r
	}
	s.dirs, s.runs = dirs, runs
}

// Origin says where the shards' parts came from.
func (s *Shards) Origin() results.Origin { return s.runs[0].Origin }

// modeError is that of mode fast over all shards; nil in mode exact.
func (s *Shards) modeError() *results.ModeError {
	var all results.ModeError
	for _, r := range s.runs {
		if e := r.ModeError; e != nil {
			all.Mean += e.Mean * float64(e.Tokens)
			all.Tokens += e.Tokens
			all.Argmax += e.Argmax
			all.Max = max(all.Max, e.Max)
		}
	}
	if all.Tokens == 0 {
		return nil
	}
	all.Mean /= float64(all.Tokens)
	return &all
}

// modeWarnings says what mode fast costs.
func modeWarnings(e *results.ModeError) []string {
	if e == nil {
		return nil
	}
	return []string{"mode fast: " + model.ModeError(*e).String()}
}

// differing says what differs between shards and is no part of their
// configuration.
func (s *Shards) differing() []string {
	var out []string
	for _, what := range []struct {
		name string
		of   func(results.Run) string
	}{
		{"versions of llamaeval", func(r results.Run) string { return r.Version }},
		{"architectures", func(r results.Run) string { return r.Arch }},
	} {
		var all []string
		for _, r := range s.runs {
			all = append(all, what.of(r))
		}
		slices.Sort(all)
		if all = slices.Compact(all); len(all) > 1 {
			out = append(out, fmt.Sprintf("the shards were computed by different %s: %s", what.name, strings.Join(all, ", ")))
		}
	}
	return out
}

// remarks adds up what metrics had to remark.
func (s *Shards) remarks() []string {
	var out []string
	for i, t := range s.runs[0].Shard.Tasks {
		n, text := 0, ""
		for _, r := range s.runs {
			n += r.Shard.Tasks[i].Remarked
			if text == "" {
				text = r.Shard.Tasks[i].Remark
			}
		}
		if n > 0 {
			out = append(out, remark(t.Task, n, text))
		}
	}
	return out
}

func remark(task string, n int, text string) string {
	return fmt.Sprintf("task %s: %d of its documents: %s", task, n, text)
}
