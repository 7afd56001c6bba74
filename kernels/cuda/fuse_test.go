//go:build cuda && linux

package cuda

import (
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// Products that meet their gate at once have the bits of those that do not, in
// large and small tiles, and a row those that it has alone.
func TestGatedProducts(t *testing.T) {
	b := open(t)
	b.Fast(true)
	r := rand.New(rand.NewPCG(27, 28))
	const most, k, cols = 150, 96, 136
	for _, kind := range []quant.Type{quant.BF16, quant.Q4_0, quant.F32} {
		gate, _ := weightOf(t, b, r, kind, cols, k)
		up, _ := weightOf(t, b, r, kind, cols, k)
		x := random(r, most*k)
		for _, gelu := range []bool{false, true} {
			var want []float32
			for _, rows := range []int{most, 40, 1} { // the last ones
				run := func(apart bool) []float32 {
					g, u := newMatrix(b, rows, cols), newMatrix(b, rows, cols)
					in := upload(b, rows, x[(most-rows)*k:])
					b.Multiply(in, rows, kernels.Product{Dst: g, Weight: gate}, kernels.Product{Dst: u, Weight: up})
					if b.pending == nil {
						t.Fatalf("%v, %d rows: the products do not wait for their gate", kind, rows)
					}
					if apart {
						b.queued()
					}
					if gelu {
						b.GeGLU(g, g, u, rows)
					} else {
						b.SwiGLU(g, g, u, rows)
					}
					if u.stale == apart {
						t.Errorf("%v, %d rows: kept %v, want %v", kind, rows, !u.stale, apart)
					}
					return widened(t, b, g, rows)
				}
				got := run(false)
				if err := sameBits(got, run(true)); err != nil {
					t.Errorf("%v, %d rows: %v", kind, rows, err)
				}
				if want == nil {
					want = got
				}
				if err := sameBits(got, want[(most-rows)*cols:]); err != nil {
					t.Errorf("%v, the last %d rows: %v", kind, rows, err)
				}
			}
		}
	}
}

// What is pending is there for whoever else asks for it.
func TestPendingProductsAreComputed(t *testing.T) {
	b := open(t)
	b.Fast(true)
	r := rand.New(rand.NewPCG(29, 30))
	w, _ := weightOf(t, b, r, quant.BF16, 8, 8)
	x := random(r, 2*8)
	multiply := func(in *matrix) (g, u *matrix) {
		g, u = newMatrix(b, 2, 8), newMatrix(b, 2, 8)
		b.Multiply(in, 2, kernels.Product{Dst: g, Weight: w}, kernels.Product{Dst: u, Weight: w})
		return g, u
	}
	g, _ := multiply(upload(b, 2, x))
	want := download(t, b, g, 2)

	in := upload(b, 2, x)
	g, u := multiply(in)
	b.Write(in, 2, random(r, 2*8)) // after it was used
	if err := sameBits(download(t, b, u, 2), want); err != nil {
		t.Errorf("after its factor was written: %v", err)
	}
	if err := sameBits(download(t, b, g, 2), want); err != nil {
		t.Error(err)
	}
	g, _ = multiply(upload(b, 2, x))
	b.Write(g, 2, x) // over what is pending
	if err := sameBits(download(t, b, g, 2), x); err != nil {
		t.Errorf("written after it was multiplied: %v", err)
	}
	in = upload(b, 2, x)
	g, u = multiply(in)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	b.Add(g, u, 2)
	for i := range want {
		want[i] *= 2
	}
	if err := sameBits(download(t, b, g, 2), want); err != nil {
		t.Errorf("after its factor was closed: %v", err)
	}
}
