package leaderboard

import (
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/results"
)

// A term is a task's share in a column.
type term struct {
	leaf   leaf
	weight float64
}

// terms are the metrics that a column's value is a weighted sum of; none if
// that is not known.
func (a *answers) terms(c Column) (out []term) {
	if c.Kind == results.KindTask {
		return []term{{leaf{c.Task, results.MetricKey(c.Metric, c.Filter)}, 1}}
	}
	for _, m := range a.groups[c.Task].Members {
		l := leaf{m.Task, results.MetricKey(m.Metric, m.Filter)}
		// A task may count in several members.
		if i := slices.IndexFunc(out, func(t term) bool { return t.leaf == l }); i >= 0 {
			out[i].weight += m.Weight
			continue
		}
		out = append(out, term{l, m.Weight})
	}
	return out
}

// fits reports whether a run's value in a column is what its terms give, so
// that their difference is that of the values. A perplexity is: its terms are
// log-likelihoods over a weight that all runs share.
func (a *answers) fits(run int, terms []term, value float64, c Column) bool {
	if loglikelihood(c.Metric) {
		return len(terms) > 0
	}
	mean := 0.0
	for _, t := range terms {
		outcomes, ok := a.runs[run][t.leaf]
		if !ok {
			return false
		}
		sum, n := outcomes.Sum()
		mean += t.weight * sum / float64(n)
	}
	near := func(v float64) bool { return math.Abs(v-value) <= 1e-6*(1+math.Abs(value)) }
	return len(terms) > 0 && (near(mean) || near(100*mean)) // SQuAD's are in percent
}

// loglikelihood reports whether the outcomes of a metric are log-likelihoods,
// of which more is better.
func loglikelihood(metric string) bool {
	return slices.Contains([]string{"perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte"}, metric)
}
