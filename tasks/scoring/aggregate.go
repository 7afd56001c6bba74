package scoring

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// An Estimate is a value over N documents with its standard error, NaN when
// none is defined.
type Estimate struct {
	Value, StdErr float64
	N             int
}

// A TaskScore is one metric of a task.
type TaskScore struct {
	Metric         string
	HigherIsBetter bool
	Estimate
}

// errorKind is how an aggregation's standard error is found.
type errorKind int

const (
	noError   errorKind = iota
	meanError           // sample standard deviation / sqrt(n)
	bootstrapped
	bootstrappedFew // with at most fewReplicates
)

// fewReplicates bounds the bootstrap of corpus metrics, as in the harness.
const fewReplicates = 100

// aggregation makes one value from columns of numbers, one per document.
type aggregation struct {
	columns  func(metric string) []string
	value    func(columns [][]float64) (float64, error)
	standard errorKind
}

func aggregations() map[string]aggregation {
	own := func(metric string) []string { return []string{metric} }
	weighted := func(metric string) []string { return []string{metric, metric + weightKey} }
	classes := func(metric string) []string { return []string{metric + goldKey, metric + predKey} }
	known := map[string]aggregation{
		"mean":                {own, single(mean), meanError},
		"nanmean":             {own, single(nanMean), bootstrapped},
		"median":              {own, single(median), bootstrapped},
		"perplexity":          {own, single(func(x []float64) float64 { return math.Exp(-mean(x)) }), bootstrapped},
		"weighted_perplexity": {weighted, pair(func(ll, w []float64) float64 { return math.Exp(-sum(ll) / sum(w)) }), noError},
		"bits_per_byte":       {weighted, pair(func(ll, w []float64) float64 { return -(sum(ll) / sum(w)) / math.Ln2 }), noError},
		"brier_score":         {own, single(mean), noError},
		"f1":                  {classes, binaryF1, bootstrapped},
		"matthews_corrcoef":   {classes, matthews, bootstrapped},
		squadBest:             {squadBestColumns, bestThresholdScore, noError},
	}
	for name, m := range corpusMetrics() {
		known[name] = aggregation{m.columns, m.aggregate, bootstrappedFew}
	}
	return known
}

func single(f func([]float64) float64) func([][]float64) (float64, error) {
	return func(c [][]float64) (float64, error) { return f(c[0]), nil }
}

func pair(f func(a, b []float64) float64) func([][]float64) (float64, error) {
	return func(c [][]float64) (float64, error) { return f(c[0], c[1]), nil }
}

// AggregationNames lists the aggregations a MetricSpec can name.
func AggregationNames() []string { return sortedKeys(aggregations()) }

// CheckAggregation reports a name that is none of AggregationNames.
func CheckAggregation(name string) error {
	if _, ok := aggregations()[name]; !ok {
		return unknown("aggregation", name, AggregationNames())
	}
	return nil
}

// DefaultBootstrap is the harness's number of bootstrap replicates.
const DefaultBootstrap = 100_000

// Aggregate makes one value of the rows that hold the metric, in document
// order. Standard errors that need a bootstrap use the given number of
// replicates (see DefaultBootstrap); 0 leaves them out.
func Aggregate(spec MetricSpec, rows []Row, replicates int) (Estimate, error) {
	if spec.Aggregate != nil {
		return aggregateOwn(spec, rows)
	}
	agg, ok := aggregations()[spec.Aggregation]
	if !ok {
		return Estimate{}, fmt.Errorf("metric %s: %w", spec.Name, unknown("aggregation", spec.Aggregation, AggregationNames()))
	}
	columns := gather(agg.columns(spec.Name), rows)
	n := len(columns[0])
	if n == 0 {
		return Estimate{}, fmt.Errorf("metric %s: no document has it", spec.Name)
	}
	value, err := agg.value(columns)
	if err != nil {
		return Estimate{}, fmt.Errorf("metric %s: %w", spec.Name, err)
	}
	e := Estimate{Value: value, StdErr: math.NaN(), N: n}
	switch {
	case n < 2:
	case agg.standard == meanError:
		e.StdErr = sampleDeviation(columns[0]) / math.Sqrt(float64(n))
	case agg.standard == bootstrapped && replicates > 1:
		e.StdErr, err = bootstrap(agg.value, columns, replicates)
	case agg.standard == bootstrappedFew && replicates > 1:
		e.StdErr, err = bootstrap(agg.value, columns, min(replicates, fewReplicates))
	}
	return e, err
}

func aggregateOwn(spec MetricSpec, rows []Row) (Estimate, error) {
	n := 0
	for _, r := range rows {
		if _, ok := r[spec.Name]; ok {
			n++
		}
	}
	value, err := spec.Aggregate(spec.Name, rows)
	if err != nil {
		return Estimate{}, fmt.Errorf("metric %s: %w", spec.Name, err)
	}
	return Estimate{Value: value, StdErr: math.NaN(), N: n}, nil
}

// gather returns the columns of the rows that hold all of them.
func gather(keys []string, rows []Row) [][]float64 {
	columns := make([][]float64, len(keys))
	for _, r := range rows {
		complete := !slices.ContainsFunc(keys, func(k string) bool { _, ok := r[k]; return !ok })
		for i, k := range keys {
			if complete {
				columns[i] = append(columns[i], r[k])
			}
		}
	}
	return columns
}

// TaskScores aggregates everything that rows hold: each listed metric that applies
// to at least one document, then every further metric a task's function
// returned. Those take aggregation and direction of the only listed metric
// that has no value of its own name (pass_at_k for pass@1), else the mean.
func TaskScores(specs []MetricSpec, rows []Row, replicates int) ([]TaskScore, error) {
	var out []TaskScore
	listed := map[string]bool{}
	var source *MetricSpec
	unused := 0
	add := func(spec MetricSpec) error {
		e, err := Aggregate(spec, rows, replicates)
		out = append(out, TaskScore{spec.Name, spec.HigherIsBetter, e})
		return err
	}
	for _, spec := range specs {
		listed[spec.Name] = true
		if !spec.applies(rows) {
			source = &spec
			unused++
			continue
		}
		if err := add(spec); err != nil {
			return nil, err
		}
	}
	for _, name := range metricsOf(rows) {
		if listed[name] {
			continue
		}
		spec := MetricSpec{Aggregation: "mean", HigherIsBetter: true}
		if unused == 1 {
			spec = *source
		}
		spec.Name = name
		if err := add(spec); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// applies reports whether any row holds what the metric's value is made of.
func (s MetricSpec) applies(rows []Row) bool {
	keys := []string{s.Name}
	if agg, ok := aggregations()[s.Aggregation]; ok && s.Aggregate == nil {
		keys = agg.columns(s.Name)
	}
	return slices.ContainsFunc(rows, func(r Row) bool {
		return !slices.ContainsFunc(keys, func(k string) bool { _, ok := r[k]; return !ok })
	})
}

// metricsOf lists the metrics in rows by name, pass@2 before pass@10.
func metricsOf(rows []Row) []string {
	seen := map[string]bool{}
	for _, r := range rows {
		for k := range r {
			if !Auxiliary(k) {
				seen[k] = true
			}
		}
	}
	names := sortedKeys(seen)
	slices.SortStableFunc(names, func(a, b string) int {
		if x, y := strings.TrimRight(a, "0123456789"), strings.TrimRight(b, "0123456789"); x == y {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return names
}
