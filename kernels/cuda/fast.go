//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// Fast chooses between the modes. In mode fast what feeds a product is written
// in bfloat16 by the operation that makes it, and only so.
func (b *Backend) Fast(on bool) error {
	b.flush(false)
	b.fast = on
	if on {
		return b.tryWGMMA()
	}
	return nil
}

// write returns where an operation puts its result, the other place being 0:
// floats, or bfloat16 where feeds, in mode fast, says that products are next.
func (b *Backend) write(m *matrix, feeds bool) (floats, half uint64) {
	m.narrow, m.stale = feeds && b.fast, false
	if m.narrow {
		return 0, b.half(m)
	}
	return b.at(m), 0
}

// half returns where a matrix lies in bfloat16.
func (b *Backend) half(m *matrix) uint64 {
	if m.half == 0 {
		var err error
		m.half, err = b.device.Alloc(int64(2 * m.rows * m.cols))
		b.check(err)
	}
	return uint64(m.half)
}

// narrowed returns the first rows of a matrix in bfloat16.
func (b *Backend) narrowed(m *matrix, rows int) uint64 {
	if m.cols%8 != 0 {
		b.check(fmt.Errorf("mode fast on a GPU needs rows of a multiple of 8 values, the model has %d: use mode exact", m.cols))
	}
	to := b.half(m)
	if !m.narrow {
		b.narrow(to, b.at(m), kindF32, rows, m.cols)
	}
	return to
}

func (b *Backend) narrow(to, from uint64, kind int32, rows, cols int) {
	args := narrowArgs{half: to, x: from, count: int64(rows) * int64(cols), kind: kind, cols: int32(cols)}
	launch(b, b.set.narrow, b.gridOver(rows*cols/8), 1, 1, &args)
}

// scratchBytes is the memory for weights in bfloat16, which serves one launch
// after the other.
var scratchBytes = 256 << 20 // changed in tests

// scratch is what the weight takes of it.
func (w *weight) scratch() int {
	if w.kind == kindBF16 {
		return 0
	}
	return (2*w.rows*w.cols + 255) &^ 255
}

// mostNarrowed is how many of the weight's rows may be in bfloat16 at a time, a
// multiple of step if not all.
func (w *weight) mostNarrowed(step int) int {
	if w.scratch() <= scratchBytes {
		return w.rows
	}
	return max(1, scratchBytes/(2*w.cols*step)) * step
}

// slice returns some rows of a weight.
func (w *weight) slice(first, rows int) weight {
	s := *w
	if first > 0 {
		s.data += driver.Pointer(w.rowBytes() * first)
	}
	s.rows = rows
	return s
}

// narrowedWeights returns weights in bfloat16, which lie there for one launch.
func (b *Backend) narrowedWeights(parts []part) []uint64 {
	bytes := 0
	for i := range parts {
		bytes += parts[i].scratch()
	}
	at := b.scratch.take(b, bytes)
	out := make([]uint64, len(parts))
	for i := range parts {
		w := &parts[i].weight
		if out[i] = uint64(w.data); w.kind != kindBF16 {
			out[i] = uint64(at)
			b.narrow(out[i], uint64(w.data), w.kind, w.rows, w.cols)
			at += driver.Pointer(w.scratch())
		}
	}
	return out
}

// reserved is the scratch memory that mode fast may yet take for the weights
// there are.
func (b *Backend) reserved() int64 {
	return max(0, int64(min(b.narrowable, scratchBytes)-b.scratch.bytes))
}

// gridOver returns enough blocks of rowThreads to fill the GPU with count
// values.
func (b *Backend) gridOver(count int) int {
	return min(ceilDiv(count, rowThreads), 64*b.device.Processors)
}

// tile is a kernel of products with the rows and columns of its tiles.
type tile struct {
	kernel     *driver.Kernel
	rows, cols int
}

// tileFor chooses a tile; the bits of the mode are the same in all.
func (b *Backend) tileFor(rows int, parts []part) tile {
	s := b.set
	switch {
	case b.fast && rows > mostDirect:
		return b.largeTile()
	case b.fast && near(rows, parts):
		return tile{s.multiplySmallBF16, nearRows, nearCols}
	case b.fast:
		return tile{s.multiplyDirect, directRows, directCols}
	case rows > fewRows:
		return tile{s.multiplyLarge, largeRows, largeCols}
	default:
		return tile{s.multiplySmall, smallRows, smallCols}
	}
}

// near tells whether few rows are more than one tile of multiply_direct has,
// which would read the weights twice, and the weights need no decoding.
func near(rows int, parts []part) bool {
	for i := range parts {
		if parts[i].kind != kindBF16 {
			return false
		}
	}
	return rows > directRows && rows <= mostDirect
}
