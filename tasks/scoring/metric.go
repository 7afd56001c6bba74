package scoring

import (
	"context"
	"fmt"
	"slices"
	"sync"

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
	Key    func(answer py.Value) (py.Value, error)
	corpus *corpusMetric
}

// metric is what is known of a registered name: how documents are aggregated,
// and, for each output type that can give it, what a document's numbers are.
// The others are nil.
type metric struct {
	aggregation    string
	higherIsBetter bool
	single         func(Response) float64              // loglikelihood
	rolling        func(text string) int               // loglikelihood_rolling: what its log-likelihood is spread over
	choice         func(choiceScores) (Row, error)     // multiple_choice; keys follow the metric's name
	generated      func(*arguments, *MetricSpec) error // generate_until: completes the spec
	corpus         *corpusMetric                       // generate_until, where documents have counts alone
	unconditional  bool                                // choice needs each choice's likelihood without a context
}

// gives reports whether documents of the output type have the metric.
func (m metric) gives(kind OutputType) bool {
	return kind == Loglikelihood && m.single != nil || kind == Rolling && m.rolling != nil ||
		kind == MultipleChoice && m.choice != nil || kind == GenerateUntil && (m.generated != nil || m.corpus != nil)
}

// knownMetrics is the one place where a metric is added.
var knownMetrics = sync.OnceValue(func() map[string]metric {
	known := map[string]metric{
		"acc": {aggregation: "mean", higherIsBetter: true, choice: hit(choiceScores.likelihoods),
			single: func(r Response) float64 { return indicator(r.IsGreedy) }},
		"acc_norm":        {aggregation: "mean", higherIsBetter: true, choice: hit(choiceScores.perCharacter)},
		"acc_bytes":       {aggregation: "mean", higherIsBetter: true, choice: hit(choiceScores.perByte)},
		"acc_mutual_info": {aggregation: "mean", higherIsBetter: true, choice: hit(choiceScores.gains), unconditional: true},
		"exact_match":     {aggregation: "mean", higherIsBetter: true, choice: greedyGold, generated: newExactMatch},
		"brier_score":     {aggregation: "brier_score", choice: oneLabel(brierScore)},
		"likelihood":      {aggregation: "mean", higherIsBetter: true, choice: oneLabel(goldLikelihood)},
		"f1":              {aggregation: "f1", higherIsBetter: true, choice: oneLabel(classes), generated: newF1},
		"accuracy":        {aggregation: "mean", higherIsBetter: true, generated: newAccuracy},
		"mcc":             {aggregation: "matthews_corrcoef", higherIsBetter: true, choice: oneLabel(classes)},
		"perplexity":      {aggregation: "perplexity", single: func(r Response) float64 { return r.LogLikelihood }},
		"word_perplexity": {aggregation: "weighted_perplexity", rolling: countWords},
		"byte_perplexity": {aggregation: "weighted_perplexity", rolling: countBytes},
		"bits_per_byte":   {aggregation: "bits_per_byte", rolling: countBytes},
	}
	for name, m := range corpusMetrics() {
		known[name] = metric{aggregation: name, higherIsBetter: !m.lowerIsBetter, corpus: &m}
	}
	return known
})

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
	spec := MetricSpec{Name: name, Aggregation: m.aggregation, HigherIsBetter: m.higherIsBetter, corpus: m.corpus}
	a := newArguments("metric "+name, args)
	if m.generated != nil {
		if err := m.generated(a, &spec); err != nil {
			return MetricSpec{}, err
		}
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
		case !m.gives(kind):
			return fmt.Errorf("metric %q cannot be computed for output type %s", s.Name, kind)
		case kind == GenerateUntil && s.corpus == nil: // f1 of two classes
			return fmt.Errorf("metric %s of generated answers needs the argument average: micro", s.Name)
		}
	}
	return nil
}

// NeedsUnconditional reports whether the metric compares each choice with its
// likelihood without a context.
func NeedsUnconditional(metric string) bool { return knownMetrics()[metric].unconditional }
