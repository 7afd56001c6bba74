package compare

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

const (
	// enumerated is the most non-zero differences whose every assignment of
	// signs is tried.
	enumerated = 16
	// flips is the number of random assignments otherwise.
	flips = 9999
	// flipSeed makes a p-value a function of the results alone.
	flipSeed = 20411
	// drawable is the smallest p-value that is read off random assignments;
	// of smaller ones they would have too few digits.
	drawable = 0.001
	// rounding is the part of the sum of absolute values within which two
	// sums count as equal.
	rounding = 1e-12
	// central is what the p-value of a sum of at most one standard deviation
	// is never below, whatever the sizes (K. Oleszkiewicz, On the Stein property of
	// Rademacher sequences, Probability and Mathematical Statistics 16, 1996).
	central = 0.1
)

// A Test is the two-sided paired permutation test: under the hypothesis that
// two models do not differ, each independent unit's difference (an item's, or
// the sum over a cluster) is as likely to have the opposite sign. The statistic
// is the absolute value of their sum.
//
// Where all differences that are not zero have one size it is the exact test
// of McNemar: the number of positive ones is binomial (Q. McNemar, Note on the
// sampling error of the difference between correlated proportions or
// percentages, Psychometrika 12, 1947). Else the signs of up to 16 differences
// are enumerated; those of more are drawn and counted as (b+1)/(m+1), which
// keeps the level (B. Phipson and G. K. Smyth, Permutation P-values should
// never be zero, 2010), but for p-values below 0.001, which follow from the
// saddlepoint approximation of the same distribution (J. Robinson, Saddlepoint
// approximations for permutation tests and confidence intervals, Journal of
// the Royal Statistical Society B 44, 1982).
type Test struct {
	sizes    []float64 // of the differences that are not zero; nil where all have one size
	n        int       // how many these are
	positive int
	sum      float64
	total    float64 // of the absolute values
	squares  float64
}

// NewTest makes a test of the units' differences.
func NewTest(differences []float64) Test {
	t := Test{sizes: make([]float64, 0, len(differences))}
	low, high := math.Inf(1), 0.0
	for _, d := range differences {
		if d == 0 {
			continue
		}
		if d > 0 {
			t.positive++
		}
		size := math.Abs(d)
		low, high = min(low, size), max(high, size)
		t.sizes = append(t.sizes, size)
		t.sum, t.total, t.squares = t.sum+d, t.total+size, t.squares+d*d
	}
	if t.n = len(t.sizes); t.n == 0 || high-low <= rounding*high {
		t.sizes = nil
	}
	return t
}

// counted is the test of units of one size.
func counted(won, lost int, size float64) Test {
	n := won + lost
	return Test{n: n, positive: won, sum: float64(won-lost) * size, total: float64(n) * size, squares: float64(n) * size * size}
}

// Sum is that of the differences.
func (t Test) Sum() float64 { return t.sum }

// P is the p-value.
func (t Test) P() float64 {
	switch {
	case t.n == 0:
		return 1
	case t.sizes == nil:
		return mcNemar(t.positive, t.n)
	}
	if t.n <= enumerated {
		return enumerate(t.sizes, t.reached())
	}
	sizes := runsOf(t.sizes)
	if p := t.approximate(sizes); p < drawable {
		return p
	}
	return min(t.bound(), float64(sizes.draw(t.reached(), flips)+1)/(flips+1))
}

// AtMost reports whether P is at most level, and computes no more than that
// needs: tables of many runs hold very many pairs. If it is not, it is not
// below least either, which is at least level.
func (t Test) AtMost(level float64) (yes bool, least float64) {
	switch {
	case level < t.smallest():
		return false, t.smallest()
	case t.n > 0 && t.sum*t.sum <= t.squares && level < central:
		return false, central
	case t.n > 0 && t.bound() <= level:
		return true, 0
	case t.sizes == nil || t.n <= enumerated:
		p := t.P()
		return p <= level, p
	}
	sizes := runsOf(t.sizes)
	if p := t.approximate(sizes); p < drawable {
		return p <= level, p
	}
	most := int(level*(flips+1)) - 1 // assignments that may reach the sum
	if most < 0 {
		return false, 1.0 / (flips + 1)
	}
	return sizes.draw(t.reached(), most) <= most, level
}

