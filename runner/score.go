package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"iter"
	"path/filepath"
	"slices"
	"time"

	"github.com/llamaeval/llamaeval/internal/durable"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/journal"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// finish makes the Parquet files from the journal, marks the run as finished
// and removes the journal.
func (j *Job) finish(run results.Run, log *journal.Journal) (results.Report, error) {
	order, tallies, err := j.tally(log)
	if err != nil {
		return results.Report{}, err
	}
	scores, rules, err := j.scores(tallies)
	if err != nil {
		return results.Report{}, err
	}
	if err := results.WriteSamples(j.Out, samples(log, order)); err != nil {
		return results.Report{}, err
	}
	if err := results.WriteScores(j.Out, scores); err != nil {
		return results.Report{}, err
	}
	run.Warnings = slices.Concat(j.shardWarnings(), run.Warnings, j.Chat.bosWarnings(j.Spec.BOS), j.warnings(tallies))
	if run.Shard = j.closePart(); run.Shard == nil {
		run.Warnings = append(run.Warnings, withoutValue(j.Groups, scores)...)
	}
	run.Prompts = promptHashes(tallies)
	run.Groups, run.Stopping = rules, j.stopping(tallies)
	run.Finished = time.Now().UTC()
	if err := results.WriteRun(j.Out, run); err != nil {
		return results.Report{}, err
	}
	if err := log.Close(); err != nil {
		return results.Report{}, err
	}
	if err := durable.Remove(filepath.Join(j.Out, results.JournalFile)); err != nil {
		return results.Report{}, err
	}
	stored, err := results.ReadScores(j.Out)
	return results.NewReport(run, stored, j.Out), err
}

// A tally is what scores need of a task's samples, in document order.
type tally struct {
	docs       []int32 // of rows
	rows       []scoring.Row
	truncated  int       // documents whose context was cut
	hitLimit   int       // generations that ended at their token limit
	generation int       // all generations
	prompts    hash.Hash // over all prompts; nil without documents
}

// tally reads the journal once: the records in the order of samples.parquet,
// and each task's numbers.
func (j *Job) tally(log *journal.Journal) ([]int, map[string]*tally, error) {
	type key struct {
		results.Sample
		record int
	}
	keys := make([]key, log.Len())
	rows := make([]tally, log.Len())
	for i := range keys {
		s, err := recorded(log, i)
		if err != nil {
			return nil, nil, err
		}
		keys[i] = key{results.Sample{Task: s.Task, DocID: s.DocID, PromptHash: s.PromptHash}, i}
		rows[i].add(s)
	}
	slices.SortFunc(keys, func(a, b key) int { return a.Compare(b.Sample) })
	order := make([]int, len(keys))
	tallies := j.emptyTallies()
	for i, k := range keys {
		order[i] = k.record
		tallies[k.Task].join(rows[k.record])
		tallies[k.Task].prompt(k.DocID, k.PromptHash)
	}
	return order, tallies, nil
}

// emptyTallies has one for every task: the turn of some may not have come.
func (j *Job) emptyTallies() map[string]*tally {
	out := map[string]*tally{}
	for _, p := range j.Tasks {
		out[p.Task.Name] = &tally{}
	}
	return out
}

// add counts a sample in.
func (t *tally) add(s results.Sample) {
	t.docs, t.rows = append(t.docs, s.DocID), append(t.rows, s.Metrics)
	t.generation += len(s.Finish)
	if s.TruncatedTokens > 0 {
		t.truncated++
	}
	for _, f := range s.Finish {
		if f == "length" {
			t.hitLimit++
		}
	}
}

// prompt adds a document's prompt to the hash; documents come in order.
func (t *tally) prompt(doc int32, hash string) {
	if t.prompts == nil {
		t.prompts = sha256.New()
	}
	fmt.Fprintf(t.prompts, "%d %s\n", doc, hash)
}

// promptHashes are those of the tasks that have documents, by name.
func promptHashes(tallies map[string]*tally) map[string]string {
	out := map[string]string{}
	for name, t := range tallies {
		if t.prompts != nil {
			out[name] = hex.EncodeToString(t.prompts.Sum(nil))
		}
	}
	return out
}

func (t *tally) join(o tally) {
	t.docs, t.rows = append(t.docs, o.docs...), append(t.rows, o.rows...)
	t.truncated += o.truncated
	t.hitLimit += o.hitLimit
	t.generation += o.generation
}

