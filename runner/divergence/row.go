package divergence

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels/ref"
	"github.com/llamaeval/llamaeval/results/divergence"
)

// compare holds the new model's logits for one position against the base's;
// target is the token that follows in the text. scratch has room for a
// vocabulary. All sums are in float64 and in the order of the vocabulary, so
// that nothing but the logits shows in the result.
func compare(base, next []float32, target int32, scratch []float64) divergence.Token {
	baseTop, nextTop := argmax(base), argmax(next)
	baseSum, nextSum := 0.0, 0.0
	for i, x := range base {
		e := exp(float64(x) - float64(base[baseTop]))
		scratch[i] = e
		baseSum += e
		nextSum += exp(float64(next[i]) - float64(next[nextTop]))
	}
	baseLSE := float64(base[baseTop]) + ref.Log64(baseSum)
	nextLSE := float64(next[nextTop]) + ref.Log64(nextSum)
	sum := 0.0
	for i, e := range scratch[:len(base)] {
		sum += float64(e * ((float64(base[i]) - baseLSE) - (float64(next[i]) - nextLSE)))
	}
	t := divergence.Token{
		KL:      max(0, sum/baseSum), // rounding alone makes it negative
		BaseNLL: baseLSE - float64(base[target]),
		NewNLL:  nextLSE - float64(next[target]),
		SameTop: baseTop == nextTop,
	}
	t.Shift = ref.Exp64(-t.NewNLL) - ref.Exp64(-t.BaseNLL)
	return t
}

// argmax is the place of the largest value, the first among equals.
func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// exp is eˣ for x from -708 to 0, below that 0, to about one unit in the last
// place: a power of two and the Taylor series of the rest, without the
// divisions that make ref.Exp64 slow, and with the same bits on every
// processor. What follows r¹³/13! is below 2⁻⁵⁷, since |r| ≤ ln2/2.
func exp(x float64) float64 {
	if x < -708 {
		return 0
	}
	// Adding 1.5·2⁵² leaves the nearest integer in the low bits.
	t := float64(x*math.Log2E) + magic
	n := t - magic
	r := float64(x-float64(n*ln2High)) - float64(n*ln2Low)
	// Even and odd powers side by side, so that neither waits for the other.
	rr := float64(r * r)
	even := float64(rr*(1.0/479001600)) + 1.0/3628800
	odd := float64(rr*(1.0/6227020800)) + 1.0/39916800
	even = float64(rr*even) + 1.0/40320
	odd = float64(rr*odd) + 1.0/362880
	even = float64(rr*even) + 1.0/720
	odd = float64(rr*odd) + 1.0/5040
	even = float64(rr*even) + 1.0/24
	odd = float64(rr*odd) + 1.0/120
	even = float64(rr*even) + 1.0/2
	odd = float64(rr*odd) + 1.0/6
	sum := 1 + (r + (float64(rr*even) + float64(float64(r*rr)*odd)))
	return sum * math.Float64frombits((math.Float64bits(t)-magicBits+1023)<<52)
}

const (
	magic     = 6755399441055744.0 // 1.5·2⁵²
	magicBits = 0x4338000000000000
	// ln 2 in two parts, the first with so few bits that n·ln2High is exact.
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)
