package tasks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// decoder fills one task from a mapping with its includes resolved.
type decoder struct {
	files   *files
	task    *Task
	fewshot *node // fewshot_config
	gen     *node // generation_kwargs
}

// setter reads one key of a task file.
type setter func(d *decoder, n *node) error

// taskKeys are the keys of the schema (TaskConfig in the reference). Null is
// the same as an absent key, so setters never see it.
var taskKeys = map[string]setter{
	"task":       textTo(func(d *decoder) *string { return &d.task.Name }),
	"task_alias": textTo(func(d *decoder) *string { return &d.task.Alias }),
	"tag": func(d *decoder, n *node) (err error) {
		d.task.Tags, err = n.texts()
		return err
	},

	"dataset_path": textTo(func(d *decoder) *string { return &d.task.DatasetPath }),
	"dataset_name": textTo(func(d *decoder) *string { return &d.task.DatasetName }),
	"dataset_kwargs": func(d *decoder, n *node) (err error) {
		d.task.DatasetKwargs, err = n.dict()
		return err
	},
	"training_split":   textTo(func(d *decoder) *string { return &d.task.TrainSplit }),
	"validation_split": textTo(func(d *decoder) *string { return &d.task.ValidationSplit }),
	"test_split":       textTo(func(d *decoder) *string { return &d.task.TestSplit }),
	"fewshot_split":    textTo(func(d *decoder) *string { return &d.task.FewshotSplit }),
	"process_docs": func(d *decoder, n *node) (err error) {
		d.task.ProcessDocs, err = d.processDocs(n)
		return err
	},

	"output_type":       (*decoder).outputType,
	"doc_to_text":       exprTo(func(d *decoder) *Expr { return &d.task.DocToText }, ExprText, ExprInt, ExprFunc),
	"doc_to_target":     exprTo(func(d *decoder) *Expr { return &d.task.DocToTarget }, ExprText, ExprInt, ExprList, ExprFunc),
	"doc_to_choice":     exprTo(func(d *decoder) *Expr { return &d.task.DocToChoice }, ExprText, ExprList, ExprFunc),
	"description":       exprTo(func(d *decoder) *Expr { return &d.task.Description }, ExprText),
	"gen_prefix":        exprTo(func(d *decoder) *Expr { return &d.task.GenPrefix }, ExprText),
	"target_delimiter":  textTo(func(d *decoder) *string { return &d.task.TargetDelimiter }),
	"fewshot_delimiter": textTo(func(d *decoder) *string { return &d.task.FewshotDelimiter }),
	"fewshot_config":    func(d *decoder, n *node) error { d.fewshot = n; return n.want(mapNode, "a mapping") },
	"num_fewshot": func(d *decoder, n *node) error {
		v, err := n.count(0)
		d.task.NumFewshot = &v
		return err
	},

	"process_results":   (*decoder).processResults,
	"metric_list":       (*decoder).metricList,
	"generation_kwargs": func(d *decoder, n *node) error { d.gen = n; return n.want(mapNode, "a mapping") },
	"filter_list":       (*decoder).filterList,
	"repeats": func(d *decoder, n *node) (err error) {
		if d.task.Repeats, err = n.count(1); err == nil && d.task.Repeats > MaxRepeats {
			err = n.errorf("wants at most %d, this is %s", MaxRepeats, n.describe())
		}
		return err
	},
	"unsafe_code": func(d *decoder, n *node) (err error) {
		d.task.UnsafeCode, err = n.boolean()
		return err
	},
	"metadata": (*decoder).metadata,

	"class":          unsupported("a task written as a Python class"),
	"custom_dataset": func(d *decoder, n *node) error { return d.files.noPlace(n, "a data set") },
	"doc_to_image":   unsupported("a task with images"),
	"doc_to_audio":   unsupported("a task with audio"),
	"use_prompt":     unsupported("a promptsource template"),

	// Without an effect on prompts or scores.
	"should_decontaminate":         ignored,
	"doc_to_decontamination_query": ignored,
	"group":                        ignored,
	"task_list":                    ignored,
}

func ignored(*decoder, *node) error { return nil }

func unsupported(what string) setter {
	return func(_ *decoder, n *node) error { return n.errorf("%s is not supported", what) }
}

func textTo(field func(*decoder) *string) setter {
	return func(d *decoder, n *node) (err error) {
		*field(d), err = n.text()
		return err
	}
}

func exprTo(field func(*decoder) *Expr, kinds ...ExprKind) setter {
	return func(d *decoder, n *node) (err error) {
		*field(d), err = d.expr(n, kinds...)
		return err
	}
}

// task decodes and checks a definition.
func (f *files) task(root *node) (*Task, error) {
	if c := root.get("class"); !c.isNull() {
		var err error
		if root, err = f.standIn(root, c); err != nil {
			return nil, err
		}
	}
	d := &decoder{files: f, task: &Task{
		OutputType:       GenerateUntil,
		DatasetKwargs:    py.NewDict(),
		Metadata:         py.NewDict(),
		TargetDelimiter:  " ",
		FewshotDelimiter: "\n\n",
		Repeats:          1,
		File:             root.src.name,
		Builtin:          root.src.builtin,
	}}
	if !root.src.builtin {
		d.task.Dir = root.src.dir()
	}
	if err := d.keys(root, taskKeys, ""); err != nil {
		return nil, err
	}
	// Loading such a script needs consent to run it; we never run one.
	d.task.DatasetKwargs.Delete("trust_remote_code")
	for _, finish := range []func(*node) error{d.finishFewshot, d.finishGen, d.finishScoring, d.missing} {
		if err := finish(root); err != nil {
			return nil, err
		}
	}
	var err error
	d.task.Hash, err = f.definitionHash(root)
	return d.task, err
}

