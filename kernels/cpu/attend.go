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
// share keys are stacked as rows of one matrix, and so are neighbouring spans,
// so that scores and weighted values are matrix products with blocks of 64
// keys: a block that several branches share is read once for all of them. In the
// block that holds the queries' own positions each sees one key more than the
// one before it.
func (b *Backend) Attend(dst, q kernels.Matrix, kv kernels.Cache, layer int, how kernels.Attention, spans []kernels.Span) {
	c := kv.(*cache)
	group := c.shape.Heads / c.shape.KVHeads
	stacks := b.stack(spans, max(1, queryRows/group), c.shape.KVHeads)
	b.pool.Run(len(stacks)*c.shape.KVHeads, func(worker, turn int) {
		// The last pieces of a sequence have most keys: begin with them.
		i := len(stacks) - 1 - turn/c.shape.KVHeads
		a := attention{
			Backend: b, cache: c, layer: layer, head: turn % c.shape.KVHeads, group: group,
			pieces: stacks[i], how: how,
		}
		a.run(dst.(*matrix), q.(*matrix), &b.local[worker])
	})
	b.soon.expect(c, (layer+1)%c.shape.Layers, spans)
}

// stack cuts spans into pieces and joins neighbours of together at most that
// many positions, fewer where threads would run out of turns.
func (b *Backend) stack(spans []kernels.Span, most, heads int) [][]piece {
	positions := 0
	for _, s := range spans {
		positions += s.Len
	}
	most = min(most, max(4, positions*heads/(8*b.Threads())))
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
	how                kernels.Attention

	query, scores, output []float32 // [rows][HeadDim], [rows][64], [rows][padded]
	highest, sum, shrink  []float32 // [rows]
}

func (a *attention) run(dst, q *matrix, s *scratch) {
	a.begin(q, s)
	s.steps = a.steps(s.steps[:0])
	for i, st := range s.steps {
		if st.rows < fewRows && (i == 0 || s.steps[i-1].page != st.page) {
			// Keys and values come from memory here: fetch them ahead.
			_, values := a.cache.block(st.page, a.layer, a.head)
			a.fetch(values)
			if i+1 < len(s.steps) && s.steps[i+1].page != st.page {
				keys, _ := a.cache.block(s.steps[i+1].page, a.layer, a.head)
				a.fetch(keys)
			}
		}
		a.block(st)
	}
	a.finish(dst)
}

// fewRows is below what makes a block's arithmetic take longer than reading
// its keys and values from memory.
const fewRows = 24

// step lets `rows` query rows from first on see a page. They are `positions`
// in a row, the last of which sees the first `keys` positions of the page and
// each one before it one less; or all see the same.
type step struct {
	page              int32
	start             int // absolute position of the page's first key
	first, rows, keys int
	positions         int
}

// sees returns how many keys the step's r-th row sees.
func (s *step) sees(r int) int { return s.keys - s.positions + 1 + r*s.positions/s.rows }

// steps lists what is to be done: first the blocks that pieces see whole, in
// order, those that share a page at once, then the pages of their own positions.
func (a *attention) steps(list []step) []step {
	first, end := a.blocks()
	for block := first; block < end; block++ {
		n := len(list)
		row := 0
		for _, p := range a.pieces {
			page, count := p.before(block, a.how.Window)
			rows := count * a.group
			if last := len(list) - 1; rows > 0 && last >= n && list[last].page == page && list[last].first+list[last].rows == row {
				list[last].rows += rows
			} else if rows > 0 {
				list = append(list, step{page, block * kernels.PageTokens, row, rows, kernels.PageTokens, 1})
			}
			row += p.count * a.group
		}
	}
	row := 0
	for _, p := range a.pieces {
		for done := 0; done < p.count; {
			n := min(p.count-done, max(1, (len(a.isa.tiles)-1)/a.group)) // a tile of them
			done += n
			from := p.start / kernels.PageTokens * kernels.PageTokens
			list = append(list, step{p.page(), from, row, n * a.group, p.start + done - from, n})
			row += n * a.group
		}
	}
	return list
}

// blocks returns which blocks any piece may see whole: from first to before end.
func (a *attention) blocks() (first, end int) {
	first = math.MaxInt
	for _, p := range a.pieces {
		end = max(end, p.start/kernels.PageTokens)
		if a.how.Window > 0 {
			first = min(first, max(0, p.start-a.how.Window+1)/kernels.PageTokens)
		} else {
			first = 0
		}
	}
	return first, end
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
				result := a.output[row*padded : (row+1)*padded]
				a.isa.scale(result, 1/a.sum[row])
				copy(out[j*width:], result[:width])
				row++
			}
		}
	}
}

