package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// A Prepared task has its documents loaded and its prompts ready to be built;
// no model is needed for it.
type Prepared struct {
	Task     *tasks.Task
	Shots    int
	IDs      []int            // documents to evaluate, ascending indices into the split
	Size     int              // documents in the split
	Builder  *prompts.Builder // nil in a job that merges
	DataHash string           // of every split that was read
	Sample   bool             // the embedded sample, not the benchmark
	Warnings []string

	MaxTokens int // the longest text that a generation may have
}

// Prepare loads a task's data and compiles its templates. inGroup says that
// the task was chosen as part of a group, where shots it cannot take are a
// warning and not an error.
func Prepare(ctx context.Context, store *dataset.Store, t *tasks.Task, inGroup bool, spec Spec, chat *Chat) (*Prepared, error) {
	p := &Prepared{Task: t}
	if err := p.setShots(spec, inGroup); err != nil {
		return nil, err
	}
	l := loader{ctx: ctx, store: store, task: t, hash: sha256.New()}
	split, err := t.EvalSplit()
	if err != nil {
		return nil, err
	}
	docs, err := l.docs(refOf(t), split, t.ProcessDocs)
	if err != nil {
		return nil, err
	}
	p.Size = len(docs)
	var pool prompts.Pool
	if p.Shots > 0 {
		if pool, err = l.pool(split); err != nil {
			return nil, err
		}
	}
	p.Sample, p.Warnings = l.sample, append(p.Warnings, l.warnings...)
	p.DataHash = hex.EncodeToString(l.hash.Sum(nil))
	gen := spec.Gen.apply(generation(t))
	p.MaxTokens = gen.MaxTokens
	p.Warnings = append(p.Warnings, samplesWarnings(t, gen)...)
	options := prompts.Options{Shots: p.Shots, Rule: spec.FewShot, Seed: spec.Seed, System: spec.System, Chat: chat.config(), Gen: gen}
	if p.Builder, err = prompts.NewBuilder(t, docs, pool, options); err != nil {
		var small *prompts.PoolError
		if errors.As(err, &small) {
			return nil, &UsageError{small.Error()}
		}
		return nil, err
	}
	p.Warnings = append(p.Warnings, chat.warnings(p)...)
	p.IDs, err = spec.documents(t.Name, len(docs))
	return p, err
}

func (p *Prepared) setShots(spec Spec, inGroup bool) error {
	if p.Task.NumFewshot != nil {
		p.Shots = *p.Task.NumFewshot
	}
	if spec.Shots == nil {
		return nil
	}
	if *spec.Shots > 0 && p.Task.OutputType == tasks.LoglikelihoodRolling {
		what := fmt.Sprintf("task %s measures perplexity and takes no shots", p.Task.Name)
		if !inGroup {
			return &UsageError{what + ": leave --shots out"}
		}
		p.Warnings = append(p.Warnings, what+", it keeps its own setting: --shots is for the other tasks")
		return nil
	}
	p.Shots = *spec.Shots
	return nil
}

// generation is a task's own way of generating.
func generation(t *tasks.Task) prompts.Generation {
	g := prompts.Generation{Until: t.Gen.Until, MaxTokens: t.Gen.MaxTokens, Temperature: t.Gen.Temperature, TopP: t.Gen.TopP, Samples: max(1, t.Repeats)}
	if g.MaxTokens == 0 {
		g.MaxTokens = tasks.DefaultMaxTokens
	}
	return g
}

// A loader reads the splits of one task and keeps a hash over them.
type loader struct {
	ctx   context.Context
	store *dataset.Store
	task  *tasks.Task
	hash  hash.Hash

	sample   bool
	warnings []string
}

func (l *loader) docs(ref dataset.Ref, split string, process tasks.ProcessDocs) ([]*py.Dict, error) {
	s, err := l.store.Load(l.ctx, ref, split)
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", l.task.Name, err)
	}
	fmt.Fprintf(l.hash, "%s %s\n", split, s.Hash)
	l.sample = l.sample || s.Sample
	if process == nil {
		return s.Docs, nil
	}
	docs, err := process(s.Docs)
	if err != nil {
		return nil, fmt.Errorf("task %s, split %s: process_docs: %w", l.task.Name, split, err)
	}
	return docs, nil
}

// pool reads where exemplars come from; see poolOf.
func (l *loader) pool(evaluated string) (prompts.Pool, error) {
	t := l.task
	from := poolOf(t, evaluated)
	// The reference compares the names as written; two unset ones are equal.
	p := prompts.Pool{Name: from.split, ExcludeDoc: t.Fewshot.Split == t.TestSplit && t.Fewshot.DatasetPath == ""}
	if from.samples {
		p.Docs = t.Fewshot.Samples
		return p, nil
	}
	// A task that names the split and leaves the evaluated document out is
	// meant so (bbh).
	if p.Name == evaluated && !(p.ExcludeDoc && t.Fewshot.Split != "") {
		l.warnings = append(l.warnings, fmt.Sprintf("task %s draws its shots from the split it evaluates (%s): set fewshot_split in the task file to draw them elsewhere", t.Name, evaluated))
	}
	var err error
	p.Docs, err = l.docs(from.ref, p.Name, from.process)
	return p, err
}
