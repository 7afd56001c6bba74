package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
	"pgregory.net/rapid"
)

// forEachFast runs a test on every instruction set that has mode fast.
func forEachFast(t *testing.T, threads int, test func(t *testing.T, b *Backend)) {
	found := false
	forEachISA(t, threads, func(t *testing.T, b *Backend) {
		if err := b.Fast(true); err != nil {
			if b.isa.bf16 != nil || b.bf16 != nil {
				t.Fatal(err)
			}
			t.Skip(err)
		}
		found = true
		test(t, b)
	})
	if !found {
		t.Skip("no instruction set of this machine has mode fast")
	}
}

func TestFastMultiplyEqualsRef(t *testing.T) {
	forEachFast(t, 2, func(t *testing.T, b *Backend) {
		rapid.Check(t, func(t *rapid.T) {
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			kind := rapid.SampledFrom(packedTypes).Draw(t, "type")
			m, n := rapid.IntRange(1, 40).Draw(t, "m"), rapid.IntRange(1, 100).Draw(t, "n")
			k := rapid.IntRange(1, 20).Draw(t, "blocks") * max(kind.BlockSize(), rapid.IntRange(7, 9).Draw(t, "block"))
			add := rapid.Bool().Draw(t, "add")
			data := randomWeight(r, kind, n, k)
			w, err := b.NewWeight(kind, n, k, data)
			if err != nil {
				t.Fatal(err)
			}
			x, dst := randomMatrix(r, m, k), randomMatrix(r, m, n)
			before := dst.plain(m)
			for i := range b.local { // what earlier products left there must not matter
				left := grow(&b.local[i].exact, stretch*panelCols)
				for j := range left {
					left[j] = float32(math.NaN())
				}
				b.local[i].exact = left
			}
			b.Multiply(x, m, kernels.Product{Dst: dst, Weight: w, Add: add})
			wide, want := make([]float32, n*k), make([]float32, m*n)
			if err := quant.Dequantize(wide, kind, data); err != nil {
				t.Fatal(err)
			}
			for i := range m {
				for j := range n {
					want[i*n+j] = ref.DotBF16(0, x.row(i, k), wide[j*k:(j+1)*k])
					if add {
						want[i*n+j] += before[i*n+j]
					}
				}
			}
			if err := sameBits(dst.plain(m), want); err != nil {
				t.Fatalf("%v %dx%dx%d add %v: %v", kind, m, n, k, add, err)
			}
		})
	})
}
