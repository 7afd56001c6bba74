package cpu

import (
	"fmt"
	"os"
	"strings"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// panelCols is the width of a weight panel: outputs computed side by side.
const panelCols = 16

// lanes is the multiple to which rows given to the vector functions are padded.
const lanes = 8

// A tile multiplies a few rows of a with panels of b: for each of its rows and
// columns one chain of fused multiply-adds over k. Rows of c and a are ldc and
// lda floats apart, rows of b (16 floats each) ldb, and panels of b `panel`.
// In c the panels lie side by side.
type tile func(c []float32, ldc int, a []float32, lda int, b []float32, ldb, panel, k, mode int)

// Modes of a tile, which may be combined.
const (
	resume = 1 // the chain starts from c instead of 0
	addTo  = 2 // the finished chain is added to c
)

// A packer widens packRows rows of weights, stride bytes apart, into a panel or
// a half of one: weight k of row r goes to dst[16k+r]. It takes whole blocks.
type packer struct {
	blockSize int
	pack      func(dst []float32, src []byte, stride, blocks, ahead int)
}

// A thinProduct multiplies one row of a with 32 or 64 rows of weights that are
// widened in registers, and meanwhile fetches as many from `ahead` bytes
// further on; four may be nil. Modes are those of a tile, without resume.
type thinProduct struct {
	blockSize int
	two, four func(c, a []float32, src []byte, stride, blocks, ahead, mode int)
}

// A slimProduct multiplies up to 4 or 8 rows with two panels whose weights are
// widened in registers. Sixteen rows lie side by side in a, row r of k at 16k+r;
// the rest is as in thinProduct. Meanwhile some lines (farLines in avx512gen) of
// each block are fetched from far on. keep is eight and leaves the widened
// weights in wide, weight k of column c of panel p at 32k+16p+c.
type slimProduct struct {
	blockSize   int
	four, eight func(c []float32, ldc, rows int, a []float32, src []byte, stride, blocks, ahead, mode int, far unsafe.Pointer)
	keep        func(c []float32, ldc, rows int, a []float32, src []byte, stride, blocks, ahead, mode int, far unsafe.Pointer, wide []float32)
}

// A wideProduct multiplies up to 8 further rows with the weights that a
// slimProduct kept, wideBlock of k at a time.
type wideProduct func(c []float32, ldc, rows int, a, wide []float32, blocks, mode int, far unsafe.Pointer)

// wideBlock is wideSteps of avx512gen.
const wideBlock = 4

// An isa is one instruction set's inner loops. All sets give the same bits.
// Slices handed to the vector functions have a length that is a positive
// multiple of 8, sumSquares' of 32.
type isa struct {
	name     string
	tiles    [][]tile // by rows, then panels; nil where there is none
	low      int      // rows of the tile for weights in the L1 cache, four panels of them
	pack     map[quant.Type]packer
	packRows int  // rows a packer takes: 8 or 16
	fetches  bool // packers fetch as many bytes as they take from `ahead` bytes on
	cache    int  // bytes of widened weights that a worker's L2 cache holds beside all else
	thin     map[quant.Type]thinProduct
	slim     map[quant.Type]slimProduct
	wide     wideProduct

	prefetch func(src []byte) // hints that src is read soon

	scaleMax func(x []float32, scale float32) float32 // x *= scale; max(x)
	// softmax64, where there is one, is ref.SoftmaxBlock of 64 scores for each
	// row of p; shrink receives what a row's output shrinks by.
	softmax64  func(p, highest, sum, shrink []float32, scale float32)
	expSum     func(x []float32, highest float32) float32 // x = exp(x-highest); its sum in 8 lanes
	expSum64   func(x []float32, highest float32) float64 // sum of exp(x-highest) in 8 lanes of float64
	scale      func(x []float32, scale float32)           // x *= scale
	swiglu     func(dst, gate, up []float32)              // SiLU(gate)·up
	sumSquares func(sums *[32]float32, x []float32)       // sums[i%32] = Σ x[i]²
	// normRow, where there is one, is ref.RMSNorm of n elements, padded to a
	// multiple of 32.
	normRow func(dst, x, gain []float32, n int, eps float32)
	norm    func(dst, x, gain []float32, inverse float32) // x·inverse·gain
	rotate  func(x, cos, sin []float32)                   // ref.Rotate

	peak      func(rounds int) // FMAs on registers
	peakFlops int              // floating-point operations of one round

	bf16 *bf16 // nil where there is no dot product of bfloat16
}

// bf16 is what mode fast needs: matrix products of rounded factors. A pair of
// neighbours along k takes the place of a float; the lower half is the first.
type bf16 struct {
	integers    map[quant.Type]integers         // types whose products are ref.DotBytes instead
	roundBytes  func(dst []byte, src []float32) // ref.RoundBytes of superblocks, to bytePairs
	tiles       [][]tile                        // a step of the chain is ref.DotBF16
	thin        map[quant.Type]thinProduct
	narrowRow   func(dst, src []float32) // pairs of neighbours; a multiple of 32 floats
	narrowPanel func(dst, src []float32) // pairs of rows of 16 floats; an even number of rows
	peak        func(rounds int)
	peakFlops   int
}

// integers multiplies superblocks (quant.Superblock) as integers.
type integers struct {
	// pack brings superblocks of 16 rows into a panel, see integerPanel.
	pack func(dst, src []byte, stride, blocks, ahead int)
	// one multiplies one row of a with one panel; modes are a thinProduct's.
	one func(c []float32, a, src []byte, stride, blocks, ahead, mode int)
	*stages
}

// stages are the tiles for panels in which 32 weights have so many scales.
type stages struct {
	scales int
	tiles  [][]integerTile // by rows, then panels
}

// An integerTile adds to c the products of rows of a (bytePairs, lda bytes
// apart) and panels of b.
type integerTile func(c []float32, ldc int, a []byte, lda int, b []byte, panel, blocks int)

// Variable names the environment variable that chooses the instruction set.
const Variable = "LLAMAEVAL_ISA"

// choose returns the instruction set called name, or the best one if name and
// the environment variable are empty.
func choose(name string) (*isa, error) {
	if name == "" {
		name = os.Getenv(Variable)
	}
	have := available()
	if name == "" {
		return have[0], nil
	}
	var names []string
	for _, s := range have {
		if s.name == name {
			return s, nil
		}
		names = append(names, s.name)
	}
	return nil, fmt.Errorf("instruction set %.40s: this machine and build have %s; name one of these, or unset %s", name, strings.Join(names, ", "), Variable)
}

// Available returns the names of the instruction sets that this machine and
// build can use, fastest first.
func Available() []string {
	var names []string
	for _, s := range available() {
		names = append(names, s.name)
	}
	return names
}
