//go:build cuda && linux

package cuda

import (
	"fmt"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
)

// Write copies values, len(values)/rows to a row.
func (b *Backend) Write(dst kernels.Matrix, rows int, values []float32) {
	m := dst.(*matrix)
	if len(values) != rows*m.cols || rows > m.rows {
		panic(fmt.Sprintf("cuda: %d values for %d rows of %dx%d", len(values), rows, m.rows, m.cols))
	}
	from := b.send(bytesOf(values))
	if b.err == nil {
		b.check(b.stream.Copy(m.at, from, 4*len(values)))
	}
}

// Norm is ref.RMSNorm of each row.
func (b *Backend) Norm(dst, x kernels.Matrix, rows int, gain kernels.Weight, eps float32) {
	to, from, g := dst.(*matrix), x.(*matrix), gain.(*weight)
	args := normArgs{out: uint64(to.at), x: uint64(from.at), gain: uint64(g.wide), rows: int32(rows), cols: int32(from.cols), eps: eps}
	b.launch(b.set.rmsNorm, ceilDiv(rows, rowWarps), 1, 1, unsafe.Pointer(&args))
}
