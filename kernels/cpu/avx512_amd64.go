package cpu

import "github.com/llamaeval/llamaeval/kernels/quant"

//go:generate go run ./avx512gen

//go:noescape
func scaleMaxAVX512(x []float32, scale float32) float32

//go:noescape
func softmax64AVX512(p, highest, sum, shrink []float32, scale float32)

//go:noescape
func normRowAVX512(dst, x, gain []float32, n int, eps float32)

//go:noescape
func expSum64AVX512(x []float32, highest float32) float64

//go:noescape
func swigluAVX512(dst, gate, up []float32)

// avx512 needs AVX-512 F, DQ, BW and VL, which came together with Skylake-X
// and Zen 4. Loops that do not matter are those of AVX2.
var avx512 = isa{
	name: "avx512",
	tiles: [][]tile{
		1:  {1: tile1x1AVX512, 2: tile1x2AVX512, 4: tile1x4AVX512, 8: tile1x8AVX512},
		2:  {1: tile2x1AVX512, 2: tile2x2AVX512, 4: tile2x4AVX512, 8: tile2x8AVX512},
		3:  {1: tile3x1AVX512, 2: tile3x2AVX512, 4: tile3x4AVX512, 6: tile3x6AVX512},
		4:  {1: tile4x1AVX512, 2: tile4x2AVX512, 4: tile4x4AVX512, 6: tile4x6AVX512},
		5:  {1: tile5x1AVX512, 2: tile5x2AVX512, 4: tile5x4AVX512},
		6:  {1: tile6x1AVX512, 2: tile6x2AVX512, 4: tile6x4AVX512},
		7:  {1: tile7x1AVX512, 2: tile7x2AVX512, 3: tile7x3AVX512},
		8:  {1: tile8x1AVX512, 2: tile8x2AVX512, 3: tile8x3AVX512},
		9:  {1: tile9x1AVX512, 2: tile9x2AVX512, 3: tile9x3AVX512},
		10: {1: tile10x1AVX512, 2: tile10x2AVX512},
		11: {1: tile11x1AVX512, 2: tile11x2AVX512},
		12: {1: tile12x1AVX512, 2: tile12x2AVX512},
		13: {1: tile13x1AVX512, 2: tile13x2AVX512},
		14: {1: tile14x1AVX512, 2: tile14x2AVX512},
	},
	pack: map[quant.Type]packer{
		quant.F32:    {4, packF32AVX512},
		quant.F16:    {8, packF16AVX512},
		quant.BF16:   {8, packBF16AVX512},
		quant.Q4_0:   {32, packQ4_0AVX512},
		quant.Q4_1:   {32, packQ4_1AVX512},
		quant.Q8_0:   {32, packQ8_0AVX512},
		quant.IQ4_NL: {32, packIQ4_NLAVX512},
		quant.Q2_K:   {256, packQ2_KAVX512},
		quant.Q3_K:   {256, packQ3_KAVX512},
		quant.Q4_K:   {256, packQ4_KAVX512},
		quant.Q5_K:   {256, packQ5_KAVX512},
		quant.Q6_K:   {256, packQ6_KAVX512},
	},
	thin: map[quant.Type]thinProduct{
		quant.F32:    {4, thin2F32AVX512, thin4F32AVX512},
		quant.F16:    {8, thin2F16AVX512, thin4F16AVX512},
		quant.BF16:   {8, thin2BF16AVX512, thin4BF16AVX512},
		quant.Q4_0:   {32, thin2Q4_0AVX512, thin4Q4_0AVX512},
		quant.Q4_1:   {32, thin2Q4_1AVX512, thin4Q4_1AVX512},
		quant.Q8_0:   {32, thin2Q8_0AVX512, thin4Q8_0AVX512},
		quant.IQ4_NL: {32, thin2IQ4_NLAVX512, thin4IQ4_NLAVX512},
		quant.Q2_K:   {256, thin2Q2_KAVX512, nil},
		quant.Q3_K:   {256, thin2Q3_KAVX512, nil},
		quant.Q4_K:   {256, thin2Q4_KAVX512, thin4Q4_KAVX512},
		quant.Q5_K:   {256, thin2Q5_KAVX512, nil},
		quant.Q6_K:   {256, thin2Q6_KAVX512, nil},
	},
	low: 6,
	slim: map[quant.Type]slimProduct{
		quant.F32:    {4, slim4F32AVX512, slim8F32AVX512, keep8F32AVX512},
		quant.F16:    {8, slim4F16AVX512, slim8F16AVX512, keep8F16AVX512},
		quant.BF16:   {8, slim4BF16AVX512, slim8BF16AVX512, keep8BF16AVX512},
		quant.Q4_0:   {32, slim4Q4_0AVX512, slim8Q4_0AVX512, keep8Q4_0AVX512},
		quant.Q4_1:   {32, slim4Q4_1AVX512, slim8Q4_1AVX512, keep8Q4_1AVX512},
		quant.Q8_0:   {32, slim4Q8_0AVX512, slim8Q8_0AVX512, keep8Q8_0AVX512},
		quant.IQ4_NL: {32, slim4IQ4_NLAVX512, slim8IQ4_NLAVX512, keep8IQ4_NLAVX512},
		quant.Q2_K:   {256, slim4Q2_KAVX512, slim8Q2_KAVX512, keep8Q2_KAVX512},
		quant.Q3_K:   {256, slim4Q3_KAVX512, slim8Q3_KAVX512, keep8Q3_KAVX512},
		quant.Q4_K:   {256, slim4Q4_KAVX512, slim8Q4_KAVX512, keep8Q4_KAVX512},
		quant.Q5_K:   {256, slim4Q5_KAVX512, slim8Q5_KAVX512, keep8Q5_KAVX512},
		quant.Q6_K:   {256, slim4Q6_KAVX512, slim8Q6_KAVX512, keep8Q6_KAVX512},
	},
	wide:       wide8AVX512,
	packRows:   panelCols,
	fetches:    true,
	cache:      640 << 10,
	prefetch:   prefetchAVX2,
	scaleMax:   scaleMaxAVX512,
	softmax64:  softmax64AVX512,
	expSum:     expSumAVX2,
	expSum64:   expSum64AVX512,
	scale:      scaleAVX2,
	swiglu:     swigluAVX512,
	sumSquares: sumSquaresAVX2,
	normRow:    normRowAVX512,
	norm:       normAVX2,
	rotate:     rotateAVX2,
	peak:       peakAVX512,
	peakFlops:  24 * 10 * 16 * 2,
	bf16:       &bf16AVX512,
}

