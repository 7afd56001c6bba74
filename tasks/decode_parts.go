package tasks

import (
	"fmt"
	"slices"
	"strings"

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
	t.Gen.DoSample = temperature > 0
	if doSample != nil {
		t.Gen.DoSample = *doSample
	}
	switch {
	case t.Gen.DoSample && temperature < 0:
		t.Gen.Temperature = 1 // transformers' own default
	case t.Gen.DoSample:
		t.Gen.Temperature = temperature
	}
	return nil
}

// limitKeys are the names of the token limit; the first one present counts.
var limitKeys = []string{"max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens"}

func (d *decoder) processResults(n *node) error {
	name, err := d.scoringFunction(n)
	d.task.ProcessResults = name
	return err
}

// scoringFunction is the name by which package scoring knows a function.
func (d *decoder) scoringFunction(n *node) (string, error) {
	fn, err := d.files.function(n)
	if err != nil {
		return "", err
	}
	if fn.scoring == "" {
		return "", n.errorf("!function %s does not score or filter answers", n.value)
	}
	return fn.scoring, nil
}

func (d *decoder) metricList(n *node) error {
	if err := n.want(listNode, "a list of metrics"); err != nil {
		return err
	}
	for _, item := range n.items {
		m, err := d.metric(item)
		if err != nil {
			return err
		}
		d.task.Metrics = append(d.task.Metrics, m)
	}
	return nil
}

func (d *decoder) metric(n *node) (Metric, error) {
	m := Metric{Args: py.NewDict(), Line: n.line}
	if err := n.want(mapNode, "a mapping with the key metric"); err != nil {
		return m, err
	}
	for _, p := range n.pairs {
		var err error
		switch p.key {
		case "metric":
			if p.value.kind == funcNode {
				if m.Func, err = d.scoringFunction(p.value); err == nil {
					_, m.Name, _ = cutLast(p.value.value.(string), ".")
				}
			} else {
				m.Name, err = p.value.text()
			}
		case "aggregation":
			if p.value.kind == funcNode {
				m.Aggregation, err = d.scoringFunction(p.value)
			} else if !p.value.isNull() {
				m.Aggregation, err = p.value.text()
			}
		case "higher_is_better":
			if !p.value.isNull() {
				var v bool
				v, err = p.value.boolean()
				m.HigherIsBetter = &v
			}
		case "hf_evaluate": // says which library has the metric
		default:
			var v py.Value
			if v, err = d.argument(p.value); err == nil {
				m.Args.Set(p.key, v)
			}
		}
		if err != nil {
			return m, inKey(py.Str(p.key), err)
		}
	}
	if m.Name == "" {
		return m, n.errorf("the key metric is missing")
	}
	return m, nil
}

// argument is a keyword argument; a function becomes its canonical name.
func (d *decoder) argument(n *node) (py.Value, error) {
	if n.kind == funcNode {
		return d.scoringFunction(n)
	}
	return n.plain()
}