// block does one step: scores, softmax, weighted values.
func (a *attention) block(st step) {
	const keys = kernels.PageTokens
	k, v := a.cache.block(st.page, a.layer, a.head)
	width, padded := a.cache.shape.HeadDim, a.cache.padded
	scores := a.scores[st.first*keys : (st.first+st.rows)*keys]
	a.tiles(scores, keys, a.query[st.first*width:], width, st.rows, k, keys, ceilDiv(st.keys, panelCols), width, 0)
	scale := a.how.Scale
	if a.how.Limit > 0 {
		scale = 1
		for r := range st.rows {
			ref.SoftCap(scores[r*keys:r*keys+st.sees(r)], a.how.Scale, a.how.Limit)
		}
	}
	if a.how.Window > 0 {
		a.hide(st, scores)
	}
	a.softmaxes(st, scores, scale)
	// The keys that all rows see together, then those of the later positions.
	output, group := a.output[st.first*padded:], st.rows/st.positions
	common := st.sees(0)
	a.tiles(output, padded, scores, keys, st.rows, v, padded, padded/panelCols, common, resume)
	for i := 1; i < st.positions; i++ {
		row := i * group
		a.tiles(output[row*padded:], padded, scores[row*keys+common:], keys, group, v[common*padded:], padded, padded/panelCols, i, resume)
	}
}

// tiles multiplies with a block whose panels lie side by side.
func (a *attention) tiles(c []float32, ldc int, x []float32, ldx, rows int, block []float32, ldb, panels, k, mode int) {
	tiles(a.isa.tiles, len(a.isa.tiles)-1, c, ldc, x, ldx, rows, block, ldb, panelCols, panels, k, mode)
}

// hide gives keys before the rows' windows no weight. Their values are
// multiplied all the same: then a row's sums do not depend on which other rows
// the step has.
func (a *attention) hide(st step, scores []float32) {
	row := 0
	for _, p := range a.pieces {
		for i := range p.count {
			hidden := p.start + i - a.how.Window + 1 - st.start
			for range a.group {
				if r := row - st.first; r >= 0 && r < st.rows && hidden > 0 {
					copy(scores[r*kernels.PageTokens:], unseen[:hidden])
				}
				row++
			}
		}
	}
}

// softmaxes turns a step's scores into weights.
func (a *attention) softmaxes(st step, scores []float32, scale float32) {
	const keys = kernels.PageTokens
	if a.isa.softmax64 == nil {
		for r := range st.rows {
			a.softmax(scores[r*keys:(r+1)*keys], st.first+r, st.sees(r), scale)
		}
		return
	}
	for r := range st.rows {
		if n := st.sees(r); n < keys {
			copy(scores[r*keys+n:(r+1)*keys], unseen[:])
		}
	}
	end := st.first + st.rows
	a.isa.softmax64(scores, a.highest[st.first:end], a.sum[st.first:end], a.shrink[st.first:end], scale)
	for r := st.first; r < end; r++ {
		if a.shrink[r] != 1 {
			a.isa.scale(a.output[r*a.cache.padded:(r+1)*a.cache.padded], a.shrink[r])
		}
	}
}

// unseen are scores that weigh nothing.
var unseen = func() (x [kernels.PageTokens]float32) {
	for i := range x {
		x[i] = float32(math.Inf(-1))
	}
	return x
}()

// softmax is ref.SoftmaxBlock of n scores for one query row, which also
// shrinks the row's output.
func (a *attention) softmax(p []float32, row, n int, scale float32) {
	whole := roundUp(n, lanes)
	copy(p[n:whole], unseen[:])
	before := a.highest[row]
	highest := max(before, a.isa.scaleMax(p[:whole], scale))
	sum := a.isa.expSum(p[:whole], highest)
	if highest == before {
		a.sum[row] += sum // the factor is 1
		return
	}
	shrink := ref.Exp(before - highest)
	a.isa.scale(a.output[row*a.cache.padded:(row+1)*a.cache.padded], shrink)
	a.highest[row], a.sum[row] = highest, ref.FMA(a.sum[row], shrink, sum)
}
