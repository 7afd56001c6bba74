package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels/ref"
)

// Every tile in every mode gives the bits of the portable one and leaves what
// lies around its part of c alone.
func TestTilesEqualPortable(t *testing.T) {
	forEachISA(t, 1, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(21, 22))
		for rows, kinds := range b.isa.tiles {
			for panels, tile := range kinds {
				if tile == nil {
					continue
				}
				for _, k := range []int{1, 2, 3, 4, 5, 8, 11} {
					for mode := range resume | addTo + 1 {
						if err := sameTile(r, tile, rows, panels, k, mode); err != nil {
							t.Fatalf("tile %dx%d, k %d, mode %d: %v", rows, panels, k, mode, err)
						}
					}
				}
			}
		}
	})
}

func sameTile(r *rand.Rand, tile tile, rows, panels, k, mode int) error {
	draw := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	lda, ldb, ldc := k+3, panelCols+4, panels*panelCols+5
	panel := k*ldb + 7
	a, b, c := draw(rows*lda), draw(panels*panel), draw(rows*ldc)
	want := slices.Clone(c)
	for row := range rows {
		for p := range panels {
			tilePortable(want[row*ldc+p*panelCols:], ldc, a[row*lda:], lda, b[p*panel:], ldb, panel, k, mode)
		}
	}
	tile(c, ldc, a, lda, b, ldb, panel, k, mode)
	return sameBits(c, want)
}

// The vector functions at the ends of their domains, and their sums.
func TestVectorFunctionsEqualPortable(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	ends := []float32{0, -inf, inf, ref.ExpLow, -87.5, ref.ExpHigh, 88.5, 1e30, -1e30, 3e38, -3e38, 1e-40, 0.25, -20, 87.9, 1}
	forEachISA(t, 1, func(t *testing.T, b *Backend) {
		x := slices.Clone(ends)
		b.isa.expSum(x, 0)
		for i, e := range ends {
			if want := ref.Exp(e); x[i] != want {
				t.Errorf("exp(%v) is %v, want %v", e, x[i], want)
			}
		}
		x = []float32{1, 1, 1, nan, 1, 1, 1, 1}
		if sum := b.isa.expSum(x, 0); x[3] == x[3] || sum == sum {
			t.Errorf("exp(NaN) is %v, a sum with it %v", x[3], sum)
		}
		r := rand.New(rand.NewPCG(23, 24))
		for _, n := range []int{8, 16, 24, 264} {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(4*r.NormFloat64()) - 3
			}
			x[r.IntN(n)] = -inf
			y, z := slices.Clone(x), slices.Clone(x)
			got, want := fmt.Sprint(b.isa.expSum64(x, 2)), fmt.Sprint(expSum64Portable(x, 2))
			if got != want {
				t.Errorf("float64 sum of %d is %s, want %s", n, got, want)
			}
			results := func(s *isa, x []float32) []float32 {
				highest := s.scaleMax(x, 0.3)
				sum := s.expSum(x, highest)
				s.scale(x, 0.7)
				return append(x, highest, sum)
			}
			if err := sameBits(results(b.isa, y), results(&portable, z)); err != nil {
				t.Errorf("%d values: %v", n, err)
			}
		}
	})
}
