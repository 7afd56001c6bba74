package cpu

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// queryRows is about how many query rows (positions times the heads that share
// a key-value head) one turn of attention stacks.
const queryRows = 96

// Attend computes ref.Attend for every query head and row. The heads that
// share keys are stacked as rows of one matrix, so that scores and weighted
// values are matrix products with blocks of 64 keys. Blocks that all queries
// of a piece see whole are done together; the block that holds the queries'
// own positions is done position by position, as each sees one key more.
func (b *Backend) Attend(dst, q kernels.Matrix, kv kernels.Cache, layer int, spans []kernels.Span) {
	c := kv.(*cache)
	group := c.shape.Heads / c.shape.KVHeads
	pieces := cutSpans(spans, max(1, queryRows/group))
	b.pool.Run(len(pieces)*c.shape.KVHeads, func(worker, turn int) {
		// The last pieces of a sequence have most keys: begin with them.
		i := len(pieces) - 1 - turn/c.shape.KVHeads
		a := attention{
			Backend: b, cache: c, layer: layer, head: turn % c.shape.KVHeads, group: group,
			piece: pieces[i], scale: float32(1 / math.Sqrt(float64(c.shape.HeadDim))),
		}
		a.run(dst.(*matrix), q.(*matrix), &b.local[worker])
	})
}

// attention is one piece's queries of the heads that share one key-value head.
// Query row i*group+j is position i, head j.
type attention struct {
	*Backend
	cache *cache
	piece
	layer, head, group int
	scale              float32

	query, scores, output []float32 // [rows][HeadDim], [rows][64], [rows][padded]
	highest, sum          []float32 // [rows]
}

func (a *attention) run(dst, q *matrix, s *scratch) {
	rows, width := a.count*a.group, a.cache.shape.HeadDim
	a.query = grow(&s.query, rows*width)
	a.scores = grow(&s.scores, rows*kernels.PageTokens)
	a.output = grow(&s.output, rows*a.cache.padded)
	a.highest, a.sum = grow(&s.highest, rows), grow(&s.sum, rows)
	clear(a.output)
	clear(a.sum)
	for i := range a.highest {
		a.highest[i] = float32(math.Inf(-1))
	}
	stacked, at := a.group*width, a.head*a.group*width
	for i := range a.count {
		copy(a.query[i*stacked:(i+1)*stacked], q.row(a.row+i, q.cols)[at:])
	}

	own := a.start / kernels.PageTokens
	for block := range own {
		a.block(block, 0, rows, kernels.PageTokens)
	}
	for i := range a.count {
		a.block(own, i*a.group, a.group, (a.start+i)%kernels.PageTokens+1)
	}

	for i := range a.count {
		out := dst.row(a.row+i, dst.cols)[at : at+stacked]
		for j := range a.group {
			row := i*a.group + j
			inverse := 1 / a.sum[row]
			for d, x := range a.output[row*a.cache.padded : row*a.cache.padded+width] {
				out[j*width+d] = x * inverse
			}
		}
	}
}

// block lets `rows` query rows from first on see the first n keys of a block.
func (a *attention) block(block, first, rows, n int) {
	const keys = kernels.PageTokens
	k, v := a.cache.block(a.pages[block], a.layer, a.head)
	query, scores := a.query[first*a.cache.shape.HeadDim:], a.scores[first*keys:]
	tiles(a.isa.tiles, scores, keys, query, a.cache.shape.HeadDim, rows, k, keys, panelCols, ceilDiv(n, panelCols), a.cache.shape.HeadDim, 0)
	for r := range rows {
		a.softmax(scores[r*keys:(r+1)*keys], first+r, n)
	}
	tiles(a.isa.tiles, a.output[first*a.cache.padded:], a.cache.padded, scores, keys, rows, v, a.cache.padded, panelCols, a.cache.padded/panelCols, n, resume)
}

// softmax is ref.SoftmaxBlock of n scores for one query row, which also
// shrinks the row's output.
func (a *attention) softmax(p []float32, row, n int) {
	whole := roundUp(n, lanes)
	for i := n; i < whole; i++ {
		p[i] = float32(math.Inf(-1)) // adds nothing below
	}
	before := a.highest[row]
	highest := max(before, a.isa.scaleMax(p[:whole], a.scale))
	sum := a.isa.expSum(p[:whole], highest)
	if highest == before {
		a.sum[row] += sum // the factor is 1
		return
	}
	shrink := ref.Exp(before - highest)
	a.isa.scale(a.output[row*a.cache.padded:(row+1)*a.cache.padded], shrink)
	a.highest[row], a.sum[row] = highest, ref.FMA(a.sum[row], shrink, sum)
}
