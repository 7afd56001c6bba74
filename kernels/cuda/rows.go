//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// Write copies values, len(values)/rows to a row.
func (b *Backend) Write(dst kernels.Matrix, rows int, values []float32) {
	m := dst.(*matrix)
	if len(values) != rows*m.cols || rows > m.rows {
		panic(fmt.Sprintf("cuda: %d values for %d rows of %dx%d", len(values), rows, m.rows, m.cols))
	}
	b.queued()
	m.narrow, m.stale = false, false
	const most = stageBytes / 8 // values sent at a time
	for done := 0; done < len(values); done += most {
		part := values[done:min(done+most, len(values))]
		bytes := 4 * len(part)
		if len(part) == len(values) {
			bytes = 4 * b.padded(rows) * m.cols
		}
		b.copy(m.at+driver.Pointer(4*done), b.sendIn(bytes, bytesOf(part)), bytes)
	}
}

// Embed decodes the tokens' rows.
func (b *Backend) Embed(dst kernels.Matrix, w kernels.Weight, tokens []int32, scale float32) {
	m, table := dst.(*matrix), w.(*weight)
	out, _ := b.write(m, false)
	tokens = padTo(tokens, b.padded(len(tokens)), 0)
	args := embedArgs{
		out: out, table: uint64(table.data), tokens: uint64(b.send(bytesOf(tokens))),
		count: int32(len(tokens)), cols: int32(m.cols), kind: table.kind, scale: scale,
	}
	launch(b, b.set.embed, len(tokens), 1, 1, &args)
}

// Gather copies rows.
func (b *Backend) Gather(dst, src kernels.Matrix, rows []int) {
	to, from := dst.(*matrix), src.(*matrix)
	list := make([]int32, b.padded(len(rows)))
	for i, r := range rows {
		list[i] = int32(r)
	}
	args := gatherArgs{rows: uint64(b.send(bytesOf(list))), count: int32(len(list)), cols: int32(to.cols)}
	to.stale = false
	if from.narrow { // half as many words
		args.x, args.cols = b.half(from), args.cols/2
		args.out = b.half(to)
	} else {
		args.x, args.out = b.at(from), b.at(to)
	}
	to.narrow = from.narrow
	launch(b, b.set.gather, len(list), 1, 1, &args)
}

// Norm is ref.RMSNorm of each row.
func (b *Backend) Norm(dst, x kernels.Matrix, rows int, gain kernels.Weight, eps float32) {
	to, from, g := dst.(*matrix), x.(*matrix), gain.(*weight)
	out, half := b.write(to, true)
	rows = b.padded(rows)
	args := normArgs{out: out, half: half, x: b.at(from), gain: uint64(g.wide), rows: int32(rows), cols: int32(from.cols), eps: eps}
	launch(b, b.set.rmsNorm, ceilDiv(rows, rowWarps), 1, 1, &args)
}

// NormHeads is ref.RMSNorm of each head.
func (b *Backend) NormHeads(x kernels.Matrix, rows, heads int, gain kernels.Weight, eps float32) {
	m, g := x.(*matrix), gain.(*weight)
	rows = b.padded(rows)
	args := normArgs{out: b.at(m), x: b.at(m), gain: uint64(g.wide), rows: int32(rows * heads), cols: int32(m.cols / heads), eps: eps}
	launch(b, b.set.rmsNorm, ceilDiv(rows*heads, rowWarps), 1, 1, &args)
}

// Add adds rows. In mode fast a norm's rows are those rounded to bfloat16.
func (b *Backend) Add(dst, x kernels.Matrix, rows int) {
	to, from := dst.(*matrix), x.(*matrix)
	rows = b.padded(rows)
	args := addArgs{out: b.at(to), rows: int32(rows), cols: int32(to.cols), apart: int32(to.cols)}
	if from.narrow {
		args.half = b.half(from)
	} else {
		args.x = b.at(from)
	}
	launch(b, b.set.add, rows, 1, 1, &args)
}

// AddBias adds one row to each.
func (b *Backend) AddBias(x kernels.Matrix, rows int, bias kernels.Weight) {
	m := x.(*matrix)
	rows = b.padded(rows)
	args := addArgs{out: b.at(m), x: uint64(bias.(*weight).wide), rows: int32(rows), cols: int32(m.cols)}
	launch(b, b.set.add, rows, 1, 1, &args)
}

// SwiGLU is ref.SwiGLU of each row.
func (b *Backend) SwiGLU(dst, gate, up kernels.Matrix, rows int) {
	b.gated(b.set.swiglu, false, dst, gate, up, rows)
}

// GeGLU is ref.GeGLU of each row.
func (b *Backend) GeGLU(dst, gate, up kernels.Matrix, rows int) {
	b.gated(b.set.geglu, true, dst, gate, up, rows)
}

func (b *Backend) gated(k *driver.Kernel, gelu bool, dst, gate, up kernels.Matrix, rows int) {
	to, g, u := dst.(*matrix), gate.(*matrix), up.(*matrix)
	rows = b.padded(rows)
	if b.fuse(gelu, to, g, u, rows) {
		return
	}
	count := rows * to.cols
	args := gluArgs{gate: b.at(g), up: b.at(u), count: int64(count)}
	args.out, args.half = b.write(to, true)
	launch(b, k, b.gridOver(count), 1, 1, &args)
}
