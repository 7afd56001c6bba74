package compare

import (
	"math"
	"math/bits"
)

// Outcomes are one metric of one run, a number a document, with the documents
// in the same places in all runs; NaN where there is none. Numbers that are all
// 0 or 1 are kept as bits: most metrics are of this kind, and a board of many
// runs has very many pairs.
type Outcomes struct {
	values      []float64 // nil where the bits say all
	ones, zeros []uint64
}

// NewOutcomes may keep values.
func NewOutcomes(values []float64) Outcomes {
	n := (len(values) + 63) / 64
	o := Outcomes{ones: make([]uint64, n), zeros: make([]uint64, n)}
	for i, v := range values {
		bit := uint64(1) << (i % 64)
		switch {
		case v == 1:
			o.ones[i/64] |= bit
		case v == 0:
			o.zeros[i/64] |= bit
		case !math.IsNaN(v):
			return Outcomes{values: values}
		}
	}
	return o
}

// at is the number in a place.
func (o Outcomes) at(i int) float64 {
	switch bit := uint64(1) << (i % 64); {
	case o.values != nil:
		return o.values[i]
	case o.ones[i/64]&bit != 0:
		return 1
	case o.zeros[i/64]&bit != 0:
		return 0
	}
	return math.NaN()
}

// places is at least the number of documents.
func (o Outcomes) places() int {
	if o.values != nil {
		return len(o.values)
	}
	return 64 * len(o.ones)
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
		units, shared := t.units()
		if shared == 0 {
			return Test{}, false
		}
		for _, u := range units {
			effects = append(effects, t.Weight/float64(shared)*u.sum)
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

// units are the differences of what is independent.
func (t Term) units() (units []unit, shared int) {
	n := t.A.places()
	if t.A.values == nil {
		n = min(n, t.B.places())
	}
	sum := newUnits(t.Clusters)
	for i := range n {
		if d := t.B.at(i) - t.A.at(i); !math.IsNaN(d) {
			sum.add(i, d)
			shared++
		}
	}
	return sum.all(), shared
}