// approximate is the p-value by the saddlepoint, within what is certain.
func (t Test) approximate(s sizes) float64 {
	return max(t.smallest(), min(t.bound(), s.saddlepoint(math.Abs(t.sum))))
}

// smallest is the p-value where all signs are alike.
func (t Test) smallest() float64 { return min(1, math.Ldexp(2, -t.n)) }

// bound is above the p-value (W. Hoeffding, Probability inequalities for sums
// of bounded random variables, 1963).
func (t Test) bound() float64 { return 2 * math.Exp(-t.sum*t.sum/(2*t.squares)) }

// reached is what counts as being as far from zero as the sum.
func (t Test) reached() float64 { return math.Abs(t.sum) - rounding*t.total }

// mcNemar is the p-value of so many positive differences of n.
func mcNemar(positive, n int) float64 { return min(1, 2*binomialTail(min(positive, n-positive), n)) }

// enumerate is the share of all assignments of signs whose sum is as far from
// zero as reached.
func enumerate(sizes []float64, reached float64) float64 {
	if reached <= 0 {
		return 1
	}
	sorted := slices.Clone(sizes)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	rest := make([]float64, len(sorted)+1)
	for i := len(sorted) - 1; i >= 0; i-- {
		rest[i] = rest[i+1] + sorted[i]
	}
	return math.Ldexp(float64(reaching(sorted, rest, reached)), 1-len(sorted))
}

// reaching counts the assignments whose sum is at least need; rest are the
// sums of the sizes from each on.
func reaching(sizes, rest []float64, need float64) int {
	switch {
	case need > rest[0]:
		return 0
	case need <= -rest[0]:
		return 1 << len(sizes)
	}
	return reaching(sizes[1:], rest[1:], need-sizes[0]) + reaching(sizes[1:], rest[1:], need+sizes[0])
}

// Sizes are those of many differences, ascending, equal ones together.
type sizes []sizeRun

type sizeRun struct {
	size  float64
	count int
}

func runsOf(values []float64) sizes {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	var out sizes
	for i, k := 0, 0; i < len(sorted); i = k {
		for k = i; k < len(sorted) && sorted[k] == sorted[i]; k++ {
		}
		out = append(out, sizeRun{sorted[i], k - i})
	}
	return out
}

// draw counts those of 9,999 random assignments of signs whose sum is as far
// from zero as reached; it ends where they are more than most. Sizes that occur
// often, as those of scores of few values do, take their signs 64 at a time.
func (s sizes) draw(reached float64, most int) int {
	var often []sizeRun
	var single []float64
	n := 0
	for _, r := range s {
		n += r.count
		if r.count > 4 {
			often = append(often, r)
			continue
		}
		for range r.count {
			single = append(single, r.size)
		}
	}
	coins := coins{source: rand.NewPCG(flipSeed, uint64(n))}
	count := 0
	for i := 0; i < flips && count <= most; i++ {
		sum := 0.0
		for _, r := range often {
			heads := 0
			for left := r.count; left > 0; left -= 64 {
				heads += coins.heads(min(left, 64))
			}
			sum += r.size * float64(2*heads-r.count)
		}
		for part := range slices.Chunk(single, 64) {
			word := coins.source.Uint64()
			for _, s := range part {
				sum += math.Float64frombits(math.Float64bits(s) | word<<63) // s or -s
				word >>= 1
			}
		}
		if math.Abs(sum) >= reached {
			count++
		}
	}
	return count
}

// coins throws fair coins.
type coins struct {
	source *rand.PCG
	word   uint64
	left   int
}

// heads throws n coins, at most 64.
func (c *coins) heads(n int) int {
	if n == 64 {
		return bits.OnesCount64(c.source.Uint64())
	}
	if c.left < n {
		c.word, c.left = c.source.Uint64(), 64
	}
	out := bits.OnesCount64(c.word & (1<<n - 1))
	c.word >>= n
	c.left -= n
	return out
}