func (d *decoder) filterList(n *node) error {
	if err := n.want(listNode, "a list of filter chains"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, item := range n.items {
		chain, err := d.filterChain(item)
		if err != nil {
			return err
		}
		if seen[chain.Name] {
			return item.errorf("a second filter chain is named %s", quote(chain.Name))
		}
		seen[chain.Name] = true
		d.task.Filters = append(d.task.Filters, chain)
	}
	return nil
}

func (d *decoder) filterChain(n *node) (FilterChain, error) {
	var c FilterChain
	if err := n.want(mapNode, "a mapping with the keys name and filter"); err != nil {
		return c, err
	}
	name, steps := n.get("name"), n.get("filter")
	if name.isNull() || steps.isNull() {
		return c, n.errorf("a filter chain needs the keys name and filter")
	}
	var err error
	if c.Name, err = name.text(); err != nil {
		return c, inKey("name", err)
	}
	if strings.Contains(c.Name, ",") {
		return c, name.errorf("name: a comma cannot stand in a filter's name")
	}
	if err := steps.want(listNode, "a list of filters"); err != nil {
		return c, inKey("filter", err)
	}
	for _, s := range steps.items {
		f, err := d.filter(s)
		if err != nil {
			return c, inKey("filter", err)
		}
		c.Filters = append(c.Filters, f)
	}
	return c, nil
}

func (d *decoder) filter(n *node) (Filter, error) {
	f := Filter{Args: py.NewDict(), Line: n.line}
	if err := n.want(mapNode, "a mapping with the key function"); err != nil {
		return f, err
	}
	for _, p := range n.pairs {
		if p.key == "function" {
			if p.value.kind == funcNode {
				fn, err := d.files.function(p.value)
				if err == nil && fn.filter == "" {
					err = p.value.errorf("!function %s is not a filter class", p.value.value)
				}
				if err != nil {
					return f, inKey("function", err)
				}
				f.Function = fn.filter
				continue
			}
			var err error
			if f.Function, err = p.value.text(); err != nil {
				return f, inKey("function", err)
			}
			continue
		}
		v, err := d.argument(p.value)
		if err != nil {
			return f, inKey(py.Str(p.key), err)
		}
		f.Args.Set(p.key, v)
	}
	if f.Function == "" {
		return f, n.errorf("the key function is missing")
	}
	return f, nil
}

// defaultMetrics are those of a task without a metric_list
// (DEFAULT_METRIC_REGISTRY in the reference).
var defaultMetrics = map[OutputType][]string{
	Loglikelihood:        {"perplexity", "acc"},
	LoglikelihoodRolling: {"word_perplexity", "byte_perplexity", "bits_per_byte"},
	MultipleChoice:       {"acc", "acc_norm"},
	GenerateUntil:        {"exact_match"},
}

func (d *decoder) finishScoring(*node) error {
	t := d.task
	if len(t.Metrics) == 0 {
		for _, name := range defaultMetrics[t.OutputType] {
			t.Metrics = append(t.Metrics, Metric{Name: name, Args: py.NewDict()})
		}
	}
	if t.OutputType != GenerateUntil {
		// The reference computes these without their arguments, and files
		// in the field carry stray ones.
		for i := range t.Metrics {
			t.Metrics[i].Args = py.NewDict()
		}
	}
	if len(t.Filters) == 0 {
		t.Filters = []FilterChain{{Name: "none", Filters: []Filter{{Function: "take_first", Args: py.NewDict()}}}}
	}
	if t.Alias == "" {
		t.Alias = t.Name
	}
	return d.finishPrimary()
}

// firstKey is the name of the first value that a metric gives: its own, or
// pass@k for the first k.
func (m Metric) firstKey() string {
	if m.Func != ScorePassAtK {
		return m.Name
	}
	k, _ := m.Args.Get("k")
	if list, ok := k.([]any); ok && len(list) > 0 {
		k = list[0]
	}
	return "pass@" + py.Str(k)
}

// finishPrimary completes the primary metric and checks that it is one of the
// task's. A metric computed by a function has names that only it knows.
func (d *decoder) finishPrimary() error {
	t := d.task
	metric, filter, _ := strings.Cut(t.Primary, ",")
	if metric == "" {
		metric = t.Metrics[0].firstKey()
	}
	if filter == "" {
		filter = t.Filters[0].Name
	}
	t.Primary = metric + "," + filter
	var metrics, filters []string
	for _, m := range t.Metrics {
		if m.Func != "" {
			metrics = append(metrics, metric)
		}
		metrics = append(metrics, m.Name)
	}
	for _, c := range t.Filters {
		filters = append(filters, c.Name)
	}
	if !slices.Contains(metrics, metric) {
		return fmt.Errorf("%s: metadata.primary: %s is not in metric_list%s", t.File, quote(metric), nearest.DidYouMean(metric, metrics))
	}
	if !slices.Contains(filters, filter) {
		return fmt.Errorf("%s: metadata.primary: %s is not in filter_list%s", t.File, quote(filter), nearest.DidYouMean(filter, filters))
	}
	return nil
}
