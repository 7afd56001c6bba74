package quant

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A block taken apart gives the weights that decoding gives.
func TestIntegersGiveTheWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for kind := range integers {
		block := make([]byte, kind.BlockBytes())
		for range 50 {
			for i := range block {
				block[i] = byte(r.Uint32())
			}
			want, s := make([]float32, superblock), Superblock{}
			if err := Dequantize(want, kind, block); err != nil {
				t.Fatal(err)
			}
			if !Integers(&s, kind, block) {
				t.Fatalf("%v has no integers", kind)
			}
			for k, w := range want {
				got := float64(s.D)*float64(s.Scales[k/16])*float64(s.Values[k]) - float64(s.Min)*float64(s.Minima[k/16])
				if s.Values[k] > 63 || math.Float32bits(float32(got)) != math.Float32bits(w) && got != float64(w) && w == w && !math.IsInf(float64(w), 0) {
					t.Fatalf("%v, weight %d: %v from integers, %v decoded", kind, k, got, w)
				}
			}
		}
	}
	if Integers(&Superblock{}, Q8_0, make([]byte, 34)) {
		t.Error("Q8_0 passes for a k-quant")
	}
}
