package tasks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

func (d *decoder) processResults(n *node) error {
	fn, err := d.files.function(n)
	if err == nil && fn.process == nil {
		err = d.files.noPlace(n, "a document's values")
	}
	if err == nil {
		d.task.ProcessResults = fn.process
	}
	return err
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
				m.Func, m.Name, err = d.metricFunction(p.value)
			} else {
				m.Name, err = p.value.text()
			}
		case "aggregation":
			if p.value.kind == funcNode {
				err = d.files.noPlace(p.value, "an aggregation")
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
			if v, err = p.value.plain(); err == nil {
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

// metricFunction returns a function's canonical name and its own.
func (d *decoder) metricFunction(n *node) (canonical, own string, err error) {
	fn, err := d.files.function(n)
	if err == nil && fn.metric == "" {
		err = d.files.noPlace(n, "a metric")
	}
	if err != nil {
		return "", "", err
	}
	return fn.metric, fn.name, nil
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
		var err error
		switch key := py.Str(p.key); {
		case key == "function" && p.value.kind == funcNode:
			f.Function, err = d.filterClass(p.value)
		case key == "function":
			f.Function, err = p.value.text()
		case key == "filter_fn" && p.value.kind == funcNode:
			f.Own, err = d.filterFunction(p.value)
		default:
			var v py.Value
			if v, err = p.value.plain(); err == nil {
				f.Args.Set(p.key, v)
			}
		}
		if err != nil {
			return f, inKey(py.Str(p.key), err)
		}
	}
	if f.Function == "custom" && f.Own == nil {
		return f, n.errorf("the filter custom needs a !function under the key filter_fn")
	}
	if f.Function == "" {
		return f, n.errorf("the key function is missing")
	}
	return f, nil
}

// filterClass is the name in package scoring of a filter that a file names as
// a class.
func (d *decoder) filterClass(n *node) (string, error) {
	fn, err := d.files.function(n)
	if err == nil && fn.filter == "" {
		err = n.errorf("!function %s is not a filter class", n.value)
	}
	if err != nil {
		return "", err
	}
	return fn.filter, nil
}

func (d *decoder) filterFunction(n *node) (*scoring.Filter, error) {
	fn, err := d.files.function(n)
	if err == nil && fn.answers == nil {
		err = d.files.noPlace(n, "a filter's answers")
	}
	if err != nil {
		return nil, err
	}
	own := fn.answers()
	return &own, nil
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
