package cpu

import (
	"math"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// queryRows is about how many query rows (positions times the heads that share
// a key-value head) one turn of attention stacks.
const queryRows = 96

// Attend computes ref.Attend for every query head and row. The heads that
// share keys are stacked as rows of one matrix, and so are neighbouring spans,
// so that scores and weighted values are matrix products with blocks of 64
// keys: a block that several branches share is read once for all of them. The
// block that holds a query's own position is done position by position, as
// each sees one key more.
func (b *Backend) Attend(dst, q kernels.Matrix, kv kernels.Cache, layer int, spans []kernels.Span) {
	c := kv.(*cache)
	group := c.shape.Heads / c.shape.KVHeads
	stacks := b.stack(spans, max(1, queryRows/group), c.shape.KVHeads)
	b.pool.Run(len(stacks)*c.shape.KVHeads, func(worker, turn int) {
		// The last pieces of a sequence have most keys: begin with them.
		i := len(stacks) - 1 - turn/c.shape.KVHeads
		a := attention{
			Backend: b, cache: c, layer: layer, head: turn % c.shape.KVHeads, group: group,
			pieces: stacks[i], scale: float32(1 / math.Sqrt(float64(c.shape.HeadDim))),
		}
		a.run(dst.(*matrix), q.(*matrix), &b.local[worker])
	})
}

// stack cuts spans into pieces and joins neighbours of together at most that
// many positions, fewer where threads would run out of turns.
func (b *Backend) stack(spans []kernels.Span, most, heads int) [][]piece {
	positions := 0
	for _, s := range spans {
		positions += s.Len
	}
	most = min(most, max(4, positions*heads/(4*b.Threads())))
	pieces := cutSpans(spans, most)
	var out [][]piece
	for first := 0; first < len(pieces); {
		end, positions := first, 0
		for end < len(pieces) && (end == first || positions+pieces[end].count <= most) {
			positions += pieces[end].count
			end++
		}
		out = append(out, pieces[first:end])
		first = end
	}
	return out
}

// attention is some pieces' queries of the heads that share one key-value
// head. Position i of all pieces, head j is query row i*group+j.
type attention struct {
	*Backend
	cache              *cache
	pieces             []piece
	layer, head, group int
	scale              float32

	query, scores, output []float32 // [rows][HeadDim], [rows][64], [rows][padded]
	highest, sum, shrink  []float32 // [rows]
}

func (a *attention) run(dst, q *matrix, s *scratch) {
	a.begin(q, s)
	s.steps = a.steps(s.steps[:0])
	for i, st := range s.steps {
		if st.rows < fewRows {
			// Keys and values come from memory here: fetch them ahead.
			_, values := a.cache.block(st.page, a.layer, a.head)
			a.fetch(values)
			if i+1 < len(s.steps) {
				keys, _ := a.cache.block(s.steps[i+1].page, a.layer, a.head)
				a.fetch(keys)
			}
		}
		a.block(st.page, st.first, st.rows, st.keys)
	}
	a.finish(dst)
}

// fewRows is below what makes a block's arithmetic take longer than reading
// its keys and values from memory.
const fewRows = 24

func (a *attention) fetch(x []float32) {
	a.isa.prefetch(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x)))
}

// step lets `rows` query rows from first on see the first keys of a page.
type step struct {
	page              int32
	first, rows, keys int
}

// steps lists what is to be done: first the blocks that pieces see whole, in
// order, those that share a page at once, then their own positions.
func (a *attention) steps(list []step) []step {
	for block := 0; ; block++ {
		n := len(list)
		row := 0
		for _, p := range a.pieces {
			rows := p.count * a.group
			page, ok := p.before(block)
			if last := len(list) - 1; ok && last >= n && list[last].page == page && list[last].first+list[last].rows == row {
				list[last].rows += rows
			} else if ok {
				list = append(list, step{page, row, rows, kernels.PageTokens})
			}
			row += rows
		}
		if len(list) == n {
			break
		}
	}
	row := 0
	for _, p := range a.pieces {
		for i := range p.count {
			list = append(list, step{p.page(), row, a.group, (p.start+i)%kernels.PageTokens + 1})
			row += a.group
		}
	}
	return list
}

// begin gathers the queries.
func (a *attention) begin(q *matrix, s *scratch) {
	rows := 0
	for _, p := range a.pieces {
		rows += p.count * a.group
	}
	width := a.cache.shape.HeadDim
	a.query = grow(&s.query, rows*width)
	a.scores = grow(&s.scores, rows*kernels.PageTokens)
	a.output = grow(&s.output, rows*a.cache.padded)
	a.highest, a.sum, a.shrink = grow(&s.highest, rows), grow(&s.sum, rows), grow(&s.shrink, rows)
	clear(a.output)
	clear(a.sum)
	for i := range a.highest {
		a.highest[i] = float32(math.Inf(-1))
	}
	stacked, at := a.group*width, a.head*a.group*width
	to := a.query
	for _, p := range a.pieces {
		for i := range p.count {
			copy(to[:stacked], q.row(p.row+i, q.cols)[at:])
			to = to[stacked:]
		}
	}
}

// finish divides by the sums and scatters the rows.
func (a *attention) finish(dst *matrix) {
	width, padded := a.cache.shape.HeadDim, a.cache.padded
	row := 0
	for _, p := range a.pieces {
		for i := range p.count {
			out := dst.row(p.row+i, dst.cols)[a.head*a.group*width:]
			for j := range a.group {
				inverse := 1 / a.sum[row]
				for d, x := range a.output[row*padded : row*padded+width] {
					out[j*width+d] = x * inverse
				}
				row++
			}
		}
	}
}

// block lets `rows` query rows from first on see the first n keys of a page.
func (a *attention) block(page int32, first, rows, n int) {
	const keys = kernels.PageTokens
	k, v := a.cache.block(page, a.layer, a.head)
	query, scores := a.query[first*a.cache.shape.HeadDim:], a.scores[first*keys:]
	tiles(a.isa.tiles, len(a.isa.tiles)-1, scores, keys, query, a.cache.shape.HeadDim, rows, k, keys, panelCols, ceilDiv(n, panelCols), a.cache.shape.HeadDim, 0)
	if end := first + rows; n == keys && a.isa.softmax64 != nil {
		a.isa.softmax64(scores[:rows*keys], a.highest[first:end], a.sum[first:end], a.shrink[first:end], a.scale)
		for r := first; r < end; r++ {
			if a.shrink[r] != 1 {
				a.isa.scale(a.output[r*a.cache.padded:(r+1)*a.cache.padded], a.shrink[r])
			}
		}
	} else {
		for r := range rows {
			a.softmax(scores[r*keys:(r+1)*keys], first+r, n)
		}
	}
	tiles(a.isa.tiles, len(a.isa.tiles)-1, a.output[first*a.cache.padded:], a.cache.padded, scores, keys, rows, v, a.cache.padded, panelCols, a.cache.padded/panelCols, n, resume)
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
