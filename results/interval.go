package results

import "math"

// z95 is the 97.5% quantile of the standard normal distribution.
const z95 = 1.959963984540054

// Interval returns the 95% confidence interval of a score over n documents:
// Wilson's for scores whose items are all 0 or 1, else the normal
// approximation value ± z·stderr, which the central limit theorem backs for
// means (Miller, "Adding Error Bars to Evals", arXiv 2411.00640).
func Interval(value, stderr float64, n int, binary bool) (low, high float64) {
	if binary && n > 0 && value >= 0 && value <= 1 {
		return Wilson(value, n)
	}
	return value - z95*stderr, value + z95*stderr
}

// Wilson returns the 95% score interval of a proportion p of n trials (E. B.
// Wilson, "Probable inference, the law of succession, and statistical
// inference", JASA 22, 1927). Unlike the normal approximation it keeps its
// coverage for small n and near 0 and 1.
func Wilson(p float64, n int) (low, high float64) {
	nf, z2 := float64(n), z95*z95
	centre := (p + z2/(2*nf)) / (1 + z2/nf)
	half := z95 / (1 + z2/nf) * math.Sqrt(p*(1-p)/nf+z2/(4*nf*nf))
	// Rounding must not push the interval off p at 0 and 1.
	return max(0, min(centre-half, p)), min(1, max(centre+half, p))
}
