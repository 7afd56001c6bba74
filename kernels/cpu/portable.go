package cpu

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// portable is plain Go with emulated fused multiply-adds: the same bits as the
// other sets, far slower. It exists for processors without a set of their own
// and as the middle term between kernels/ref and the assembly.
var portable = isa{
	name:       "portable",
	tiles:      [][]tile{1: {1: tilePortable}},
	pack:       map[quant.Type]packer{},
	low:        1,
	packRows:   8,
	cache:      192 << 10,
	prefetch:   func([]byte) {},
	scaleMax:   scaleMaxPortable,
	expSum:     expSumPortable,
	expSum64:   expSum64Portable,
	scale:      scalePortable,
	swiglu:     ref.SwiGLU,
	sumSquares: sumSquaresPortable,
	norm:       normPortable,
	rotate:     ref.Rotate,
	peak:       peakPortable,
	peakFlops:  2 * 1000,
}

func tilePortable(c []float32, _ int, a []float32, _ int, b []float32, ldb, _, k, mode int) {
	var acc [panelCols]float32
	c = c[:panelCols]
	if mode&resume != 0 {
		copy(acc[:], c)
	}
	for i, x := range a[:k] {
		for j, w := range b[i*ldb : i*ldb+panelCols] {
			acc[j] = ref.FMA(x, w, acc[j])
		}
	}
	if mode&addTo != 0 {
		for j := range acc {
			acc[j] += c[j]
		}
	}
	copy(c, acc[:])
}

func scaleMaxPortable(x []float32, scale float32) float32 {
	highest := float32(math.Inf(-1))
	for i := range x {
		x[i] *= scale
		highest = max(highest, x[i])
	}
	return highest
}

func expSumPortable(x []float32, highest float32) float32 {
	var sums [lanes]float32
	for i := range x {
		x[i] = ref.Exp(x[i] - highest)
		sums[i%lanes] += x[i]
	}
	return ref.Fold(sums[:])
}

func expSum64Portable(x []float32, highest float32) float64 {
	var s [lanes]float64
	for i := range x {
		s[i%lanes] += float64(ref.Exp(x[i] - highest))
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

func scalePortable(x []float32, scale float32) {
	for i := range x {
		x[i] *= scale
	}
}

func sumSquaresPortable(sums *[32]float32, x []float32) {
	clear(sums[:])
	for i, v := range x {
		sums[i%32] = ref.FMA(v, v, sums[i%32])
	}
}

func normPortable(dst, x, gain []float32, inverse float32) {
	for i := range dst {
		dst[i] = x[i] * inverse * gain[i]
	}
}

func peakPortable(rounds int) {
	x := float32(1)
	for range rounds * 1000 {
		x = ref.FMA(x, 1, 0)
	}
}
