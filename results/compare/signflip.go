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
	// flips is the number of random assignments otherwise; the smallest
	// p-value is then 1/(flips+1).
	flips = 9999
	// flipSeed makes a p-value a function of the results alone.
	flipSeed = 20411
	// rounding is the part of the sum of absolute values within which two
	// sums count as equal.
	rounding = 1e-12
)

// signFlip is the two-sided p-value of the paired permutation test: under the
// hypothesis that two models do not differ, each independent unit's difference
// (an item's, or the sum over a cluster) is as likely to have the opposite
// sign. The statistic is the absolute value of their sum.
//
// Where all differences that are not zero have one size, the test is the exact
// test of McNemar: the number of positive ones is binomial (Q. McNemar, Note on
// the sampling error of the difference between correlated proportions or
// percentages, Psychometrika 12, 1947). Else all signs are enumerated, or drawn
// and counted as (b+1)/(m+1), which keeps the level (B. Phipson and G. K.
// Smyth, Permutation P-values should never be zero, 2010).
func signFlip(differences []float64) float64 {
	sizes := make([]float64, 0, len(differences))
	observed, total := 0.0, 0.0
	positive := 0
	for _, d := range differences {
		if d == 0 {
			continue
		}
		if d > 0 {
			positive++
		}
		sizes = append(sizes, math.Abs(d))
		observed, total = observed+d, total+math.Abs(d)
	}
	if len(sizes) == 0 {
		return 1
	}
	slices.Sort(sizes)
	reached := math.Abs(observed) - rounding*total
	switch n := len(sizes); {
	case sizes[n-1]-sizes[0] <= rounding*sizes[n-1]:
		return min(1, 2*binomialTail(min(positive, n-positive), n))
	case n <= enumerated:
		return enumerate(sizes, reached)
	default:
		return draw(sizes, reached)
	}
}

// enumerate is the share of all assignments of signs whose sum is as far from
// zero as reached. The first sign stays: the sum's absolute value is the same
// with all signs turned.
func enumerate(sizes []float64, reached float64) float64 {
	count := 0
	all := 1 << (len(sizes) - 1)
	for signs := range all {
		sum := sizes[0]
		for i, s := range sizes[1:] {
			if signs>>i&1 == 1 {
				sum -= s
			} else {
				sum += s
			}
		}
		if math.Abs(sum) >= reached {
			count++
		}
	}
	return float64(count) / float64(all)
}

// draw estimates the same share from random signs. Sizes that occur often,
// as those of scores of few values do, take their signs 64 at a time.
func draw(sizes []float64, reached float64) float64 {
	type run struct {
		size  float64
		count int
	}
	var runs []run
	var single []float64
	for i, k := 0, 0; i < len(sizes); i = k {
		for k = i; k < len(sizes) && sizes[k] == sizes[i]; k++ {
		}
		if k-i > 4 {
			runs = append(runs, run{sizes[i], k - i})
		} else {
			single = append(single, sizes[i:k]...)
		}
	}
	coins := coins{source: rand.NewPCG(flipSeed, uint64(len(sizes)))}
	count := 0
	for range flips {
		sum := 0.0
		for _, r := range runs {
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
	return float64(count+1) / (flips + 1)
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
