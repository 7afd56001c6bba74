package leaderboard

import (
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/results/compare"
)

// alpha is the level at which a difference is significant, over all pairs of
// runs of a column together.
const alpha = 0.05

// A pair of outcomes of one column: what two runs scored on the same
// documents.
type paired struct {
	weight   float64
	a, b     []float64 // NaN: none
	clusters clusters
	// The same outcomes as bits; nil where some are neither 0 nor 1.
	bitsA, bitsB *binary
}

// exact tests outcomes of 0 and 1 of independent documents that all weigh the
// same; it is not ok for others.
func exact(parts []paired) (sign, p float64, ok bool) {
	won, lost, shared := 0, 0, 0
	for _, part := range parts {
		if part.bitsA == nil || part.bitsB == nil || part.clusters.of != nil || !same(part.weight, parts[0].weight) {
			return 0, 0, false
		}
		w, l, s := part.bitsA.against(*part.bitsB)
		won, lost, shared = won+w, lost+l, shared+s
	}
	if shared == 0 {
		return 0, math.NaN(), true
	}
	return float64(won - lost), mcnemar(won, lost), true
}

// difference tests whether a is better than b on the documents that both
// have. sign is that of their difference; p is two-sided: McNemar's exact test
// where all outcomes are 0 or 1 and documents are independent and weigh the
// same (Q. McNemar, Note on the sampling error of the difference between
// correlated proportions, 1947), else the test of random signs in its normal
// approximation: under the null hypothesis each cluster's difference is as
// likely with either sign, so that its sum has the variance of the sum of
// squares. p is NaN without a shared document.
func difference(parts []paired) (sign float64, p float64) {
	if sign, p, ok := exact(parts); ok {
		return sign, p
	}
	var sum, squares float64
	shared := 0
	for _, part := range parts {
		byCluster := make([]float64, part.clusters.n)
		for i, x := range part.a {
			y := part.b[i]
			if math.IsNaN(x) || math.IsNaN(y) {
				continue
			}
			shared++
			if x == y {
				continue
			}
			d := part.weight * (x - y)
			sum += d
			if part.clusters.of != nil && part.clusters.of[i] >= 0 {
				byCluster[part.clusters.of[i]] += d
				continue
			}
			squares += d * d
		}
		for _, d := range byCluster {
			squares += d * d
		}
	}
	switch {
	case shared == 0:
		return 0, math.NaN()
	case squares == 0:
		return 0, 1
	}
	return sum, normal(sum / math.Sqrt(squares))
}

// same allows for the rounding of a share over a number of documents.
func same(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }

// mcnemar is the exact two-sided p-value of won against lost: a fair coin's.
func mcnemar(won, lost int) float64 {
	n, k := won+lost, min(won, lost)
	if n == 0 {
		return 1
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	term := math.Exp(lg(n) - lg(k) - lg(n-k) - float64(n)*math.Ln2)
	sum := 0.0
	for i := k; i >= 0 && term > 1e-18*sum; i-- {
		sum += term
		term *= float64(i) / float64(n-i+1)
	}
	return min(1, 2*sum)
}

// normal is the two-sided p-value of a standard normal deviate.
func normal(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// holm says which of the p-values are significant together at level alpha. NaN
// is none of them, but counts.
func holm(p []float64) []bool {
	values := slices.Clone(p)
	for i, x := range values {
		if math.IsNaN(x) {
			values[i] = 1
		}
	}
	out := make([]bool, len(p))
	for i, adjusted := range compare.Holm(values) {
		out[i] = adjusted <= alpha && !math.IsNaN(p[i])
	}
	return out
}
