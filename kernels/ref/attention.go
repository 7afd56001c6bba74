package ref

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels"
)

// BlockTokens is how many keys attention takes at a time. Blocks begin at the
// absolute positions 0, 64, 128 and so on, whoever computed them.
const BlockTokens = 64

// softmaxLanes is how many partial sums a block's exponentials have.
const softmaxLanes = 8

// Attend sets dst to softmax(scale·q·keysᵀ)·values for one query, the last of
// len(keys) positions. Keys of its first block that lie before the window have
// weight 0. It walks them block by block with a running maximum,
// sum and weighted values (Milakov and Gimelshein, "Online normalizer
// calculation for softmax", 2018; Dao et al., "FlashAttention", 2022).
func Attend(dst, q []float32, keys, values [][]float32, how kernels.Attention) {
	clear(dst)
	first := 0
	if how.Window > 0 {
		first = max(0, len(keys)-how.Window)
	}
	highest, sum := float32(math.Inf(-1)), float32(0)
	for start := first / BlockTokens * BlockTokens; start < len(keys); start += BlockTokens {
		end := min(start+BlockTokens, len(keys))
		p := make([]float32, end-start)
		for j := range p {
			p[j] = Dot(0, q, keys[start+j])
		}
		scale := how.Scale
		if how.Limit > 0 {
			SoftCap(p, how.Scale, how.Limit)
			scale = 1
		}
		for j := range max(0, first-start) {
			p[j] = float32(math.Inf(-1))
		}
		var shrink float32
		shrink, highest, sum = SoftmaxBlock(p, scale, highest, sum)
		for d := range dst {
			dst[d] *= shrink
			for j := range p {
				dst[d] = FMA(p[j], values[start+j][d], dst[d])
			}
		}
	}
	inverse := 1 / sum
	for d := range dst {
		dst[d] *= inverse
	}
}

// SoftmaxBlock turns a block of scores into exponentials relative to the
// highest scaled score so far and returns the factor by which what was
// gathered before shrinks, the new highest score and the new sum.
func SoftmaxBlock(p []float32, scale, highest, sum float32) (shrink, newHighest, newSum float32) {
	newHighest = highest
	for j := range p {
		p[j] *= scale
		newHighest = max(newHighest, p[j])
	}
	var lanes [softmaxLanes]float32
	for j := range p {
		p[j] = Exp(p[j] - newHighest)
		lanes[j%softmaxLanes] += p[j]
	}
	shrink = Exp(highest - newHighest)
	return shrink, newHighest, FMA(sum, shrink, Fold(lanes[:]))
}
