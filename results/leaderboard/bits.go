package leaderboard

import (
	"math"
	"math/bits"
)

// A binary holds the documents that scored 1 and 0, a bit each: most
// columns are of this kind, and a board of many runs has very many pairs.
type binary struct{ ones, zeros []uint64 }

// binaryOf is not ok where some outcome is neither 0 nor 1. A document
// without one has neither bit.
func binaryOf(outcomes []float64) (b binary, ok bool) {
	n := (len(outcomes) + 63) / 64
	b = binary{make([]uint64, n), make([]uint64, n)}
	for i, v := range outcomes {
		bit := uint64(1) << (i % 64)
		switch {
		case v == 1:
			b.ones[i/64] |= bit
		case v == 0:
			b.zeros[i/64] |= bit
		case !math.IsNaN(v):
			return b, false
		}
	}
	return b, true
}

// against counts the documents that only b answered rightly, only o did, and
// that both answered.
func (b binary) against(o binary) (won, lost, shared int) {
	for i := range b.ones {
		won += bits.OnesCount64(b.ones[i] & o.zeros[i])
		lost += bits.OnesCount64(b.zeros[i] & o.ones[i])
		shared += bits.OnesCount64((b.ones[i] | b.zeros[i]) & (o.ones[i] | o.zeros[i]))
	}
	return won, lost, shared
}
