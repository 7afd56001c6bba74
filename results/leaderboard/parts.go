package leaderboard

import (
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/results"
)

// A term is a task's share in a column: what one of its documents weighs,
// whatever the scale.
type term struct {
	leaf   leaf
	weight float64
}

// leaves are the metrics that a column's value is a weighted sum of; none if
// that is not known.
func (a *answers) leaves(c Column) (out []leaf, weights []float64) {
	if c.Kind == results.KindTask {
		return []leaf{{c.Task, results.MetricKey(c.Metric, c.Filter)}}, []float64{1}
	}
	for _, m := range a.groups[c.Task].Members {
		l := leaf{m.Task, results.MetricKey(m.Metric, m.Filter)}
		// A task may count in several members.
		if i := slices.Index(out, l); i >= 0 {
			weights[i] += m.Weight
			continue
		}
		out, weights = append(out, l), append(weights, m.Weight)
	}
	return out, weights
}

// terms are the column's leaves with the weight of each of their documents.
func (a *answers) terms(c Column) []term {
	var out []term
	leaves, weights := a.leaves(c)
	for i, l := range leaves {
		if n := a.documents(l); n > 0 {
			out = append(out, term{l, weights[i] / float64(n)})
		}
	}
	return out
}

// documents is in how many places some run has an outcome.
func (a *answers) documents(l leaf) int {
	for _, run := range a.runs {
		if v, ok := run[l]; ok {
			return len(v)
		}
	}
	return 0
}

// fits reports whether a run's value in a column is what its terms give, so
// that their difference is that of the values. A perplexity is: its terms are
// log-likelihoods over a weight that all runs share.
func (a *answers) fits(run int, terms []term, value float64, c Column) bool {
	if loglikelihood(c.Metric) {
		return len(terms) > 0
	}
	sum, weights := 0.0, 0.0
	for _, t := range terms {
		for _, v := range a.runs[run][t.leaf] {
			if !math.IsNaN(v) {
				sum, weights = sum+t.weight*v, weights+t.weight
			}
		}
	}
	near := func(v float64) bool { return math.Abs(v-value) <= 1e-6*(1+math.Abs(value)) }
	return weights > 0 && (near(sum/weights) || near(100*sum/weights)) // SQuAD's are in percent
}

// loglikelihood reports whether the outcomes of a metric are log-likelihoods,
// of which more is better.
func loglikelihood(metric string) bool {
	return slices.Contains([]string{"perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte"}, metric)
}