// Tiles of integers, by rows and panels.
var (
	stages1 = &stages{1, [][]integerTile{
		1: {1: integers1x1Stages1, 2: integers1x2Stages1},
		2: {1: integers2x1Stages1, 2: integers2x2Stages1},
		3: {1: integers3x1Stages1, 2: integers3x2Stages1},
		4: {1: integers4x1Stages1, 2: integers4x2Stages1},
		5: {1: integers5x1Stages1, 2: integers5x2Stages1},
		6: {1: integers6x1Stages1, 2: integers6x2Stages1},
	}}
	stages2 = &stages{2, [][]integerTile{
		1: {1: integers1x1Stages2, 2: integers1x2Stages2},
		2: {1: integers2x1Stages2, 2: integers2x2Stages2},
		3: {1: integers3x1Stages2, 2: integers3x2Stages2},
		4: {1: integers4x1Stages2, 2: integers4x2Stages2},
		5: {1: integers5x1Stages2, 2: integers5x2Stages2},
		6: {1: integers6x1Stages2, 2: integers6x2Stages2},
	}}
)

// bf16AVX512 needs AVX512_BF16, which came with Cooper Lake and Zen 4, and
// AVX512_VNNI, which both have too.
var bf16AVX512 = bf16{
	tiles: [][]tile{
		1:  {1: tile1x1BF16, 2: tile1x2BF16, 4: tile1x4BF16, 8: tile1x8BF16},
		2:  {1: tile2x1BF16, 2: tile2x2BF16, 4: tile2x4BF16, 8: tile2x8BF16},
		3:  {1: tile3x1BF16, 2: tile3x2BF16, 4: tile3x4BF16, 6: tile3x6BF16},
		4:  {1: tile4x1BF16, 2: tile4x2BF16, 4: tile4x4BF16, 6: tile4x6BF16},
		5:  {1: tile5x1BF16, 2: tile5x2BF16, 4: tile5x4BF16},
		6:  {1: tile6x1BF16, 2: tile6x2BF16, 4: tile6x4BF16},
		7:  {1: tile7x1BF16, 2: tile7x2BF16, 3: tile7x3BF16},
		8:  {1: tile8x1BF16, 2: tile8x2BF16, 3: tile8x3BF16},
		9:  {1: tile9x1BF16, 2: tile9x2BF16, 3: tile9x3BF16},
		10: {1: tile10x1BF16, 2: tile10x2BF16},
		11: {1: tile11x1BF16, 2: tile11x2BF16},
		12: {1: tile12x1BF16, 2: tile12x2BF16},
		13: {1: tile13x1BF16, 2: tile13x2BF16},
		14: {1: tile14x1BF16, 2: tile14x2BF16},
	},
	thin: map[quant.Type]thinProduct{
		quant.F32:    {4, thin2F32BF16, thin4F32BF16},
		quant.F16:    {8, thin2F16BF16, thin4F16BF16},
		quant.BF16:   {8, thin2BF16BF16, thin4BF16BF16},
		quant.Q4_0:   {32, thin2Q4_0BF16, thin4Q4_0BF16},
		quant.Q4_1:   {32, thin2Q4_1BF16, thin4Q4_1BF16},
		quant.Q8_0:   {32, thin2Q8_0BF16, thin4Q8_0BF16},
		quant.IQ4_NL: {32, thin2IQ4_NLBF16, thin4IQ4_NLBF16},
	},
	roundBytes: roundBytesAVX512,
	integers: map[quant.Type]integers{
		quant.Q2_K: {packIntegersQ2_K, integerRowQ2_K, stages2},
		quant.Q3_K: {packIntegersQ3_K, integerRowQ3_K, stages2},
		quant.Q4_K: {packIntegersQ4_K, integerRowQ4_K, stages1},
		quant.Q5_K: {packIntegersQ5_K, integerRowQ5_K, stages1},
		quant.Q6_K: {packIntegersQ6_K, integerRowQ6_K, stages2},
	},
	narrowRow:   narrowRowBF16,
	narrowPanel: narrowPanelBF16,
	peak:        peakBF16,
	peakFlops:   24 * 10 * 32 * 2,
}

