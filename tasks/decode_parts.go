package tasks

import (
	"slices"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// fewshotKeys are the keys of fewshot_config (FewshotConfig in the reference).
var fewshotKeys = map[string]setter{
	"sampler": (*decoder).sampler,
	"split":   textTo(func(d *decoder) *string { return &d.task.Fewshot.Split }),
	"process_docs": func(d *decoder, n *node) (err error) {
		d.task.Fewshot.ProcessDocs, err = d.processDocs(n)
		return err
	},
	"samples":           (*decoder).samples,
	"doc_to_text":       exprTo(func(d *decoder) *Expr { return &d.task.Fewshot.DocToText }, ExprText, ExprInt, ExprFunc),
	"doc_to_target":     exprTo(func(d *decoder) *Expr { return &d.task.Fewshot.DocToTarget }, ExprText, ExprInt, ExprList, ExprFunc),
	"doc_to_choice":     exprTo(func(d *decoder) *Expr { return &d.task.Fewshot.DocToChoice }, ExprText, ExprList, ExprFunc),
	"gen_prefix":        exprTo(func(d *decoder) *Expr { return &d.task.Fewshot.GenPrefix }, ExprText),
	"fewshot_delimiter": textTo(func(d *decoder) *string { return &d.task.Fewshot.FewshotDelimiter }),
	"target_delimiter":  textTo(func(d *decoder) *string { return &d.task.Fewshot.TargetDelimiter }),
	// The reference reads it and never hands it to its sampler.
	"fewshot_indices": ignored,
}

// finishFewshot reads fewshot_config over what is inherited from the task.
func (d *decoder) finishFewshot(*node) error {
	t := d.task
	t.Fewshot.Sampler = "default"
	t.Fewshot.Split = t.FewshotSplit
	t.Fewshot.ProcessDocs = t.ProcessDocs
	t.Fewshot.FewshotDelimiter = t.FewshotDelimiter
	t.Fewshot.TargetDelimiter = t.TargetDelimiter
	if d.fewshot == nil {
		return nil
	}
	return d.keys(d.fewshot, fewshotKeys, "fewshot_config.")
}

func (d *decoder) sampler(n *node) error {
	known := []string{"default", "first_n"}
	s, err := n.text()
	if err != nil {
		return err
	}
	if !slices.Contains(known, s) {
		return n.errorf("%s is neither default nor first_n%s", quote(s), nearest.DidYouMean(s, known))
	}
	d.task.Fewshot.Sampler = s
	return nil
}

// samples reads exemplars given in the file, one mapping each, or by a
// function.
func (d *decoder) samples(n *node) error {
	if n.kind == funcNode {
		fn, err := d.files.function(n)
		if err == nil && fn.samples == nil {
			err = n.errorf("!function %s does not give exemplars", n.value)
		}
		if err == nil && d.fewshot.get("split").isNull() { // a split wins over samples
			d.useSamples(*fn.samples)
		}
		return err
	}
	if err := n.want(listNode, "a list of documents"); err != nil {
		return err
	}
	d.task.Fewshot.Samples = make([]*py.Dict, len(n.items))
	for i, c := range n.items {
		doc, err := c.dict()
		if err != nil {
			return err
		}
		d.task.Fewshot.Samples[i] = doc
	}
	return nil
}

func (d *decoder) useSamples(s samples) {
	f := &d.task.Fewshot
	f.Split, f.ProcessDocs = s.split, s.pick
	if d.task.DatasetPath != s.path || d.task.DatasetName != s.config {
		f.DatasetPath, f.DatasetName = s.path, s.config
	}
}

func (d *decoder) processDocs(n *node) (ProcessDocs, error) {
	fn, err := d.files.function(n)
	if err != nil {
		return nil, err
	}
	if fn.docs == nil {
		return nil, n.errorf("!function %s does not map a whole split", n.value)
	}
	return fn.docs, nil
}

// finishGen reads generation_kwargs as the reference's Hugging Face backend
// does (normalize_gen_kwargs): do_sample follows the temperature unless it is
// set, and wins over it when it is.
func (d *decoder) finishGen(*node) error {
	t := d.task
	t.Gen = Gen{Until: []string{t.FewshotDelimiter}, TopP: 1, Extra: py.NewDict()}
	if d.gen == nil {
		return nil
	}
	var doSample *bool
	temperature, limitRank := -1.0, len(limitKeys)
	for _, p := range d.gen.pairs {
		key, err := py.Str(p.key), error(nil)
		switch rank := slices.Index(limitKeys, key); {
		case key == "until":
			t.Gen.Until = nil
			if !p.value.isNull() {
				t.Gen.Until, err = p.value.texts()
			}
		case p.value.isNull():
		case rank >= 0:
			var v int
			if v, err = p.value.count(1); rank < limitRank {
				t.Gen.MaxTokens, limitRank = v, rank
			}
		case key == "do_sample":
			var v bool
			v, err = p.value.boolean()
			doSample = &v
		case key == "temperature":
			if temperature, err = p.value.number(); err == nil && !(temperature >= 0) {
				err = p.value.errorf("wants a number of at least 0, this is %s", p.value.describe())
			}
		case key == "top_p":
			if t.Gen.TopP, err = p.value.number(); err == nil && !(t.Gen.TopP > 0 && t.Gen.TopP <= 1) {
				err = p.value.errorf("wants a number above 0 and up to 1, this is %s", p.value.describe())
			}
		default:
			var v py.Value
			v, err = p.value.plain()
			t.Gen.Extra.Set(p.key, v)
		}
		if err != nil {
			return inKey("generation_kwargs."+key, err)
		}
	}
	t.Gen.sample(doSample, temperature)
	return nil
}

// sample decides between sampling and the likeliest token: doSample is nil and
// temperature negative where the file says nothing.
func (g *Gen) sample(doSample *bool, temperature float64) {
	g.DoSample = temperature > 0
	if doSample != nil {
		g.DoSample = *doSample
	}
	switch {
	case g.DoSample && temperature < 0:
		g.Temperature = 1 // transformers' own default
	case g.DoSample:
		g.Temperature = temperature
	}
}

// limitKeys are the names of the token limit; the first one present counts.
var limitKeys = []string{"max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens"}
