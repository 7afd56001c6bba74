package compare

import (
	"math"

	"github.com/llamaeval/llamaeval/results"
)

// An Estimate is a mean over items of which those of one cluster depend on
// each other, with what its error is made of.
type Estimate struct {
	Mean   float64
	StdErr float64 // NaN with fewer than two clusters
	T      float64 // 97.5% quantile of Student's t for the number of clusters
}

// ClusterMean estimates the mean over all items from the sum and the number of
// items of each cluster, by the rules of paired differences (spreadOf).
func ClusterMean(sums []float64, items []int) Estimate {
	units := make([]unit, len(sums))
	for i := range sums {
		units[i] = unit{sums[i], items[i]}
	}
	s := spreadOf(units, false)
	e := Estimate{Mean: s.difference, StdErr: math.Sqrt(s.variance), T: math.NaN()}
	if s.df > 0 {
		e.T = tQuantile(0.975, s.df)
	}
	return e
}

// Interval is the 95% interval of the mean.
func (e Estimate) Interval() (low, high float64) { return e.Mean - e.T*e.StdErr, e.Mean + e.T*e.StdErr }

// Positive is the 95% interval of the mean of a positive quantity, by the delta
// method on its logarithm (W. Q. Meeker and L. A. Escobar, Statistical Methods
// for Reliability Data, 1998, chapter 7): such means are skewed, and this
// interval never reaches zero.
func (e Estimate) Positive() (low, high float64) {
	if e.StdErr == 0 {
		return e.Mean, e.Mean
	}
	factor := math.Exp(e.T * e.StdErr / e.Mean)
	return e.Mean / factor, e.Mean * factor
}

// Share is the 95% interval of a share of n items: Wilson's, of as many
// independent items as would give the same standard error and quantile (E. L.
// Korn and B. I. Graubard, Confidence intervals for proportions with small
// expected number of positive counts estimated from survey data, Survey
// Methodology 24, 1998), but never more than n. At 0 and 1, where clusters show
// no variance, it is that of n items.
func (e Estimate) Share(n int) (low, high float64) {
	if math.IsNaN(e.StdErr) {
		return e.StdErr, e.StdErr
	}
	effective := float64(n)
	if v := e.StdErr * e.StdErr; v > 0 {
		effective = min(effective, e.Mean*(1-e.Mean)/v*(z975/e.T)*(z975/e.T))
	}
	return results.Wilson(e.Mean, max(1, int(effective)))
}
