//go:build cuda && linux

package cuda

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// Products of all formats and tile shapes have the bits of package ref; so a
// row alone has the bits it has in a batch.
func TestMultiplyEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(9, 10))
	for _, c := range []struct{ rows, k int }{{1, 1}, {3, 17}, {16, 64}, {17, 36}, {33, 50}, {130, 33}} {
		x := random(r, (c.rows+1)*c.k)
		m := upload(b, c.rows+1, x)
		var products []kernels.Product
		var wants [][]float32
		for i, kind := range []quant.Type{quant.F32, quant.F16, quant.BF16, quant.F32} {
			cols := []int{5, 64, 131, 7}[i]
			w, values := weightOf(t, b, r, kind, cols, c.k)
			before := random(r, (c.rows+1)*cols)
			want := slices.Clone(before)
			product := make([]float32, c.rows*cols)
			ref.MatMul(product, x, values, c.rows, cols, c.k)
			add := i%2 == 1
			for j, y := range product {
				if add {
					y += before[j]
				}
				want[j] = y
			}
			products = append(products, kernels.Product{Dst: upload(b, c.rows+1, before), Weight: w, Add: add})
			wants = append(wants, want)
		}
		b.Multiply(m, c.rows, products...)
		for i, p := range products {
			if err := sameBits(download(t, b, p.Dst.(*matrix), c.rows+1), wants[i]); err != nil {
				t.Errorf("%d rows, k %d, product %d: %v", c.rows, c.k, i, err)
			}
		}
	}
}
