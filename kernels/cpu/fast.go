package cpu

import "fmt"

// Fast makes matrix products round both factors to bfloat16 and add their
// products in float32, as ref.DotBF16 does; with weights that are k-quants they
// round activations to bytes, as ref.DotBytes does. Attention, the output layer
// and all else stay as they are. It fails where the instruction set has no such
// products: emulated they would be slower than exact ones.
func (b *Backend) Fast(on bool) error {
	if !on {
		b.bf16 = nil
		return nil
	}
	if b.isa.bf16 == nil {
		return fmt.Errorf("mode fast needs a processor with dot products of bfloat16 and bytes (AVX512_BF16, AVX512_VNNI), and instruction set %s has none here; use mode exact", b.isa.name)
	}
	b.bf16 = b.isa.bf16
	return nil
}

// round gives products their common left factor a as their types want it.
func (b *Backend) round(products []product, a *matrix, rows int) {
	var pairs *matrix
	var bytes []byte
	var ld int
	for i := range products {
		p := &products[i]
		kind, ok := b.bf16.integers[p.w.kind]
		switch {
		case ok && bytes == nil:
			bytes, ld = b.bytesOf(a, rows)
			fallthrough
		case ok:
			p.integer, p.bytes, p.bytesLd = kind, bytes, ld
		case pairs == nil:
			pairs = b.pairs(a, rows)
			fallthrough
		default:
			p.pairs = pairs
		}
	}
}

// pairs returns the first rows of x as pairs of bfloat16, valid until the next
// call.
func (b *Backend) pairs(x *matrix, rows int) *matrix {
	width := roundUp(x.cols, 32)
	m := &b.narrow
	m.rows, m.cols, m.ld = rows, width/2, width/2+panelCols
	m.data = grow(&m.data, rows*m.ld)
	b.eachRow(rows, func(i int) { b.bf16.narrowRow(m.row(i, m.cols), x.row(i, width)) })
	return m
}

// piecePairs is the body of accumulate in mode fast: weights are widened,
// rounded and paired a stretch at a time.
func (b *Backend) piecePairs(t turn, c []float32, ldc int, s *scratch, first, n, mode int) {
	steps := ceilDiv(n, 2)
	panel := steps * panelCols
	wide := grow(&s.panels, t.panels*panel)
	exact := grow(&s.exact, stretch*panelCols)
	for p := range t.panels {
		for done := 0; done < n; done += stretch {
			rows := min(stretch, n-done)
			b.packPanel(exact, t.w, t.panel+p, t.next+p, first+done, rows, s)
			if rows%2 == 1 { // the last weight's partner is nothing, not even a NaN left over
				clear(exact[rows*panelCols : (rows+1)*panelCols])
			}
			even := roundUp(rows, 2)
			b.bf16.narrowPanel(wide[p*panel+done/2*panelCols:], exact[:even*panelCols])
		}
	}
	tiles(b.bf16.tiles, b.height(t.rows), c, ldc, t.pairs.data[t.row*t.pairs.ld+first/2:], t.pairs.ld, t.rows, wide, panelCols, panel, t.panels, steps, mode)
}