// Tables that widen 4-bit quanta, the mask of the upper of two bfloat16, the
// order in which two rows of 16 become pairs, and what integers need.
var (
	//lint:ignore U1000 read by assembly
	nibbles = [16]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	//lint:ignore U1000 read by assembly
	upperNibbles = [16]float32{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}
	//lint:ignore U1000 read by assembly
	signedNibbles = [16]float32{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7}
	//lint:ignore U1000 read by assembly
	pairs = [16]float32{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}
	//lint:ignore U1000 read by assembly
	fourLess = [16]float32{-4, -3, -2, -1, 0, 1, 2, 3, -4, -3, -2, -1, 0, 1, 2, 3}
	//lint:ignore U1000 read by assembly
	mask3, mask15, mask48, mask63, thirtyTwo = uint32(3), uint32(15), uint32(48), uint32(63), uint32(32)
	// The same in each byte.
	//lint:ignore U1000 read by assembly
	threes, fours, fifteens, sixteens, thirtyTwos, fortyEights = uint32(0x03030303), uint32(0x04040404), uint32(0x0f0f0f0f), uint32(0x10101010), uint32(0x20202020), uint32(0x30303030)
	//lint:ignore U1000 read by assembly
	codebook = quant.Nonlinear
	//lint:ignore U1000 read by assembly
	timesFour, timesThirtyTwo = float32(4), float32(32)
	//lint:ignore U1000 read by assembly
	upperHalf = uint32(0xffff0000)
	//lint:ignore U1000 read by assembly
	interleave = [32]uint16{0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31}
)
