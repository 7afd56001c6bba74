//go:build cuda && linux

package cuda

import (
	"fmt"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
)

// Multiply computes up to three products in one launch. The tile's shape
// depends on the rows, the bits do not.
func (b *Backend) Multiply(x kernels.Matrix, rows int, products ...kernels.Product) {
	for len(products) > mostFactors {
		b.Multiply(x, rows, products[:mostFactors]...)
		products = products[mostFactors:]
	}
	a := x.(*matrix)
	args := multiplyArgs{rows: int32(rows), k: int32(a.cols), factors: int32(len(products))}
	if b.fast {
		args.half = b.narrowed(a, rows)
	} else {
		args.x = b.at(a)
	}
	shape := b.tileFor(rows)
	var halves []uint64 // weights in bfloat16, where they are not read as they are
	if b.fast && rows > mostDirect {
		halves = b.narrowedWeights(weightsOf(products))
	}
	tiles := 0
	for i, p := range products {
		w, dst := p.Weight.(*weight), p.Dst.(*matrix)
		if w.cols != a.cols || dst.cols != w.rows || rows > a.rows || rows > dst.rows {
			panic(fmt.Sprintf("cuda: %dx%d times the transpose of %dx%d into %dx%d", rows, a.cols, w.rows, w.cols, dst.rows, dst.cols))
		}
		tiles += ceilDiv(w.rows, shape.cols)
		f := factor{weight: uint64(w.data), cols: int32(w.rows), kind: w.kind, tiles: int32(tiles)}
		f.out, _ = b.write(dst, false)
		if halves != nil {
			f.weight = halves[i]
		}
		if p.Add {
			f.add = 1
		}
		args.factor[i] = f
	}
	b.launch(shape.kernel, ceilDiv(rows, shape.rows), tiles, 1, unsafe.Pointer(&args))
}

func weightsOf(products []kernels.Product) []*weight {
	out := make([]*weight, len(products))
	for i, p := range products {
		out[i] = p.Weight.(*weight)
	}
	return out
}
