//go:build cuda && linux

package cuda

import (
	"fmt"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// Fast chooses between the modes. In mode fast what feeds a product is written
// in bfloat16 by the operation that makes it, and only so.
func (b *Backend) Fast(on bool) error {
	b.fast = on
	return nil
}

// write returns where an operation puts its result, the other place being 0:
// floats, or bfloat16 where feeds, in mode fast, says that products are next.
func (b *Backend) write(m *matrix, feeds bool) (floats, half uint64) {
	m.narrow = feeds && b.fast
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
		b.narrow(to, b.at(m), kindF32, rows*m.cols)
	}
	return to
}

// narrowedWeight returns a weight in bfloat16.
func (b *Backend) narrowedWeight(w *weight) uint64 {
	if w.kind == kindBF16 {
		return uint64(w.data)
	}
	if w.half == 0 {
		var err error
		w.half, err = b.device.Alloc(int64(2 * w.rows * w.cols))
		b.check(err)
		b.narrow(uint64(w.half), uint64(w.data), w.kind, w.rows*w.cols)
	}
	return uint64(w.half)
}

func (b *Backend) narrow(to, from uint64, kind int32, count int) {
	args := narrowArgs{half: to, x: from, count: int64(count), kind: kind}
	b.launch(b.set.narrow, b.gridOver(count), 1, 1, unsafe.Pointer(&args))
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
func (b *Backend) tileFor(rows int) tile {
	s := b.set
	switch {
	case b.fast && rows > fewRows:
		return tile{s.multiplyLargeBF16, largeRows, largeCols}
	case b.fast:
		return tile{s.multiplySmallBF16, smallRows, smallColsBF16}
	case rows > fewRows:
		return tile{s.multiplyLarge, largeRows, largeCols}
	default:
		return tile{s.multiplySmall, smallRows, smallCols}
	}
}
