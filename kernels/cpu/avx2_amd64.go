package cpu

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

//go:generate go run gen_tiles.go

//go:noescape
func scaleMaxAVX2(x []float32, scale float32) float32

//go:noescape
func expSumAVX2(x []float32, highest float32) float32

//go:noescape
func expSum64AVX2(x []float32, highest float32) float64

//go:noescape
func scaleAVX2(x []float32, scale float32)

//go:noescape
func swigluAVX2(dst, gate, up []float32)

//go:noescape
func sumSquaresAVX2(sums *[32]float32, x []float32)

//go:noescape
func normAVX2(dst, x, gain []float32, inverse float32)

//go:noescape
func rotateAVX2(x, cos, sin []float32)

//go:noescape
func packQ4_1AVX2(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packQ4_0AVX2(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packQ8_0AVX2(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packF32AVX2(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packF16AVX2(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packBF16AVX2(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func prefetchAVX2(src []byte)

//go:noescape
func peakAVX2(rounds int)

//go:noescape
func pause()

// avx2 needs AVX2, FMA and F16C, which came together with Haswell and Zen.
var avx2 = isa{
	name: "avx2",
	tiles: [][]tile{
		1: {1: tile1x1AVX2, 4: tile1x4AVX2},
		2: {1: tile2x1AVX2, 2: tile2x2AVX2},
		3: {1: tile3x1AVX2, 2: tile3x2AVX2},
		4: {1: tile4x1AVX2},
		5: {1: tile5x1AVX2},
		6: {1: tile6x1AVX2},
	},
	pack: map[quant.Type]packer{
		quant.F32:  {4, packF32AVX2},
		quant.F16:  {8, packF16AVX2},
		quant.BF16: {8, packBF16AVX2},
		quant.Q4_0: {32, packQ4_0AVX2},
		quant.Q4_1: {32, packQ4_1AVX2},
		quant.Q8_0: {32, packQ8_0AVX2},
	},
	low:        6,
	packRows:   8,
	cache:      192 << 10,
	prefetch:   prefetchAVX2,
	scaleMax:   scaleMaxAVX2,
	expSum:     expSumAVX2,
	expSum64:   expSum64AVX2,
	scale:      scaleAVX2,
	swiglu:     swigluAVX2,
	sumSquares: sumSquaresAVX2,
	norm:       normAVX2,
	rotate:     rotateAVX2,
	peak:       peakAVX2,
	peakFlops:  12 * 10 * 8 * 2,
}

// expTable holds the constants of ref.Exp, each eight times, in the order in
// which rows_avx2_amd64.s names them.
//
//lint:ignore U1000 read by assembly
var expTable = eightTimes(ref.Log2E, ref.RoundMagic, -ref.Ln2High, -ref.Ln2Low,
	ref.ExpP0, ref.ExpP1, ref.ExpP2, ref.ExpP3, ref.ExpP4, ref.ExpP5,
	1, ref.ExpLow, ref.ExpHigh, float32(math.Inf(1)), float32(math.Copysign(0, -1)))

func eightTimes(values ...float32) (out [8 * 15]float32) {
	for i := range out {
		out[i] = values[i/8]
	}
	return out
}

// splitHalves is a byte shuffle that brings the lower 16 bits of four 32-bit
// words to the front and the upper ones behind them.
//
//lint:ignore U1000 read by assembly
var splitHalves = [16]byte{0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15}
