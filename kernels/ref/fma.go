// Package ref holds every operation of the forward pass as a plain loop: what
// the numbers are, with no regard for speed. The fast backends must give the
// same bits; their tests compare against this package.
//
// The rule that makes this possible: an output of a matrix product is one
// chain of float32 fused multiply-adds in the order of the summed index, and
// every other sum has one fixed order. So no result depends on how work is
// cut into tiles, batches or threads.
package ref

import "math"

// FMA returns a·b+c rounded once to float32, as a hardware fused
// multiply-add does.
//
// In float64 the product is exact but the sum is rounded to 53 bits before
// the conversion rounds again to 24. That goes wrong only where the first
// rounding lands on, or hides, a tie of the second, which the low 29 bits
// show; all other sums convert at once.
func FMA(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	if bits := math.Float64bits(s); bits&tieMask != tie && bits<<1 >= minNormal<<1 {
		return float32(s)
	}
	return fmaRounded(p, float64(c), s)
}

const (
	tieMask   = 1<<29 - 1
	tie       = 1 << 28
	minNormal = uint64(1023-126) << 52 // 2^-126 as float64 bits: below, float32 is subnormal
)

// fmaRounded rounds p+c to odd, which keeps the second rounding correct
// (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved
// algorithms using rounding to odd", 2008). s is p+c in float64.
func fmaRounded(p, c, s float64) float32 {
	if s == 0 || math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	// The exact error of the sum (Knuth's TwoSum).
	t := s - p
	e := (p - (s - t)) + (c - t)
	if bits := math.Float64bits(s); e != 0 && bits&1 == 0 {
		if (e > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}
