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
func (b *Backend) Embed(dst kernels.Matrix, w kernels.Weight, tokens []int32, scale float32) {
	m, table := dst.(*matrix), w.(*weight)
	b.eachRow(len(tokens), func(i int) {
		row := m.row(i, m.ld)
		table.widen(row[:m.cols], int(tokens[i]), 0)
		clear(row[m.cols:])
		if scale != 1 {
			b.isa.scale(row[:roundUp(m.cols, lanes)], scale)
		}
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

// NormHeads is ref.RMSNorm of each head.
func (b *Backend) NormHeads(x kernels.Matrix, rows, heads int, gain kernels.Weight, eps float32) {
	m, g := x.(*matrix), gain.(*weight).wide
	width := m.cols / heads
	b.eachRow(rows, func(i int) {
		row := m.row(i, m.cols)
		for h := range heads {
			head := row[h*width : (h+1)*width]
			if width%32 != 0 {
				ref.RMSNorm(head, head, g, eps)
				continue
			}
			var sums [32]float32
			b.isa.sumSquares(&sums, head)
			b.isa.norm(head, head, g, ref.FoldRMS(&sums, width, eps))
		}
	})
}

// Add adds rows.
func (b *Backend) Add(dst, x kernels.Matrix, rows int) {
	to, from := dst.(*matrix), x.(*matrix)
	b.eachRow(rows, func(i int) {
		sum := to.row(i, to.cols)
		for j, v := range from.row(i, to.cols) {
			sum[j] += v
		}
	})
}

// AddBias adds the same row to each.
func (b *Backend) AddBias(x kernels.Matrix, rows int, bias kernels.Weight) {
	m, row := x.(*matrix), bias.(*weight).wide
	b.eachRow(rows, func(i int) {
		sum := m.row(i, m.cols)
		for j := range sum {
			sum[j] += row[j]
		}
	})
}

// Rotate is ref.Rotate, or ref.RotateHalves, of each head.
func (b *Backend) Rotate(x kernels.Matrix, rows, heads int, table kernels.Matrix, halves bool) {
	m, angles := x.(*matrix), table.(*matrix)
	width, turned := m.cols/heads, angles.cols/2
	rotate := b.isa.rotate
	if turned%lanes != 0 {
		rotate = ref.Rotate
	}
	some := min(rowsATurn, ceilDiv(rows, b.Threads()))
	b.pool.Run(ceilDiv(rows, some), func(worker, turn int) {
		pairs := grow(&b.local[worker].pairs, turned)
		for i := turn * some; i < min((turn+1)*some, rows); i++ {
			row, t := m.row(i, m.cols), angles.row(i, angles.cols)
			for h := range heads {
				head := row[h*width : h*width+turned]
				if halves {
					neighbours(pairs, head)
					copy(head, pairs)
				}
				rotate(head, t[:turned], t[turned:])
			}
		}
	})
}

// neighbours puts side by side the elements of both halves of x.
func neighbours(pairs, x []float32) {
	half := len(x) / 2
	second := x[half:]
	for i, v := range x[:half] {
		pairs[2*i], pairs[2*i+1] = v, second[i]
	}
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

// GeGLU is ref.GeGLU of each row.
func (b *Backend) GeGLU(dst, gate, up kernels.Matrix, rows int) {
	to, g, u := dst.(*matrix), gate.(*matrix), up.(*matrix)
	n := roundUp(to.cols, lanes)
	b.pool.Run(rows, func(worker, i int) {
		powers := grow(&b.local[worker].powers, n)
		x, factor, out := g.row(i, n), u.row(i, n), to.row(i, n)
		for j, v := range x {
			powers[j] = ref.GELUExponent(v)
		}
		b.isa.expSum(powers, 0)
		for j, p := range powers {
			out[j] = x[j] / (1 + p) * factor[j]
		}
	})
}
