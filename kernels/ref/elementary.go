package ref

import "math"

// The standard library computes logarithms and angles differently on different
// processors: in assembly, or with the fused multiply-adds into which Go's
// compiler turns products and sums where the processor has them. The
// conversions to float64 below forbid that, so these give the same bits
// everywhere.

// Parts of ln 2 and π/2: the first ones have so few bits that their product
// with an exponent or a number of quarter turns is exact.
const (
	ln2Hi  = 6.93147180369123816490e-01
	ln2Lo  = 1.90821492927058770002e-10
	halfPi = 1.57079632673412561417e+00 // 33 bits
	piRest = 6.07710050630396597660e-11 // the next 33
	piTail = 2.02226624879595063154e-21
)

// Log64 is the natural logarithm in float64, to about two units in the last
// place.
func Log64(x float64) float64 {
	if !(x > 0) || x > math.MaxFloat64 {
		return math.Log(x) // -Inf, NaN and +Inf are the same everywhere
	}
	f, e := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f, e = 2*f, e-1
	}
	// ln f = 2·artanh(s) = 2s·(1 + s²/3 + s⁴/5 + ...); s² < 0.0295, so what
	// follows s²⁴/25 is below 2⁻⁶⁰.
	s := (f - 1) / (f + 1)
	z, sum := float64(s*s), 0.0
	for k := 25; k > 1; k -= 2 {
		sum = float64(z * (sum + 1/float64(k)))
	}
	low := float64(2*s*sum) + float64(float64(e)*ln2Lo)
	return float64(float64(e)*ln2Hi) + (2*s + low)
}

// Sincos64 returns sine and cosine in float64. Up to x of a million, their
// errors are a few times 2⁻⁵³; beyond, that of the angle grows.
func Sincos64(x float64) (sin, cos float64) {
	turns := math.Floor(float64(x*(2/math.Pi)) + 0.5)
	r := float64(x - float64(turns*halfPi))
	r = float64(r-float64(turns*piRest)) - float64(turns*piTail)
	// Taylor's series; |r| ≤ π/4, so what follows r¹⁷/17! is below 2⁻⁵⁶.
	z, s, c := float64(r*r), 0.0, 0.0
	for i := range sinSeries {
		s = float64(z*s) + sinSeries[i]
		c = float64(z*c) + cosSeries[i]
	}
	s = float64(r * s)
	switch int64(turns) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	}
	return -c, s
}

// ±1/17!, ..., 1/1! and ±1/16!, ..., 1/0!.
var (
	sinSeries = [...]float64{1 / 355687428096000., -1 / 1307674368000., 1 / 6227020800., -1 / 39916800., 1 / 362880., -1 / 5040., 1 / 120., -1 / 6., 1}
	cosSeries = [...]float64{1 / 20922789888000., -1 / 87178291200., 1 / 479001600., -1 / 3628800., 1 / 40320., -1 / 720., 1 / 24., -1 / 2., 1}
)
