package divergence

import (
	"math/rand/v2"
	"testing"
)

// One position of a vocabulary of 49,152 tokens, by one thread.
func BenchmarkCompare(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	base, next, scratch := make([]float32, 49152), make([]float32, 49152), make([]float64, 49152)
	for i := range base {
		base[i] = float32(4 * r.NormFloat64())
		next[i] = base[i] + float32(0.1*r.NormFloat64())
	}
	for b.Loop() {
		compare(base, next, 7, scratch)
	}
}
