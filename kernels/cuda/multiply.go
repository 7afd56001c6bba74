//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
)

// Multiply computes products, up to three in one launch. The tile's shape
// depends on the rows, the bits do not.
func (b *Backend) Multiply(x kernels.Matrix, rows int, products ...kernels.Product) {
	a := x.(*matrix)
	b.queued()
	rows = b.padded(rows)
	for _, p := range products {
		w, dst := p.Weight.(*weight), p.Dst.(*matrix)
		if w.cols != a.cols || dst.cols != w.rows || rows > a.rows || rows > dst.rows {
			panic(fmt.Sprintf("cuda: %dx%d times the transpose of %dx%d into %dx%d", rows, a.cols, w.rows, w.cols, dst.rows, dst.cols))
		}
	}
	args := multiplyArgs{rows: int32(rows), k: int32(a.cols)}
	if b.fast {
		args.half = b.narrowed(a, rows)
	} else {
		args.x = b.at(a)
	}
	for _, p := range products {
		b.write(p.Dst.(*matrix), false)
	}
	if b.fast && pairs(rows, products) {
		b.pending = &pending{args, products}
		return
	}
	b.multiplyAll(args, products)
}

func (b *Backend) multiplyAll(args multiplyArgs, products []kernels.Product) {
	for _, parts := range b.launches(int(args.rows), products) {
		b.multiply(args, parts)
	}
}

// part is a product with some rows of a weight.
type part struct {
	kernels.Product
	weight
	first int // of the weight's rows
}

// launches cuts products into parts of which each launch has up to three, and
// none more weights to be made bfloat16 than there is scratch memory.
func (b *Backend) launches(rows int, products []kernels.Product) [][]part {
	var out [][]part
	var last []part
	used := 0
	for _, p := range products {
		w := p.Weight.(*weight)
		narrows := b.fast && rows > mostDirect
		most := w.rows
		if narrows {
			most = w.mostNarrowed(largeCols)
		}
		for first := 0; first < w.rows; first += most {
			s := w.slice(first, min(most, w.rows-first))
			if len(last) == mostFactors || narrows && len(last) > 0 && used+s.scratch() > scratchBytes {
				out, last, used = append(out, last), nil, 0
			}
			last, used = append(last, part{p, s, first}), used+s.scratch()
		}
	}
	return append(out, last)
}

func (b *Backend) multiply(args multiplyArgs, parts []part) {
	shape := b.tileFor(int(args.rows), parts)
	var halves []uint64 // weights in bfloat16, where they are not read as they are
	if b.fast && args.rows > mostDirect {
		halves = b.narrowedWeights(parts)
	}
	tiles := 0
	for i, p := range parts {
		tiles += ceilDiv(p.rows, shape.cols)
		dst := p.Dst.(*matrix)
		f := factor{weight: uint64(p.data), cols: int32(p.rows), kind: p.kind, tiles: int32(tiles), apart: int32(dst.cols)}
		f.out = b.at(dst) + uint64(4*p.first)
		if halves != nil {
			f.weight = halves[i]
		}
		if p.Add {
			f.add = 1
		}
		args.factor[i] = f
	}
	args.factors = int32(len(parts))
	launch(b, shape.kernel, ceilDiv(int(args.rows), shape.rows), tiles, 1, &args)
}
