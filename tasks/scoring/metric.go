package scoring

import (
	"context"
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// A MetricFunc scores one generated answer against one accepted answer. The
// prediction is what the filters left. Every key of the row is a metric.
type MetricFunc func(ctx context.Context, gold, prediction py.Value) (Row, error)

// An AggregateFunc makes one value of all rows that hold the metric.
type AggregateFunc func(metric string, rows []Row) (float64, error)

// A MetricSpec is one entry of a task's metric list. NewMetric makes one from
// a name; a task's own function goes into Func or Aggregate.
type MetricSpec struct {
	Name           string
	Aggregation    string // a name of AggregationNames; not used with Aggregate
	HigherIsBetter bool
	Func           MetricFunc    // generate_until only
	Aggregate      AggregateFunc // has no standard error
	// Key is equal for answers that the metric calls equal; nil where it
	// compares none (exact_match does).
	Key func(answer py.Value) (py.Value, error)
}

// metric is what is known of a registered name.
type metric struct {
	aggregation    string
	higherIsBetter bool
	kinds          []OutputType // where it can be computed
}

func knownMetrics() map[string]metric {
	choice := []OutputType{MultipleChoice}
	rolling := []OutputType{Rolling}
	return map[string]metric{
		"acc":             {"mean", true, []OutputType{Loglikelihood, MultipleChoice}},
		"acc_norm":        {"mean", true, choice},
		"acc_bytes":       {"mean", true, choice},
		"acc_mutual_info": {"mean", true, choice},
		"exact_match":     {"mean", true, []OutputType{GenerateUntil, MultipleChoice}},
		"brier_score":     {"brier_score", false, choice},
		"likelihood":      {"mean", true, choice},
		"f1":              {"f1", true, []OutputType{MultipleChoice, GenerateUntil}},
		"accuracy":        {"mean", true, []OutputType{GenerateUntil}},
		"bleu":            {"bleu", true, []OutputType{GenerateUntil}},
		"chrf":            {"chrf", true, []OutputType{GenerateUntil}},
		"chrf++":          {"chrf++", true, []OutputType{GenerateUntil}},
		"ter":             {"ter", false, []OutputType{GenerateUntil}},
		"mcc":             {"matthews_corrcoef", true, choice},
		"perplexity":      {"perplexity", false, []OutputType{Loglikelihood}},
		"word_perplexity": {"weighted_perplexity", false, rolling},
		"byte_perplexity": {"weighted_perplexity", false, rolling},
		"bits_per_byte":   {"bits_per_byte", false, rolling},
	}
}

// An UnsupportedMetricError names a metric of the harness that this program
// does not compute.
type UnsupportedMetricError struct{ Name string }

func (e *UnsupportedMetricError) Error() string {
	return fmt.Sprintf("metric %q is not supported: remove it from the task's metric_list or give a named function", e.Name)
}

// harnessOnly are metrics known to the harness and not to this package.
func harnessOnly() []string { return []string{"acc_all", "bypass"} }

// MetricNames lists the metrics that NewMetric knows.
func MetricNames() []string { return sortedKeys(knownMetrics()) }

// NewMetric returns a registered metric with its default aggregation and
// direction, and with the keyword arguments of the task file; args may be nil.
func NewMetric(name string, args *py.Dict) (MetricSpec, error) {
	m, ok := knownMetrics()[name]
	if !ok {
		if slices.Contains(harnessOnly(), name) {
			return MetricSpec{}, &UnsupportedMetricError{name}
		}
		return MetricSpec{}, unknown("metric", name, MetricNames())
	}
	spec := MetricSpec{Name: name, Aggregation: m.aggregation, HigherIsBetter: m.higherIsBetter}
	a := newArguments("metric "+name, args)
	var err error
	switch name {
	case "exact_match":
		var m exactMatch
		m, err = newExactMatch(a)
		spec.Func, spec.Key = m.score, m.normalise
	case "accuracy":
		spec.Func = equality(name)
	case "f1":
		if spec.Func, err = newF1(a); spec.Func != nil {
			spec.Aggregation = "mean"
		}
	}
	if err != nil {
		return MetricSpec{}, err
	}
	return spec, a.finish()
}

// DefaultMetrics returns the metrics of a task that lists none.
func DefaultMetrics(kind OutputType) ([]MetricSpec, error) {
	names, ok := map[OutputType][]string{
		Loglikelihood:  {"perplexity", "acc"},
		Rolling:        {"word_perplexity", "byte_perplexity", "bits_per_byte"},
		MultipleChoice: {"acc", "acc_norm"},
		GenerateUntil:  {"exact_match"},
	}[kind]
	if !ok {
		return nil, fmt.Errorf("no default metrics for output type %q", kind)
	}
	specs := make([]MetricSpec, len(names))
	for i, name := range names {
		var err error
		if specs[i], err = NewMetric(name, nil); err != nil {
			return nil, err
		}
	}
	return specs, nil
}

// CheckMetrics reports the first metric that the output type cannot give.
func CheckMetrics(kind OutputType, specs []MetricSpec) error {
	for _, s := range specs {
		if kind == GenerateUntil && s.Func != nil {
			continue
		}
		m, ok := knownMetrics()[s.Name]
		switch {
		case !ok && slices.Contains(harnessOnly(), s.Name):
			return &UnsupportedMetricError{s.Name}
		case !ok:
			return unknown("metric", s.Name, MetricNames())
		case !slices.Contains(m.kinds, kind):
			return fmt.Errorf("metric %q cannot be computed for output type %s", s.Name, kind)
		case kind == GenerateUntil && s.Name == "f1":
			return fmt.Errorf("metric f1 of generated answers needs the argument average: micro")
		case kind == GenerateUntil && corpusMetrics()[s.Name].counts == nil:
			return fmt.Errorf("metric %q has no function: make its spec with NewMetric", s.Name)
		}
	}
	return nil
}

func has(specs []MetricSpec, name string) bool {
	return slices.ContainsFunc(specs, func(s MetricSpec) bool { return s.Name == name })
}
