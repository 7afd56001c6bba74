package runner

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/progress"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// numerics is the version of a mode's arithmetic and of everything else that
// decides a number. It changes when the same configuration would give other
// bits, so that a run is never resumed or compared across such a change.
func numerics(mode string) string {
	if mode == model.Fast {
		return "3"
	}
	return "2"
}

// A Job is one run: prepared tasks, a model and a place for the results.
type Job struct {
	Spec   Spec
	Tasks  []*Prepared
	Groups []*tasks.Group
	Local  *Local  // nil with Remote
	Remote *Remote // nil: a checkpoint on this machine
	Chat   *Chat   // nil: plain text

	Out     string // results folder; "": see DefaultOut
	Scratch bool   // nobody goes on from there
	Memory  int64  // bytes for the KV cache; 0: all that a GPU has left
	Threads int
	Mode    string

	Code        scoring.CodeRunner // nil when no task runs code
	SandboxKind string

	Sequential *Sequential // nil: every document is evaluated

	Progress func(progress.Options) *progress.P // makes the display once totals are known
	Version  string
	Binary   func() string // SHA-256 of the program's file; nil: unknown
	Command  []string
	Origin   results.Origin

	part      *results.ShardPart // of Spec.Shard, once it is cut
	same      *results.Score     // in a job that merges: see sameColumns
	judges    map[string]*judge  // by task
	afterItem func(done int)     // for tests, once items are durable
	maxBatch  int                // for tests; 0: the engine's own
	maxWave   int                // for tests; 0: waveBytes
	leastWave int                // for tests, of a sequential run; 0: leastWave

	afterStep func(inputs, generated int) // for tests, before progress is told

	wave     *wave     // the one that the engine answers
	forecast *forecast // of the run under way

	noting   sync.Mutex
	outcomes map[item]results.Outcome // of a sequential run

	kept       atomic.Int64       // items in the journal
	firstToken time.Time          // when the first tokens were computed
	modeError  *results.ModeError // of mode fast, once measured
}

// Close lets go of the model and of what runs generated code.
func (j *Job) Close() error {
	var err error
	if j.Local != nil {
		err = j.Local.Close()
	}
	if j.Remote != nil {
		err = j.Remote.Close()
	}
	if c, ok := j.Code.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	return err
}

// Config is everything that decides the numbers of the job.
func (j *Job) Config() (results.Config, error) {
	id, err := j.subject().identity()
	if err != nil {
		return results.Config{}, err
	}
	c := results.Config{
		Documents: results.Documents{Limit: j.Spec.Limit.number(), LimitOrder: "first", Items: j.Spec.Items, Shard: j.Spec.Shard.String()},
		Model:     id.name, ModelHash: id.hash, TokenizerHash: id.tokenizer,
		Mode: j.Mode, Device: id.device, ISA: id.isa, Numerics: numerics(j.Mode), Server: id.server,
		Seed: j.Spec.Seed, Shots: j.Spec.Shots, FewShot: j.Spec.FewShot.String(),
		Chat: j.Spec.Chat, System: j.Spec.System, BOS: j.Spec.BOS, Generation: j.Spec.Gen.config(),
		Sandbox: j.SandboxKind,
	}
	if j.Chat != nil {
		c.ChatTemplate, c.ChatShots = j.Chat.Hash, shotsAsTurns
		if j.Spec.ShotsInOne {
			c.ChatShots = shotsInOne
		}
	}
	if j.Spec.LimitRandom {
		c.Documents.LimitOrder = "random"
	}
	for _, p := range j.Tasks {
		c.Tasks = append(c.Tasks, results.TaskConfig{Name: p.Task.Name, Hash: p.Task.Hash, Data: p.DataHash})
		c.Documents.Sample = c.Documents.Sample || p.Sample
	}
	c.Documents.Sequential = j.Sequential.config()
	slices.SortFunc(c.Tasks, func(a, b results.TaskConfig) int { return strings.Compare(a.Name, b.Name) })
	return c, nil
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
			out = append(out, remark(p.Task.Name, jd.remarked, jd.remark))
		}
	}
	return out
}

// DefaultOut is the folder of a run without --out, named after the selection as
// the user typed it.
func (j *Job) DefaultOut() (string, error) {
	config, err := j.Config()
	if err != nil {
		return "", err
	}
	hash, err := config.Hash()
	if err != nil {
		return "", err
	}
	return results.FolderName(config.Model, j.Origin.Selection, hash), nil
}

// Plan builds all prompts and says what they cost, without computing.
func (j *Job) Plan() (results.Plan, error) {
	if err := j.takeShard(); err != nil {
		return results.Plan{}, err
	}
	source := j.waves(nil, nil)
	defer source.stop()
	var sum results.Plan
	for {
		w, err := source.wave()
		if err != nil || w == nil {
			return sum, err
		}
		p := j.subject().plan(w.requests)
		sum.Requests += int64(p.Requests)
		sum.TokensRequested += int64(p.TokensRequested)
		sum.TokensComputed += int64(p.TokensComputed)
	}
}

// Part says what the job's shard is of the whole, once it was planned or run;
// nil for a whole run.
func (j *Job) Part() *results.ShardPart { return j.part }

// Names lists the job's tasks and groups.
func (j *Job) Names() []string {
	var out []string
	for _, p := range j.Tasks {
		out = append(out, p.Task.Name)
	}
	for _, g := range j.Groups {
		out = append(out, g.Name)
	}
	return out
}

// Kept says how much of the run is done and where it is kept; empty when
// nothing is. It may be called at any time.
func (j *Job) Kept() string {
	n := j.kept.Load()
	if n == 0 || j.Scratch {
		return ""
	}
	return fmt.Sprintf("%d of %d items are done and kept in %s: the same command goes on from there", n, j.documents(), j.Out)
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
