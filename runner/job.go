package runner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/runner/progress"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// Numerics is the version of the arithmetic and of everything else that
// decides a number. It changes when the same configuration would give other
// bits, so that a run is never resumed or compared across such a change.
const Numerics = "1"

// A Job is one run: prepared tasks, a model and a place for the results.
type Job struct {
	Spec   Spec
	Tasks  []*Prepared
	Groups []*tasks.Group
	Local  *Local
	Chat   *Chat // nil: plain text

	Out     string // results folder; "": see DefaultOut
	Memory  int64  // bytes for the KV cache
	Threads int
	Mode    string

	Code        scoring.CodeRunner // nil when no task runs code
	SandboxKind string

	Progress func(progress.Options) *progress.P // makes the display once totals are known
	Version  string
	Command  []string

	judges    map[string]*judge // by task
	afterItem func(done int)    // for tests, once items are durable
}

// Config is everything that decides the numbers of the job.
func (j *Job) Config() results.Config {
	c := results.Config{
		Documents: results.Documents{Limit: j.Spec.Limit.number(), LimitOrder: "first", Items: j.Spec.Items},
		Model:     j.Local.Name, ModelHash: j.Local.Hash, TokenizerHash: j.Local.Tokenizer.Hash(),
		Mode: j.Mode, Device: "cpu", ISA: j.Local.Model.ISA(), Numerics: Numerics,
		Seed: j.Spec.Seed, Shots: j.Spec.Shots, FewShot: j.Spec.FewShot.String(),
		Chat: j.Spec.Chat, System: j.Spec.System, BOS: j.Spec.BOS, Generation: j.Spec.Gen.config(),
		Sandbox: j.SandboxKind,
	}
	if j.Chat != nil {
		c.ChatTemplate, c.ChatShots = j.Chat.Hash, "turns"
		if j.Spec.ShotsInOne {
			c.ChatShots = "message"
		}
	}
	if j.Spec.LimitRandom {
		c.Documents.LimitOrder = "random"
	}
	for _, p := range j.Tasks {
		c.Tasks = append(c.Tasks, results.TaskConfig{Name: p.Task.Name, Hash: p.Task.Hash, Data: p.DataHash})
		c.Documents.Sample = c.Documents.Sample || p.Sample
	}
	slices.SortFunc(c.Tasks, func(a, b results.TaskConfig) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// newJudges resolves all filters and metrics, before anything is computed.
func (j *Job) newJudges() error {
	j.judges = map[string]*judge{}
	for _, p := range j.Tasks {
		jd, err := newJudge(p.Task, j.Code)
		if err != nil {
			return err
		}
		j.judges[p.Task.Name] = jd
	}
	return nil
}

// judgeWarnings says what the metrics of this process had to remark.
func (j *Job) judgeWarnings() []string {
	var out []string
	for _, p := range j.Tasks {
		if jd := j.judges[p.Task.Name]; jd.remarked > 0 {
			out = append(out, fmt.Sprintf("task %s: %d of its documents: %s", p.Task.Name, jd.remarked, jd.remark))
		}
	}
	return out
}

// DefaultOut is the folder of a run without --out; names are those the user
// asked for, groups as groups.
func (j *Job) DefaultOut(names []string) (string, error) {
	hash, err := j.Config().Hash()
	if err != nil {
		return "", err
	}
	return results.FolderName(j.Local.Name, names, hash), nil
}

// Plan builds all prompts and says what they cost, without computing.
func (j *Job) Plan() (results.Plan, error) {
	w, err := j.wave(nil)
	if err != nil {
		return results.Plan{}, err
	}
	return planOf(engine.MakePlan(w.requests)), nil
}

func planOf(p engine.Plan) results.Plan {
	return results.Plan{Requests: int64(p.Requests), TokensRequested: int64(p.TokensRequested), TokensComputed: int64(p.TokensComputed)}
}

// wave builds and encodes every item that is not done yet.
func (j *Job) wave(done map[item]bool) (*wave, error) {
	enc := j.Local.encoder(j.Spec.BOS)
	w := &wave{encoder: enc, ends: j.Local.ends(), endText: j.Local.text(j.Local.Tokenizer.EOS()), seed: j.Spec.Seed}
	for _, p := range j.Tasks {
		for it, err := range p.Builder.Items(p.IDs) {
			if err != nil {
				return nil, err
			}
			if done[item{p.Task.Name, it.DocID}] {
				continue
			}
			if err := w.add(p, it); err != nil {
				return nil, fmt.Errorf("task %s, doc %d: %w", p.Task.Name, it.DocID, err)
			}
		}
	}
	return w, nil
}

// documents counts the items of the job.
func (j *Job) documents() int {
	n := 0
	for _, p := range j.Tasks {
		n += len(p.IDs)
	}
	return n
}

// item identifies a document of a task.
type item struct {
	task string
	doc  int
}
