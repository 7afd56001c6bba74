//go:build cuda && linux

package cuda

import (
	"math"
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

// Mode fast is near the sum of products of rounded factors, and a row has the
// same bits alone, in small and in large tiles.
func TestMultiplyFast(t *testing.T) {
	for _, newest := range []string{"1", "0"} {
		t.Run(WGMMA+"="+newest, func(t *testing.T) {
			t.Setenv(WGMMA, newest)
			b := open(t)
			if err := b.Fast(true); err != nil {
				t.Fatal(err)
			}
			if newest == "0" && b.wgmma {
				t.Error("used what was not to be tried")
			}
			multiplyFast(t, b)
		})
	}
}

func multiplyFast(t *testing.T, b *Backend) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, k := range []int{8, 40, 64, 264} {
		const rows, cols = 150, 200
		x := random(r, rows*k)
		for _, kind := range []quant.Type{quant.F32, quant.BF16, quant.F16} {
			w, values := weightOf(t, b, r, kind, cols, k)
			before := random(r, rows*cols)
			dst := upload(b, rows, before)
			b.Multiply(upload(b, rows, x), rows-1, kernels.Product{Dst: dst, Weight: w, Add: true})
			got := download(t, b, dst, rows)
			for i := range rows - 1 {
				for j := range cols {
					sum, size := float64(before[i*cols+j]), 1.0
					for d := range k {
						p := float64(ref.RoundBF16(x[i*k+d])) * float64(ref.RoundBF16(values[j*k+d]))
						sum, size = sum+p, size+math.Abs(p)
					}
					if d := math.Abs(float64(got[i*cols+j]) - sum); !(d < 1e-6*size) {
						t.Fatalf("k %d, %v: row %d column %d is %v, want %v", k, kind, i, j, got[i*cols+j], sum)
					}
				}
			}
			if err := sameBits(got[(rows-1)*cols:], before[(rows-1)*cols:]); err != nil {
				t.Errorf("k %d: a row that was not asked for: %v", k, err)
			}
			for _, n := range []int{1, 17, 33} { // the last n rows that were asked for
				first := rows - 1 - n
				alone := upload(b, n, before[first*cols:(rows-1)*cols])
				b.Multiply(upload(b, n, x[first*k:(rows-1)*k]), n, kernels.Product{Dst: alone, Weight: w, Add: true})
				if err := sameBits(download(t, b, alone, n), got[first*cols:(rows-1)*cols]); err != nil {
					t.Errorf("k %d, %v, %d rows: %v", k, kind, n, err)
				}
			}
		}
	}
}