func samples(log *journal.Journal, order []int) iter.Seq2[results.Sample, error] {
	return func(yield func(results.Sample, error) bool) {
		for _, i := range order {
			s, err := recorded(log, i)
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// warnings says what a reader of the scores must know.
func (j *Job) warnings(tallies map[string]*tally) []string {
	var out []string
	for _, p := range j.Tasks {
		out = append(out, p.Warnings...)
		t := tallies[p.Task.Name]
		if t.truncated > 0 {
			out = append(out, fmt.Sprintf("task %s: the prompts of %d of %d documents did not fit the model's context and were cut at the front: fewer --shots or a model with a longer context avoid that", p.Task.Name, t.truncated, len(t.rows)))
		}
		if t.hitLimit > 0 {
			out = append(out, fmt.Sprintf("task %s: %d of %d generations (%.0f%%) ended at their token limit: if answers are cut off, --gen max_tokens=N raises it from %d",
				p.Task.Name, t.hitLimit, t.generation, 100*float64(t.hitLimit)/float64(t.generation), p.MaxTokens))
		}
		if text := t.disagreement(p.Task.Name); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// scores makes a row for each metric of each task and group, and says what
// groups' values are made of.
func (j *Job) scores(tallies map[string]*tally) (out []results.Score, rules []results.GroupRule, err error) {
	estimates := map[string][]estimate{}
	for _, p := range j.Tasks {
		rows := tallies[p.Task.Name].rows
		if len(rows) == 0 {
			continue
		}
		if estimates[p.Task.Name], err = j.judges[p.Task.Name].estimates(rows); err != nil {
			return nil, nil, err
		}
	}
	return j.rows(estimates, tallies)
}

// rows lays the tasks' estimates out as scores, and adds those of groups.
func (j *Job) rows(estimates map[string][]estimate, tallies map[string]*tally) (out []results.Score, rules []results.GroupRule, err error) {
	prepared := map[string]*Prepared{}
	for _, p := range j.Tasks {
		t := tallies[p.Task.Name]
		prepared[p.Task.Name] = p
		for _, e := range estimates[p.Task.Name] {
			s := j.row(p.Task.Name, results.KindTask, p.Task.Version, e)
			s.Primary = e.metric+","+e.filter == p.Task.Primary
			s.Shots, s.TaskHash, s.DataHash, s.Sample = int32(p.Shots), p.Task.Hash, p.DataHash, p.Sample
			s.Truncated, s.HitTokenLimit = int32(t.truncated), int32(t.hitLimit)
			j.markStopped(&s, tallies, p)
			out = append(out, s)
		}
	}
	values := groupValues{groups: j.Groups, estimates: estimates, prepared: prepared}
	for _, g := range j.Groups {
		es, primary, err := values.of(g)
		if err != nil {
			return nil, nil, err
		}
		for i, e := range es {
			s := j.row(g.Name, results.KindGroup, g.Version, e)
			s.Primary = i == primary
			j.describeGroup(&s, g, prepared, tallies)
			out = append(out, s)
			rules = append(rules, results.GroupRule{Group: g.Name, Metric: e.metric, Filter: e.filter, Members: e.members})
		}
	}
	return out, rules, nil
}

// sameColumns are those that are the same for all rows of a run.
func (j *Job) sameColumns() results.Score {
	if j.same != nil {
		return *j.same
	}
	id, _ := j.subject().identity() // Config has had it already
	return results.Score{
		Model: id.name, ModelHash: id.hash, TokenizerHash: id.tokenizer,
		Mode: j.Mode, Device: id.device, ISA: id.isa, Chat: j.Spec.Chat, BOS: j.writesBOS(),
	}
}

// writesBOS says whether prompts begin with BOS.
func (j *Job) writesBOS() bool { return j.subject().addsBOS(j.Spec.BOS) || j.Chat.writesBOS() }

// row makes the row of one value.
func (j *Job) row(name, kind, version string, e estimate) results.Score {
	s := j.sameColumns()
	s.Task, s.Kind, s.Version, s.Metric, s.Filter = name, kind, version, e.metric, e.filter
	s.N, s.Value, s.HigherIsBetter = int32(e.N), e.Value, e.higherIsBetter
	s.SetStdErr(e.StdErr, e.binary)
	if i := e.interval; i != nil && s.StdErr != nil {
		s.CILow, s.CIHigh = &i.low, &i.high
	}
	return s
}

// describeGroup fills in what a group's row says about its tasks: the shots
// they share (-1 if they differ) and hashes over theirs.
func (j *Job) describeGroup(s *results.Score, g *tasks.Group, prepared map[string]*Prepared, tallies map[string]*tally) {
	task, data := sha256.New(), sha256.New()
	var members []*Prepared
	for i, name := range g.Tasks {
		p := prepared[name]
		if i == 0 {
			s.Shots = int32(p.Shots)
		} else if s.Shots != int32(p.Shots) {
			s.Shots = -1
		}
		members = append(members, p)
		fmt.Fprintln(task, name, p.Task.Hash)
		fmt.Fprintln(data, name, p.DataHash)
		s.Sample = s.Sample || p.Sample
		s.Truncated += int32(tallies[name].truncated)
		s.HitTokenLimit += int32(tallies[name].hitLimit)
	}
	j.markStopped(s, tallies, members...)
	s.TaskHash, s.DataHash = hex.EncodeToString(task.Sum(nil)), hex.EncodeToString(data.Sum(nil))
}

// markStopped marks the score of tasks that a sequential run has not evaluated
// to their end.
func (j *Job) markStopped(s *results.Score, tallies map[string]*tally, of ...*Prepared) {
	if j.Sequential == nil {
		return
	}
	used, planned := 0, 0
	for _, p := range of {
		used += len(tallies[p.Task.Name].rows)
		planned += len(p.IDs)
	}
	if s.StoppedEarly = used < planned; s.StoppedEarly {
		s.Planned = int32(planned)
	}
}
