package ref

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// byteGroup is how many activations share a scale.
const byteGroup = 32

// RoundBytes rounds 32 activations to q·scale with q from -127 to 127, the
// scale being a 127th of the largest magnitude; ties go to the even q. Where a
// value is not finite the scale is NaN. Magnitudes below 2^-120 become zeros.
func RoundBytes(q *[byteGroup]int8, x []float32) (scale float32) {
	var largest uint32 // as bits, which order as magnitudes do, infinities and NaN last
	for _, v := range x {
		largest = max(largest, math.Float32bits(v)&^(1<<31))
	}
	*q = [byteGroup]int8{}
	switch {
	case largest >= 0x7f800000:
		return float32(math.NaN())
	case largest < 7<<23: // 2^-120
		return 0
	}
	inverse := 127 / math.Float32frombits(largest)
	for i, v := range x {
		q[i] = int8(math.RoundToEven(float64(v * inverse)))
	}
	return math.Float32frombits(largest) / 127
}

// DotBytes is the product of a row of activations, rounded by RoundBytes, and
// a row of a k-quant's superblocks. What shares a scale is summed as integers,
// and so exactly: products of values, and the activations that a minimum is
// multiplied with, which are then scaled and rounded.
func DotBytes(a []float32, t quant.Type, row []byte) float32 {
	var sum float32
	var q [byteGroup]int8
	var w quant.Superblock
	for ; len(a) > 0; row = row[t.BlockBytes():] {
		quant.Integers(&w, t, row[:t.BlockBytes()])
		var values, minima, scale float32
		for k := 0; k < len(w.Values); k += w.Shared {
			if k%byteGroup == 0 {
				scale = RoundBytes(&q, a[k:k+byteGroup])
			}
			var products, activations int32
			for i, v := range q[k%byteGroup:][:w.Shared] {
				products += int32(w.Values[k+i]) * int32(v)
				activations += int32(v)
			}
			values = FMA(scale, float32(int32(w.Scales[k/16])*products), values)
			minima = FMA(float32(w.Minima[k/16]), float32(activations)*scale, minima)
		}
		sum = FMA(w.D, values, sum)
		sum = FMA(-w.Min, minima, sum)
		a = a[len(w.Values):]
	}
	return sum
}
