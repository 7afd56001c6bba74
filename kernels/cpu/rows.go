package cpu

import (
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// rowsATurn is how many rows one turn of the cheap loops takes at most.
const rowsATurn = 16

// eachRow calls do for all rows, some at a time on each thread.
func (b *Backend) eachRow(rows int, do func(i int)) {
	some := min(rowsATurn, ceilDiv(rows, b.Threads()))
	b.pool.Run(ceilDiv(rows, some), func(_, turn int) {
		for i := turn * some; i < min((turn+1)*some, rows); i++ {
			do(i)
		}
	})
}

// fetchRow brings a row near, half of which lies in another core's cache where
// that core computed it.
func (b *Backend) fetchRow(m *matrix, i int) {
	if i < m.rows {
		b.fetch(m.row(i, m.cols))
	}
}

func (b *Backend) fetch(x []float32) {
	b.isa.prefetch(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x)))
}

// Write copies values, len(values)/rows to a row.
func (b *Backend) Write(dst kernels.Matrix, rows int, values []float32) {
	m := dst.(*matrix)
	n := len(values) / rows
	for i := range rows {
		copy(m.row(i, m.cols), values[i*n:(i+1)*n])
	}
}

// Embed decodes the tokens' rows.
func (b *Backend) Embed(dst kernels.Matrix, w kernels.Weight, tokens []int32) {
	m, table := dst.(*matrix), w.(*weight)
	b.eachRow(len(tokens), func(i int) {
		row := m.row(i, m.ld)
		table.widen(row[:m.cols], int(tokens[i]), 0)
		clear(row[m.cols:])
	})
}

// Gather copies rows.
func (b *Backend) Gather(dst, src kernels.Matrix, rows []int) {
	to, from := dst.(*matrix), src.(*matrix)
	b.eachRow(len(rows), func(i int) { copy(to.row(i, to.ld), from.row(rows[i], from.ld)) })
}

// Norm is ref.RMSNorm of each row.
func (b *Backend) Norm(dst, x kernels.Matrix, rows int, gain kernels.Weight, eps float32) {
	to, from, g := dst.(*matrix), x.(*matrix), gain.(*weight).wide
	whole, vector := roundUp(from.cols, 32), roundUp(from.cols, lanes)
	b.eachRow(rows, func(i int) {
		b.fetchRow(from, i+1)
		if b.isa.normRow != nil {
			b.isa.normRow(to.row(i, whole), from.row(i, whole), g, from.cols, eps)
			return
		}
		var sums [32]float32
		b.isa.sumSquares(&sums, from.row(i, whole))
		inverse := ref.FoldRMS(&sums, from.cols, eps)
		b.isa.norm(to.row(i, vector), from.row(i, vector), g[:vector], inverse)
	})
}

// Rotate is ref.Rotate of each head.
func (b *Backend) Rotate(x kernels.Matrix, rows, heads int, table kernels.Matrix) {
	m, angles := x.(*matrix), table.(*matrix)
	width, turned := m.cols/heads, angles.cols/2
	rotate := b.isa.rotate
	if turned%lanes != 0 {
		rotate = ref.Rotate
	}
	b.eachRow(rows, func(i int) {
		row, t := m.row(i, m.cols), angles.row(i, angles.cols)
		for h := range heads {
			rotate(row[h*width:h*width+turned], t[:turned], t[turned:])
		}
	})
}

// SwiGLU is ref.SwiGLU of each row.
func (b *Backend) SwiGLU(dst, gate, up kernels.Matrix, rows int) {
	to, g, u := dst.(*matrix), gate.(*matrix), up.(*matrix)
	n := roundUp(to.cols, lanes)
	b.eachRow(rows, func(i int) {
		b.fetchRow(g, i+1)
		b.fetchRow(u, i+1)
		b.isa.swiglu(to.row(i, n), g.row(i, n), u.row(i, n))
	})
}
