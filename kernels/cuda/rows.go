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
	m.narrow = false
	from := b.send(bytesOf(values))
	b.check(m.err)
	if b.err == nil {
		b.check(b.stream.Copy(m.at, from, 4*len(values)))
	}
}

// Embed decodes the tokens' rows.
func (b *Backend) Embed(dst kernels.Matrix, w kernels.Weight, tokens []int32) {
	m, table := dst.(*matrix), w.(*weight)
	out, _ := b.write(m, false)
	args := embedArgs{
		out: out, table: uint64(table.data), tokens: uint64(b.send(bytesOf(tokens))),
		count: int32(len(tokens)), cols: int32(m.cols), kind: table.kind,
	}
	b.launch(b.set.embed, len(tokens), 1, 1, unsafe.Pointer(&args))
}

// Gather copies rows.
func (b *Backend) Gather(dst, src kernels.Matrix, rows []int) {
	to, from := dst.(*matrix), src.(*matrix)
	list := make([]int32, len(rows))
	for i, r := range rows {
		list[i] = int32(r)
	}
	args := gatherArgs{rows: uint64(b.send(bytesOf(list))), count: int32(len(rows)), cols: int32(to.cols)}
	if from.narrow { // half as many words
		args.x, args.cols = b.half(from), args.cols/2
		args.out = b.half(to)
	} else {
		args.x, args.out = b.at(from), b.at(to)
	}
	to.narrow = from.narrow
	b.launch(b.set.gather, len(rows), 1, 1, unsafe.Pointer(&args))
}

// Norm is ref.RMSNorm of each row.
func (b *Backend) Norm(dst, x kernels.Matrix, rows int, gain kernels.Weight, eps float32) {
	to, from, g := dst.(*matrix), x.(*matrix), gain.(*weight)
	out, half := b.write(to, true)
	args := normArgs{out: out, half: half, x: b.at(from), gain: uint64(g.wide), rows: int32(rows), cols: int32(from.cols), eps: eps}
	b.launch(b.set.rmsNorm, ceilDiv(rows, rowWarps), 1, 1, unsafe.Pointer(&args))
}

// Rotate is ref.Rotate of each head.
func (b *Backend) Rotate(x kernels.Matrix, rows, heads int, table kernels.Matrix) {
	m, angles := x.(*matrix), table.(*matrix)
	args := rotateArgs{
		x: b.at(m), table: b.at(angles),
		rows: int32(rows), heads: int32(heads), width: int32(m.cols / heads), turned: int32(angles.cols / 2),
	}
	b.launch(b.set.rotate, rows, 1, 1, unsafe.Pointer(&args))
}

// SwiGLU is ref.SwiGLU of each row.
func (b *Backend) SwiGLU(dst, gate, up kernels.Matrix, rows int) {
	to, g, u := dst.(*matrix), gate.(*matrix), up.(*matrix)
	count := rows * to.cols
	args := swigluArgs{gate: b.at(g), up: b.at(u), count: int64(count)}
	args.out, args.half = b.write(to, true)
	b.launch(b.set.swiglu, b.gridOver(count), 1, 1, unsafe.Pointer(&args))
}
