package cpu

import (
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

const (
	slimRows   = 16 // rows that lie side by side for the slim kernels
	eightRows  = 8  // most rows that such a kernel takes
	slimPanels = 2  // panels that it takes
)

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
	if t.side == nil || t.panels%slimPanels != 0 || (t.panel+t.panels)*panelCols > t.w.rows {
		return false
	}
	kernel, mode := &t.slim, 0
	if add {
		mode = addTo
	}
	blocks, panelBytes := t.a.cols/kernel.blockSize, panelCols*t.w.stride
	for p := 0; p < t.panels; p += slimPanels {
		c, src, ahead := c[p*panelCols:], t.w.data[(t.panel+p)*panelBytes:], t.ahead(p, slimPanels)
		if t.rows > eightRows {
			b.keep(&t, c, ldc, src, ahead, mode, s)
			continue
		}
		do, rows := kernel.eight, eightRows
		if t.rows <= eightRows/2 {
			do, rows = kernel.four, eightRows/2
		}
		far := s.soon.take(blocks*farLines(kernel.blockSize, rows*slimPanels), t.side)
		do(c, ldc, t.rows, t.side, src, t.w.stride, blocks, ahead, mode, far)
	}
	return true
}

// keep computes two panels for more than eight rows: the first eight leave the
// widened weights to the others.
func (b *Backend) keep(t *turn, c []float32, ldc int, src []byte, ahead, mode int, s *scratch) {
	const accumulators = eightRows * slimPanels
	k, kernel := t.a.cols, &t.slim
	blocks := k / kernel.blockSize
	wide := grow(&s.panels, k*panelCols*slimPanels)
	far := s.soon.take(blocks*farLines(kernel.blockSize, accumulators), t.side)
	kernel.keep(c, ldc, eightRows, t.side, src, t.w.stride, blocks, ahead, mode, far, wide)
	for row := eightRows; row < t.rows; row += eightRows {
		a := t.side[row/slimRows*slimRows*k+row%slimRows:]
		far := s.soon.take(k/wideBlock*farLines(wideBlock, accumulators), t.side)
		b.isa.wide(c[row*ldc:], ldc, min(eightRows, t.rows-row), a, wide, k/wideBlock, mode, far)
	}
}

// farLines is what avx512gen calls so.
func farLines(weights, accumulators int) int { return max(1, weights*accumulators/32) }
