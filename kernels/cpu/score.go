package cpu

import (
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// scoreRows bounds the rows whose logits of one chunk a worker holds.
const scoreRows = 512

// Score streams the vocabulary in chunks of ref.VocabularyChunk tokens. A
// chunk's logits exist only in the worker that reduces them.
func (b *Backend) Score(x kernels.Matrix, w kernels.Weight, limit float32, out []kernels.Logits) error {
	a, table := x.(*matrix), w.(*weight)
	if a.cols != table.cols || len(out) > a.rows {
		panic(fmt.Sprintf("cpu: %d rows of %dx%d times the transpose of %dx%d", len(out), a.rows, a.cols, table.rows, table.cols))
	}
	for i := range out {
		out[i].Target = make([]float32, len(out[i].Targets))
		if out[i].All != nil && len(out[i].All) != table.rows {
			panic(fmt.Sprintf("cpu: room for %d logits, there are %d", len(out[i].All), table.rows))
		}
	}
	for row := 0; row < len(out); row += scoreRows {
		b.score(a, row, table, limit, out[row:min(row+scoreRows, len(out))])
	}
	return nil
}

func (b *Backend) score(a *matrix, row int, w *weight, limit float32, out []kernels.Logits) {
	b.follow(w, w)
	chunks := ceilDiv(w.rows, ref.VocabularyChunk)
	var side []float32
	if row == 0 {
		side = b.beside(a, len(out))
	}
	peaks := make([]ref.Peak, chunks*len(out)) // [row][chunk]
	b.pool.Run(chunks, func(worker, chunk int) {
		s := &b.local[worker]
		logits := grow(&s.logits, len(out)*ref.VocabularyChunk)
		p := product{a: a, w: w, c: logits, ldc: ref.VocabularyChunk}
		if side != nil {
			p.beside(b, side)
		}
		first := chunk * ref.VocabularyChunk
		n := min(ref.VocabularyChunk, w.rows-first)
		b.chunk(&p, row, first/panelCols, ceilDiv(n, panelCols), len(out), s)
		for i := range out {
			line := logits[i*ref.VocabularyChunk : (i+1)*ref.VocabularyChunk]
			if limit > 0 {
				ref.SoftCap(line[:n], 1, limit)
			}
			for j, t := range out[i].Targets {
				if at := int(t) - first; at >= 0 && at < n {
					out[i].Target[j] = line[at]
				}
			}
			if out[i].All != nil {
				copy(out[i].All[first:], line[:n])
			}
			peaks[i*chunks+chunk] = b.peakOf(line, n, first)
		}
	})
	for i := range out {
		p := ref.MergePeaks(peaks[i*chunks : (i+1)*chunks])
		out[i].Max, out[i].Argmax, out[i].LogSumExp = p.Max, p.Argmax, p.LogSumExp()
	}
}

// chunk multiplies rows of a product with some panels, a group at a time, and
// leaves them at the beginning of p.c.
func (b *Backend) chunk(p *product, row, panel, panels, rows int, s *scratch) {
	group := b.mostPanels(p.a.cols)
	c := p.c
	for done := 0; done < panels; done += group {
		n := min(group, panels-done)
		t := turn{product: p, panel: panel + done, panels: n, row: row, rows: rows, next: panel + done + n}
		if done+n == panels {
			t.next = panel + panels*b.Threads()
			if left := t.next - ceilDiv(p.w.rows, panelCols); left >= 0 {
				t.then, t.thenPanel = p.w.then, left/panels*mostFew
			}
		}
		if !b.thin(t, c[done*panelCols:], false) && !b.slim(t, c[done*panelCols:], p.ldc, false) {
			b.accumulate(t, c[done*panelCols:], p.ldc, s, false)
		}
	}
}

// peakOf is ref.ChunkPeak of the first n logits, after which it may write.
func (b *Backend) peakOf(logits []float32, n, first int) ref.Peak {
	whole := roundUp(n, lanes)
	for i := n; i < whole; i++ {
		logits[i] = float32(math.Inf(-1))
	}
	p := ref.Peak{Max: b.isa.scaleMax(logits[:whole], 1), Argmax: int32(first)}
	for i, x := range logits[:n] {
		if x == p.Max {
			p.Argmax = int32(first + i)
			break
		}
	}
	p.Sum = b.isa.expSum64(logits[:whole], p.Max)
	return p
}
