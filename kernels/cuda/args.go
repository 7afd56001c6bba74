//go:build cuda && linux

package cuda

// The parameters of the kernels, as kernel/args.h has them and describes them;
// addresses are those of the device.

type normArgs struct {
	out, half, x, gain uint64
	rows, cols         int32
	eps                float32
	_                  uint32
}

type rotateArgs struct {
	x, table                   uint64
	rows, heads, width, turned int32
	halves, _                  int32
}

type gluArgs struct {
	out, half, gate, up uint64
	count               int64
}

type addArgs struct {
	out, x, half         uint64
	rows, cols, apart, _ int32
}

type gatherArgs struct {
	out, x, rows uint64
	count, cols  int32
}

// The formats of weights.
const (
	kindF32 = iota
	kindF16
	kindBF16
	kindE4M3
	kindE5M2
	kindQ4_0
	kindQ4_1
	kindQ5_0
	kindQ5_1
	kindQ8_0
	kindIQ4_NL
	kindMXFP4
	kindE4M3_S
	kindE5M2_S
	kindQ2_K
	kindQ3_K
	kindQ4_K
	kindQ5_K
	kindQ6_K
	kindIQ4_XS
	kindIQ2_XXS
	kindIQ2_XS
	kindIQ2_S
	kindIQ3_XXS
	kindIQ3_S
	kindIQ1_S
	kindIQ1_M
	kindTQ1_0
	kindTQ2_0
	kindQ1_0
	kindNVFP4
)

type embedArgs struct {
	out, table, tokens uint64
	count, cols, kind  int32
	scale              float32
}

type narrowArgs struct {
	half, x    uint64
	count      int64
	kind, cols int32
}

type factor struct {
	weight, out uint64
	cols, kind  int32
	add, tiles  int32
	apart, _    int32
}

// mostFactors is how many products one launch computes.
const mostFactors = 3

type multiplyArgs struct {
	x, half    uint64
	rows, k    int32
	factors, _ int32
	factor     [mostFactors]factor
}

type cacheArgs struct {
	memory         uint64
	page, layer    int64
	kvHeads, width int32
}

type storeArgs struct {
	cache               cacheArgs
	keys, values, slots uint64
	rows, _             int32
}

type turnArgs struct {
	cache                      cacheArgs
	query, keys, values, table uint64
	slots                      uint64
	rows, heads                int32
	turned, halves             int32
}

type copyArgs struct {
	memory                 uint64
	page                   int64
	dst, src               int32
	blocks, width, rows, _ int32
}

type pieceArgs struct{ row, count, start, pages int32 }

type attendArgs struct {
	cache                           cacheArgs
	out, half, query, pieces, pages uint64
	heads, count                    int32
	scale, limit                    float32
	window, _                       int32
}

type peakArgs struct {
	sum    float64
	max    float32
	argmax int32
}

type scoreArgs struct {
	x, half, weight, peaks      uint64
	first, targets, logits, all uint64
	rows, k, vocabulary, kind   int32
	limit                       float32
	chunk                       int32
}

// drawArgs is what is asked of one draw, drawnArgs the answer.
type drawArgs struct {
	mass, share float64
	row         int32
	temperature float32
}

type drawnArgs struct {
	token int32
	logit float32
}

type drawsArgs struct {
	asked, out, whole, logits uint64
	count, vocabulary         int32
}

type mergeArgs struct {
	peaks, whole uint64
	rows, chunks int32
}

type flashTile struct{ first, count int32 }

type flashArgs struct {
	cache                cacheArgs
	half, query          uint64
	pieces, pages, tiles uint64
	heads, window        int32
	scale, limit         float32
}

type gatedArgs struct {
	x, gate, up, half   uint64
	rows, k, cols, kind int32
	gelu, _             int32
}

type limitArgs struct {
	out, in uint64
	count   int64
}
