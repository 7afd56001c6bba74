package cpu

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
)

// Sizes that the loops are cut for.
const (
	longestK = 3072 // above this a panel is cut along k
	cutK     = 1024 // to pieces of this; a multiple of every block size
)

// Multiply computes all products in one loop over panels and row blocks.
func (b *Backend) Multiply(x kernels.Matrix, rows int, products ...kernels.Product) {
	a := x.(*matrix)
	jobs := grow(&b.jobs, len(products))
	for i, p := range products {
		w, dst := p.Weight.(*weight), p.Dst.(*matrix)
		if w.cols != a.cols || dst.cols != w.rows || rows > a.rows || rows > dst.rows {
			panic(fmt.Sprintf("cpu: %dx%d times the transpose of %dx%d into %dx%d", rows, a.cols, w.rows, w.cols, dst.rows, dst.cols))
		}
		jobs[i] = product{a: a, w: w, c: dst.data, ldc: dst.ld, add: p.Add}
	}
	b.follow(jobs[0].w, jobs[len(jobs)-1].w)
	if b.bf16 != nil {
		b.round(jobs, a, rows)
	} else if side := b.beside(a, rows); side != nil {
		for i := range jobs {
			jobs[i].beside(b, side)
		}
	}
	turns := b.cut(jobs, rows)
	b.pool.Run(len(turns), func(worker, i int) {
		b.multiply(turns[i], &b.local[worker])
	})
}

// follow notes that the products now begun, from weight first to last, come
// after what was computed before: they probably will again.
func (b *Backend) follow(first, last *weight) {
	if b.last != nil {
		b.last.then = first
	}
	b.last = last
}

// product is one matrix product on plain memory.
type product struct {
	a       *matrix
	pairs   *matrix // in mode fast: a as pairs of bfloat16
	bytes   []byte  // in mode fast, for k-quants: a as bytePairs, rows bytesLd apart
	bytesLd int
	integer integers
	side    []float32 // of few rows: a's rows side by side, for the kernel
	slim    slimProduct
	w       *weight
	c       []float32
	ldc     int
	add     bool
}

// pieceOf returns how much of k is widened at a time for many rows.
func pieceOf(k int) int {
	if k > longestK {
		return cutK
	}
	return k
}

// fewRowsOfA is below what makes widened weights worth a place in the L2
// cache: they are used from the L1 cache, a small portion at a time.
const fewRowsOfA = 48

// portion is how many panels and how much of k a turn widens at once.
func (t *turn) portion() (panels, k int) {
	k = t.a.cols
	if t.rows > fewRowsOfA {
		return t.panels, pieceOf(k)
	}
	return 4, min(k, roundUp(96, t.w.kind.BlockSize()))
}

// multiply computes a turn into its product's destination.
func (b *Backend) multiply(t turn, s *scratch) {
	c := t.c[t.row*t.ldc+t.panel*panelCols:]
	if t.bytes != nil {
		b.integers(t, c, s)
		return
	}
	if b.thin(t, c, t.add) || b.slim(t, c, t.ldc, s, t.add) {
		return
	}
	if _, piece := t.portion(); piece == t.a.cols || !t.add {
		b.accumulate(t, c, t.ldc, s, t.add)
		return
	}
	// The chain is cut, so its first pieces must wait outside of what the
	// finished chain is added to.
	width := t.panels * panelCols
	part := grow(&s.partial, t.rows*width)
	b.accumulate(t, part, width, s, false)
	for r := range t.rows {
		sum := c[r*t.ldc : r*t.ldc+width]
		for i, v := range part[r*width : (r+1)*width] {
			sum[i] += v
		}
	}
}

// accumulate runs the chains of a turn into c, portion by portion.
func (b *Backend) accumulate(t turn, c []float32, ldc int, s *scratch, add bool) {
	group, piece := t.portion()
	for p := 0; p < t.panels; p += group {
		part := t
		part.panel, part.panels = t.panel+p, min(group, t.panels-p)
		part.next = t.after(p + part.panels)
		for first := 0; first < t.a.cols; first += piece {
			mode := 0
			if first > 0 {
				mode |= resume
			}
			if add {
				mode |= addTo
			}
			n := min(piece, t.a.cols-first)
			if t.pairs != nil {
				b.piecePairs(part, c[p*panelCols:], ldc, s, first, n, mode)
			} else {
				b.piece(part, c[p*panelCols:], ldc, s, first, n, mode)
			}
		}
	}
}

// piece widens weights first to first+n of a turn's panels and multiplies.
func (b *Backend) piece(t turn, c []float32, ldc int, s *scratch, first, n, mode int) {
	panel := n * panelCols
	wide := grow(&s.panels, t.panels*panel)
	for p := range t.panels {
		b.packPanel(wide[p*panel:(p+1)*panel], t.w, t.panel+p, t.next+p, first, n, s)
	}
	tiles(b.isa.tiles, b.height(t.rows), c, ldc, t.a.data[t.row*t.a.ld+first:], t.a.ld, t.rows, wide, panelCols, panel, t.panels, n, mode)
}

// height is the most rows that a tile of so many rows' product takes.
func (b *Backend) height(rows int) int {
	if rows <= fewRowsOfA {
		return b.isa.low
	}
	return len(b.isa.tiles) - 1
}

// tiles covers rows x panels of c with tiles of at most `highest` rows. All of
// a row's panels are done before the next rows, so that these stay in the L1
// cache.
func tiles(table [][]tile, highest int, c []float32, ldc int, a []float32, lda, rows int, w []float32, ldb, panel, panels, k, mode int) {
	for row := 0; row < rows; {
		n := rows - row
		if n >= 2*highest {
			n = highest
		} else if n > highest {
			n = (n + 1) / 2 // two similar tiles rather than a full and a thin one
		}
		kinds := table[n]
		for p := 0; p < panels; {
			wide := min(len(kinds)-1, panels-p)
			for kinds[wide] == nil {
				wide--
			}
			kinds[wide](c[row*ldc+p*panelCols:], ldc, a[row*lda:], lda, w[p*panel:], ldb, panel, k, mode)
			p += wide
		}
		row += n
	}
}
