package cpu

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

//go:noescape
func scaleMaxNEON(x []float32, scale float32) float32

//go:noescape
func expSumNEON(x []float32, highest float32) float32

//go:noescape
func expSum64NEON(x []float32, highest float32) float64

//go:noescape
func scaleNEON(x []float32, scale float32)

//go:noescape
func swigluNEON(dst, gate, up []float32)

//go:noescape
func sumSquaresNEON(sums *[32]float32, x []float32)

//go:noescape
func normNEON(dst, x, gain []float32, inverse float32)

//go:noescape
func rotateNEON(x, cos, sin []float32)

//go:noescape
func packQ4_1NEON(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packQ4_0NEON(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packQ8_0NEON(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packF32NEON(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packF16NEON(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func packBF16NEON(dst []float32, src []byte, stride, blocks, ahead int)

//go:noescape
func prefetchNEON(src []byte)

//go:noescape
func peakNEON(rounds int)

//go:noescape
func pause()

// neon is part of every 64-bit Arm processor that Go runs on.
var neon = isa{
	name: "neon",
	tiles: [][]tile{
		1: {1: tile1x1NEON, 4: tile1x4NEON},
		2: {1: tile2x1NEON, 2: tile2x2NEON},
		3: {1: tile3x1NEON, 2: tile3x2NEON},
		4: {1: tile4x1NEON},
		5: {1: tile5x1NEON},
		6: {1: tile6x1NEON},
	},
	pack: map[quant.Type]packer{
		quant.F32:  {4, packF32NEON},
		quant.F16:  {8, packF16NEON},
		quant.BF16: {8, packBF16NEON},
		quant.Q4_0: {32, packQ4_0NEON},
		quant.Q4_1: {32, packQ4_1NEON},
		quant.Q8_0: {32, packQ8_0NEON},
	},
	low:        6,
	packRows:   8,
	cache:      192 << 10,
	prefetch:   prefetchNEON,
	scaleMax:   scaleMaxNEON,
	expSum:     expSumNEON,
	expSum64:   expSum64NEON,
	scale:      scaleNEON,
	swiglu:     swigluNEON,
	sumSquares: sumSquaresNEON,
	norm:       normNEON,
	rotate:     rotateNEON,
	peak:       peakNEON,
	peakFlops:  24 * 4 * 4 * 2,
}

func available() []*isa { return []*isa{&neon, &portable} }

// expConstants holds the constants of ref.Exp in the order of the registers
// that neongen/rows.go gives them.
//
//lint:ignore U1000 read by assembly
var expConstants = [14]float32{ref.Log2E, ref.RoundMagic, -ref.Ln2High, -ref.Ln2Low,
	ref.ExpP0, ref.ExpP1, ref.ExpP2, ref.ExpP3, ref.ExpP4, ref.ExpP5,
	1, ref.ExpLow, ref.ExpHigh, float32(math.Inf(1))}
