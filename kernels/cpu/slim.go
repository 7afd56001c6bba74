package cpu

import (
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// slimRows is how many rows lie side by side for the slim kernels.
const slimRows = 16

// beside returns the first rows of x in groups of 16, row r of k at 16k+r of
// its group, for a product of few rows; nil where there is no kernel for them
// or no room for whole groups. It is valid until the next call.
func (b *Backend) beside(x *matrix, rows int) []float32 {
	groups := ceilDiv(rows, slimRows)
	if len(b.isa.slim) == 0 || rows < 2 || rows > fewRowsOfA || groups*slimRows > x.rows || x.cols%4 != 0 {
		return nil
	}
	out := grow(&b.side, groups*slimRows*x.cols)
	for g := range groups {
		from := x.data[g*slimRows*x.ld:]
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(from))), 4*len(from))
		b.isa.pack[quant.F32].pack(out[g*slimRows*x.cols:], bytes, 4*x.ld, x.cols/4, 0)
	}
	return out
}

// beside gives a product its rows side by side, if there is a kernel for the
// weight's type.
func (p *product) beside(b *Backend, side []float32) {
	if kernel, ok := b.isa.slim[p.w.kind]; ok && p.a.cols%kernel.blockSize == 0 {
		p.side, p.slim = side, kernel
	}
}

// slim computes a turn of few rows without widening the weights into memory,
// or returns false where the type or the shape does not allow it.
func (b *Backend) slim(t turn, c []float32, ldc int, s *scratch, add bool) bool {
	kernel, k := &t.slim, t.a.cols
	if t.side == nil || t.panels%2 != 0 || (t.panel+t.panels)*panelCols > t.w.rows {
		return false
	}
	mode := 0
	if add {
		mode = addTo
	}
	if t.rows > slimRows && kernel.keep != nil {
		b.keep(t, c, ldc, s, mode)
		return true
	}
	blocks, panelBytes := k/kernel.blockSize, panelCols*t.w.stride
	for row := 0; row < t.rows; row += slimRows {
		a, rows := t.side[row*k:], min(slimRows, t.rows-row)
		do, n, accumulators := kernel.sixteen, 1, 16
		if rows <= 4 {
			do, n, accumulators = kernel.four, 2, 8
		} else if rows <= 8 {
			do, accumulators = kernel.eight, 8
		}
		lines := blocks * farLines(kernel.blockSize, accumulators)
		for p := 0; p < t.panels; p += n {
			ahead := t.ahead(p, n)
			far := s.soon.take(lines, a)
			do(c[row*ldc+p*panelCols:], ldc, rows, a, t.w.data[(t.panel+p)*panelBytes:], t.w.stride, blocks, ahead, mode, far)
		}
	}
	return true
}

// keep computes a turn of more rows than lie side by side: the first ones leave
// the widened weights of a panel to the others.
func (b *Backend) keep(t turn, c []float32, ldc int, s *scratch, mode int) {
	k, kernel, panelBytes := t.a.cols, &t.slim, panelCols*t.w.stride
	blocks := k / kernel.blockSize
	wide := grow(&s.panels, k*panelCols)
	for p := range t.panels {
		at, a := p*panelCols, t.side
		far := s.soon.take(blocks*farLines(kernel.blockSize, slimRows), a)
		kernel.keep(c[at:], ldc, slimRows, a, t.w.data[(t.panel+p)*panelBytes:], t.w.stride, blocks, t.ahead(p, 1), mode, far, wide)
		for row := slimRows; row < t.rows; row += slimRows {
			at, a = at+slimRows*ldc, a[slimRows*k:]
			do, accumulators, rows := b.isa.wide.sixteen, slimRows, min(slimRows, t.rows-row)
			if rows <= 8 {
				do, accumulators = b.isa.wide.eight, 8
			}
			far := s.soon.take(k/wideBlock*farLines(wideBlock, accumulators), a)
			do(c[at:], ldc, rows, a, wide, k/wideBlock, mode, far)
		}
	}
}

// farLines is what avx512gen calls so.
func farLines(weights, accumulators int) int { return max(1, weights*accumulators/32) }
