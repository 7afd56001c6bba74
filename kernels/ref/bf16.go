package ref

import "math"

// RoundBF16 rounds to the nearest bfloat16, ties to even, and returns it as a
// float32. Subnormal numbers become zero, as the processors' conversions have
// it (Intel, "BFLOAT16 Hardware Numerics Definition", 2018).
func RoundBF16(x float32) float32 {
	bits := math.Float32bits(x)
	switch {
	case x != x:
		return x
	case bits&0x7f800000 == 0:
		return math.Float32frombits(bits & 0x80000000)
	}
	return math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff)
}

// DotBF16 is Dot with factors rounded to bfloat16, two terms a step.
func DotBF16(start float32, a, b []float32) float32 {
	for k := 0; k < len(a); k += 2 {
		var a1, b1 float32
		if k+1 < len(a) {
			a1, b1 = RoundBF16(a[k+1]), RoundBF16(b[k+1])
		}
		start = FMA(a1, b1, start)
		start = FMA(RoundBF16(a[k]), RoundBF16(b[k]), start)
	}
	return start
}
