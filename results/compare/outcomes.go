package compare

import (
	"math"
	"math/bits"
	"slices"
)

// Outcomes are one metric of one run, a number a document, with the documents
// in the same places in all runs; NaN where there is none. Numbers that are all
// 0 or 1 are kept as bits: most metrics are of this kind, and a board of many
// runs has very many pairs.
type Outcomes struct {
	n           int
	values      []float64 // nil where the bits say all
	ones, zeros []uint64
}

// NewOutcomes may keep values.
func NewOutcomes(values []float64) Outcomes {
	words := (len(values) + 63) / 64
	o := Outcomes{n: len(values), ones: make([]uint64, words), zeros: make([]uint64, words)}
	for i, v := range values {
		bit := uint64(1) << (i % 64)
		switch {
		case v == 1:
			o.ones[i/64] |= bit
		case v == 0:
			o.zeros[i/64] |= bit
		case !math.IsNaN(v):
			return Outcomes{n: len(values), values: values}
		}
	}
	return o
}

// numbers are the outcomes as given.
func (o Outcomes) numbers() []float64 {
	if o.values != nil {
		return o.values
	}
	out := make([]float64, o.n)
	for i := range out {
		switch bit := uint64(1) << (i % 64); {
		case o.ones[i/64]&bit != 0:
			out[i] = 1
		case o.zeros[i/64]&bit == 0:
			out[i] = math.NaN()
		}
	}
	return out
}

// Sum adds the numbers up and counts them.
func (o Outcomes) Sum() (sum float64, n int) {
	for i := range o.ones {
		right := bits.OnesCount64(o.ones[i])
		sum, n = sum+float64(right), n+right+bits.OnesCount64(o.zeros[i])
	}
	for _, v := range o.values {
		if !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum, n
}

// against counts the documents that o has right and other has not, the other
// way round, and that both have. It is for bits.
func (o Outcomes) against(other Outcomes) (won, lost, shared int) {
	for i := range o.ones {
		won += bits.OnesCount64(o.ones[i] & other.zeros[i])
		lost += bits.OnesCount64(o.zeros[i] & other.ones[i])
		shared += bits.OnesCount64((o.ones[i] | o.zeros[i]) & (other.ones[i] | other.zeros[i]))
	}
	return won, lost, shared
}

// A Term is a task's part in a value that is the weighted sum of tasks' means.
type Term struct {
	Weight   float64
	A, B     Outcomes
	Clusters Clusters
}

// Paired is the test of the difference of two runs' values, B minus A, over the
// documents that both have. It is not ok where they share none in one of the
// terms.
func Paired(terms []Term) (test Test, ok bool) {
	if test, ok, exact := pairedBits(terms); exact {
		return test, ok
	}
	var effects []float64
	for _, t := range terms {
		var ok bool
		if effects, ok = t.effects(effects); !ok {
			return Test{}, false
		}
	}
	return NewTest(effects), len(terms) > 0
}

// pairedBits counts where all documents are units of one size.
func pairedBits(terms []Term) (test Test, ok, exact bool) {
	won, lost, size := 0, 0, 0.0
	for i, t := range terms {
		if t.A.values != nil || t.B.values != nil || t.Clusters.of != nil {
			return Test{}, false, false
		}
		w, l, shared := t.B.against(t.A)
		if shared == 0 {
			return Test{}, false, true
		}
		own := t.Weight / float64(shared)
		if i > 0 && math.Abs(own-size) > rounding*size {
			return Test{}, false, false
		}
		won, lost, size = won+w, lost+l, own
	}
	return counted(won, lost, size), len(terms) > 0, len(terms) > 0
}

// effects appends what each unit adds to the difference.
func (t Term) effects(to []float64) (effects []float64, ok bool) {
	a, b := t.A.numbers(), t.B.numbers()
	shared := 0
	start := len(to) + t.Clusters.n
	to = slices.Grow(to, t.Clusters.n+len(a))
	together := to[len(to):start]
	clear(together)
	to = to[:start]
	for i, x := range a {
		d := b[i] - x
		switch {
		case math.IsNaN(d):
			continue
		case t.Clusters.of != nil && t.Clusters.of[i] >= 0:
			together[t.Clusters.of[i]] += d
		case d != 0:
			to = append(to, d)
		}
		shared++
	}
	for i := start - t.Clusters.n; i < len(to); i++ {
		to[i] *= t.Weight / float64(shared)
	}
	return to, shared > 0
}