// standIn replaces a task written as a Python class, which we recognise as
// we do functions, by our definition of it under the name it was given.
func (f *files) standIn(root, class *node) (*node, error) {
	fn, err := f.function(class)
	if err != nil {
		return nil, err
	}
	if fn.class == "" {
		return nil, class.errorf("%s is not a task class", class.value)
	}
	own, err := f.load(&source{builtinDir + fn.class + ".yaml", true})
	if err != nil {
		return nil, err
	}
	own = own.with(root.without("class"))
	own.src, own.line = root.src, root.line
	return own, nil
}

// keys runs the setter of every key. prefix names the enclosing key.
func (d *decoder) keys(m *node, setters map[string]setter, prefix string) error {
	for _, p := range m.pairs {
		key, ok := p.key.(string)
		set := setters[key]
		if !ok || set == nil {
			known := slices.Sorted(maps.Keys(setters))
			return lineError(p.value.src, p.line, "unknown key %s%s%s", prefix, keyName(p.key), nearest.DidYouMean(keyName(p.key), known))
		}
		if p.value.isNull() {
			continue
		}
		if err := set(d, p.value); err != nil {
			return inKey(prefix+key, err)
		}
	}
	return nil
}

// inKey puts the key's name behind the position of an error.
func inKey(key string, err error) error {
	if _, ok := err.(*positionError); !ok {
		return err
	}
	return err.(*positionError).in(key)
}

func (d *decoder) outputType(n *node) error {
	s, err := n.text()
	if err != nil {
		return err
	}
	if !slices.Contains(outputTypes(), s) {
		return n.errorf("%s is not one of %s%s", quote(s), strings.Join(outputTypes(), ", "), nearest.DidYouMean(s, outputTypes()))
	}
	d.task.OutputType = OutputType(s)
	return nil
}

func (d *decoder) metadata(n *node) error {
	if n.kind != mapNode { // the reference keeps it aside (_factory.py)
		return nil
	}
	m, err := n.dict()
	if err != nil {
		return err
	}
	d.task.Metadata = m
	for _, p := range n.pairs {
		if p.value.isNull() {
			continue
		}
		switch p.key {
		case "version":
			v, _ := m.Get("version")
			d.task.Version = py.Str(v)
		case "primary":
			d.task.Primary, err = p.value.text()
		case "cluster":
			d.task.Cluster, err = d.expr(p.value, ExprText)
		case "loglikelihood_continuation":
			d.task.LoglikelihoodContinuation, err = p.value.text()
		}
		if err != nil {
			return inKey(py.Str(p.key), err)
		}
	}
	return nil
}

// missing names every key without which the task cannot be run.
func (d *decoder) missing(root *node) error {
	t := d.task
	var keys []string
	for _, k := range []struct {
		key    string
		absent bool
	}{
		{"task", t.Name == ""},
		{"dataset_path", t.DatasetPath == ""},
		{"test_split or validation_split", t.TestSplit == "" && t.ValidationSplit == ""},
		{"doc_to_text", t.DocToText.Kind == ExprNone && t.OutputType != LoglikelihoodRolling},
		{"doc_to_target", t.DocToTarget.Kind == ExprNone},
		{"doc_to_choice", t.DocToChoice.Kind == ExprNone && t.OutputType == MultipleChoice},
	} {
		if k.absent {
			keys = append(keys, k.key)
		}
	}
	if len(keys) > 0 {
		return fmt.Errorf("%s: task %s: missing: %s", root.src.name, orUnnamed(t.Name), strings.Join(keys, ", "))
	}
	return nil
}

func orUnnamed(name string) string {
	if name == "" {
		return "without a name"
	}
	return name
}

// definitionHash is the SHA-256 over a definition in canonical form: sorted
// keys as JSON, functions by the name of their implementation. Two files that
// say the same have the same hash wherever they lie.
func (f *files) definitionHash(root *node) (string, error) {
	h := sha256.New()
	for _, p := range slices.SortedFunc(slices.Values(root.pairs), func(a, b pair) int {
		return strings.Compare(py.Str(a.key), py.Str(b.key))
	}) {
		v, err := f.canonical(p.value)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s\n%s\n", py.JSON(py.Str(p.key), -1), py.JSON(v, -1))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (f *files) canonical(n *node) (py.Value, error) {
	switch n.kind {
	case funcNode:
		fn, err := f.function(n)
		if err != nil {
			return nil, err
		}
		return py.DictOf("!function", fn.qualified()), nil
	case listNode:
		out := make([]any, len(n.items))
		for i, c := range n.items {
			v, err := f.canonical(c)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case mapNode:
		out := py.NewDict()
		for _, p := range n.pairs {
			v, err := f.canonical(p.value)
			if err != nil {
				return nil, err
			}
			out.Set(py.Str(p.key), v)
		}
		return out, nil
	}
	return n.value, nil
}
