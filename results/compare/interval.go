package compare

import "math"

// A spread is what the error of an estimated difference is made of.
type spread struct {
	difference float64 // the estimate
	variance   float64 // of the estimate
	df         float64 // degrees of freedom of the variance
	items      int
	binary     bool // every score is 0 or 1
	alone      bool // and the items are those of one task, without clusters
}

// spreadOf is that of the mean of the units' differences over n items. The
// variance is that of Miller, Adding Error Bars to Evals (arXiv 2411.00640,
// 2024): the sum over clusters of the squared sum of deviations, over n
// squared, here times G/(G-1) and with Student's t of G-1 degrees of freedom
// for the number G of clusters, as is usual for few of them (A. C. Cameron and
// D. L. Miller, A Practitioner's Guide to Cluster-Robust Inference, 2015).
// Items without a cluster are clusters of one: the paired t interval. Fewer than
// two units have no variance: it is NaN.
func spreadOf(units []unit, binary bool) spread {
	s := spread{binary: binary, alone: binary}
	sum := 0.0
	for _, u := range units {
		sum += u.sum
		s.items += u.items
		s.alone = s.alone && u.items == 1
	}
	n, g := float64(s.items), float64(len(units))
	s.difference, s.df = sum/n, g-1
	if len(units) < 2 {
		s.variance = math.NaN()
		return s
	}
	for _, u := range units {
		deviation := u.sum - float64(u.items)*s.difference
		s.variance += deviation * deviation / (n * n) * g / (g - 1)
	}
	return s
}

// combine is the spread of the weighted sum of independent differences, with
// the degrees of freedom of Welch and Satterthwaite (B. L. Welch, The
// generalization of Student's problem, Biometrika 34, 1947).
func combine(members []spread, weights []float64) spread {
	out := spread{binary: true}
	below := 0.0
	for i, m := range members {
		v := weights[i] * weights[i] * m.variance
		out.difference += weights[i] * m.difference
		out.variance += v
		below += v * v / m.df
		out.items += m.items
		out.binary = out.binary && m.binary
	}
	out.df = math.Inf(1)
	if below > 0 {
		out.df = out.variance * out.variance / below
	}
	return out
}

// padded adds two items, one won and one lost, to 0/1 scores. For one task
// without clusters, whose variance then has the divisor n and whose quantile is
// the normal one, this is the adjusted Wald interval of D. G. Bonett and R. M.
// Price (Adjusted Wald confidence interval for a difference of binomial
// proportions based on paired data, Journal of Educational and Behavioral
// Statistics 37, 2012). It keeps its level where few items differ; in
// particular it is not empty where none does.
func (s spread) padded() spread {
	n, d := float64(s.items), s.difference
	if s.alone {
		s.variance *= (n - 1) / n
		s.df = math.Inf(1)
	}
	s.variance = (n*n*s.variance + 2 + 2*n*d*d/(n+2)) / ((n + 2) * (n + 2))
	s.difference = d * n / (n + 2)
	return s
}

// interval returns the two-sided 95% interval of the difference, and the
// smallest true difference that a test at the 5% level finds with a power of
// 80%: (t(0.975) + t(0.8)) standard errors. Both are NaN without a variance.
func (s spread) interval() (low, high, detectable float64) {
	if s.binary {
		s = s.padded()
	}
	if math.IsNaN(s.variance) {
		return math.NaN(), math.NaN(), math.NaN()
	}
	t975, t80 := z975, z80
	if !math.IsInf(s.df, 1) {
		t975, t80 = tQuantile(0.975, s.df), tQuantile(0.8, s.df)
	}
	low, high = s.within(t975)
	return low, high, (t975 + t80) * math.Sqrt(s.variance)
}

// within are the bounds t standard errors away.
func (s spread) within(t float64) (low, high float64) {
	stderr := math.Sqrt(s.variance)
	low, high = s.difference-t*stderr, s.difference+t*stderr
	if s.binary {
		low, high = max(-1, low), min(1, high)
	}
	return low, high
}

// bounds is the two-sided interval that misses with the chance tail on each
// side; NaN without a variance.
func (s spread) bounds(tail float64) (low, high float64) {
	if s.binary {
		s = s.padded()
	}
	if math.IsNaN(s.variance) {
		return math.NaN(), math.NaN()
	}
	return s.within(tQuantile(1-tail, s.df))
}
