package runner

import (
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// A Need is one split that a task reads.
type Need struct {
	Ref   dataset.Ref
	Split string
	// Optional is set where the task has no shots unless it is given some.
	Optional bool
}

// Needs lists the splits that a task reads, with any number of shots: the one
// it evaluates, and the one its exemplars come from if that is another.
func Needs(t *tasks.Task) ([]Need, error) {
	split, err := t.EvalSplit()
	if err != nil {
		return nil, err
	}
	out := []Need{{Ref: refOf(t), Split: split}}
	pool := poolOf(t, split)
	if pool.samples || t.OutputType == tasks.LoglikelihoodRolling || pool.split == split && t.Fewshot.DatasetPath == "" {
		return out, nil
	}
	own := t.NumFewshot != nil && *t.NumFewshot > 0
	return append(out, Need{pool.ref, pool.split, !own}), nil
}

func refOf(t *tasks.Task) dataset.Ref {
	return dataset.Ref{Path: t.DatasetPath, Config: t.DatasetName, Kwargs: t.DatasetKwargs, Dir: t.Dir}
}

// A poolSource is where a task's exemplars come from.
type poolSource struct {
	ref     dataset.Ref
	split   string
	samples bool              // given in the task file, nothing is read
	process tasks.ProcessDocs // nil: the documents as they are stored
}

// poolOf is the few-shot split, else given samples, else train, else
// validation, else the evaluated split itself.
func poolOf(t *tasks.Task, evaluated string) poolSource {
	p := poolSource{ref: refOf(t), process: t.ProcessDocs}
	switch {
	case t.Fewshot.Split != "":
		p.split, p.process = t.Fewshot.Split, t.Fewshot.ProcessDocs
		if path := t.Fewshot.DatasetPath; path != "" {
			p.ref = dataset.Ref{Path: path, Config: t.Fewshot.DatasetName}
		}
	case t.Fewshot.Samples != nil:
		p.split, p.samples = "given samples", true
	case t.TrainSplit != "":
		p.split = t.TrainSplit
	case t.ValidationSplit != "":
		p.split = t.ValidationSplit
	default:
		p.split = evaluated
	}
	return p
}
