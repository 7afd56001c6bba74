//go:build cuda && linux

package cuda

import (
	"github.com/llamaeval/llamaeval/kernels"
)

// pending is a pair of products that has not been queued yet: if the next
// operation gates one by the other, both are computed by one kernel, and what
// is between never goes to memory. The bits are the same.
type pending struct {
	args     multiplyArgs
	products []kernels.Product
}

// pairs tells whether products could be those of a gate.
func pairs(rows int, products []kernels.Product) bool {
	if len(products) != 2 || products[0].Add || products[1].Add || products[0].Dst == products[1].Dst {
		return false
	}
	gate, up := products[0].Weight.(*weight), products[1].Weight.(*weight)
	if gate.rows != up.rows || gate.rows%8 != 0 {
		return false
	}
	if rows <= mostDirect {
		return gate.kind == up.kind
	}
	return gate.scratch()+up.scratch() <= scratchBytes
}

// queued queues what is pending. Everything that queues or waits calls it
// before.
func (b *Backend) queued() {
	b.multiplied()
	b.turned()
}

// multiplied queues pending products.
func (b *Backend) multiplied() {
	if p := b.pending; p != nil {
		b.pending = nil
		b.multiplyAll(p.args, p.products)
	}
}

// fuse computes pending products with their gate, if they are those of gate
// and up. Neither is kept.
func (b *Backend) fuse(gelu bool, dst, gate, up *matrix, rows int) bool {
	p := b.pending
	if p == nil || p.products[0].Dst != kernels.Matrix(gate) || p.products[1].Dst != kernels.Matrix(up) || int(p.args.rows) != rows {
		return false
	}
	b.pending = nil
	parts := []part{{weight: *p.products[0].Weight.(*weight)}, {weight: *p.products[1].Weight.(*weight)}}
	args := gatedArgs{
		x: p.args.half, gate: uint64(parts[0].data), up: uint64(parts[1].data),
		rows: p.args.rows, k: p.args.k, cols: int32(parts[0].rows), kind: parts[0].kind,
	}
	if gelu {
		args.gelu = 1
	}
	gate.stale, up.stale = true, true
	_, args.half = b.write(dst, true)
	if near(rows, parts) {
		launch(b, b.set.gatedSmallBF16, ceilDiv(rows, nearRows), ceilDiv(int(args.cols), nearCols/2), 1, &args)
		return true
	}
	if rows <= mostDirect {
		launch(b, b.set.gatedDirect, ceilDiv(rows, directRows), ceilDiv(int(args.cols), directCols/2), 1, &args)
		return true
	}
	halves := b.narrowedWeights(parts)
	args.gate, args.up = halves[0], halves[1]
	t := b.gatedTile()
	launch(b, t.kernel, ceilDiv(rows, t.rows), ceilDiv(int(args.cols), t.cols), 1, &args)
	return true
}
