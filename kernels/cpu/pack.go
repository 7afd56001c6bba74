package cpu

import (
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// packPanel widens weights first to first+k of the 16 rows of a panel into
// dst, laid out [k][16]. Rows beyond the weight's last are zeros.
//
// Where a packer fills half a panel, both halves of a stretch follow one
// another, while the cache lines that each fills in part are still near.
func (b *Backend) packPanel(dst []float32, w *weight, panel, then, first, k int, s *scratch) {
	// Rows are read side by side, which no hardware prefetcher follows. Those
	// of the panel that is widened then lie in one piece, of which the part is
	// fetched that these weights are of a row.
	column := panelCols * w.kind.BlockBytes()
	part := column * k / w.kind.BlockSize()
	next := then*panelCols*w.stride + column*first/w.kind.BlockSize()
	ahead := 0
	switch {
	case next+part > len(w.data):
	case b.isa.fetches:
		ahead = next - panel*panelCols*w.stride - first/w.kind.BlockSize()*w.kind.BlockBytes()
	default:
		b.isa.prefetch(w.data[next : next+part])
	}
	for done := 0; done < k; done += stretch {
		n := min(stretch, k-done)
		for side := 0; side < panelCols; side += b.isa.packRows {
			row := panel*panelCols + side
			b.packRows(dst[done*panelCols+side:], w, row, min(b.isa.packRows, w.rows-row), first+done, n, ahead, s)
		}
		if ahead != 0 { // a stretch of 16 rows is further on than one of a row
			ahead += (column - w.kind.BlockBytes()) * n / w.kind.BlockSize()
		}
	}
}

// stretch is a multiple of every format's block size; 16 KiB of a panel.
const stretch = 256

func (b *Backend) packRows(dst []float32, w *weight, row, rows, first, k, ahead int, s *scratch) {
	done := 0
	if p, ok := b.isa.pack[w.kind]; ok && rows == b.isa.packRows {
		if blocks := k / p.blockSize; blocks > 0 {
			size := w.kind.BlockSize()
			p.pack(dst, w.data[row*w.stride+first/size*w.kind.BlockBytes():], w.stride, blocks, ahead)
			done = blocks * p.blockSize
		}
	}
	if done == k {
		return
	}
	// Another format, or an end: decode rows, then transpose them.
	n := k - done
	wide := grow(&s.rows, b.isa.packRows*n)
	clear(wide)
	for r := range max(rows, 0) {
		w.widen(wide[r*n:(r+1)*n], row+r, first+done)
	}
	b.transpose(dst[done*panelCols:], wide, n)
}

// transpose writes packRows rows of n floats to the columns of dst.
func (b *Backend) transpose(dst, rows []float32, n int) {
	done := 0
	if p, ok := b.isa.pack[quant.F32]; ok && n >= p.blockSize {
		blocks := n / p.blockSize
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(rows))), 4*len(rows))
		p.pack(dst, bytes, 4*n, blocks, 0)
		done = blocks * p.blockSize
	}
	for r := range b.isa.packRows {
		for i := done; i < n; i++ {
			dst[i*panelCols+r] = rows[r*n+i]
		}
	}
}
