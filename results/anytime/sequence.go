package anytime

import "math"

// A Population says what the units are drawn from.
type Population struct {
	// Heaviest is the largest weight that a unit can have.
	Heaviest float64
	// Units is the number of all units when they are drawn from these without
	// replacement and the mean is theirs; 0 for independent draws, whose mean
	// is that of the source they come from.
	Units int
}

// A unit in the order of its drawing.
type unit struct{ sum, weight float64 }

// A Sequence is what was drawn so far.
type Sequence struct {
	population Population
	units      []unit
	drawn      float64 // sum of sums
	weight     float64 // sum of weights
}

// NewSequence starts a sequence of draws.
func NewSequence(p Population) *Sequence { return &Sequence{population: p} }

// Add takes the next unit.
func (s *Sequence) Add(sum, weight float64) {
	s.units = append(s.units, unit{sum, weight})
	s.drawn, s.weight = s.drawn+sum, s.weight+weight
}

// Mean is that of the units so far, NaN without any.
func (s *Sequence) Mean() float64 { return s.drawn / s.weight }

// Interval returns the confidence sequence's bounds after the units so far:
// with a probability of at least 1-2*tail the mean lies between them, then
// and at all times before. They are found to a millionth.
func (s *Sequence) Interval(tail float64) (low, high float64) {
	return s.bound(Above, tail), s.bound(Below, tail)
}

// bound is the last mean that a gambler refutes, from his end of the scale:
// he refutes all up to there, as his capital falls with the distance.
func (s *Sequence) bound(side Side, tail float64) float64 {
	refuted, kept := 0.0, 1.0
	if side == Below {
		refuted, kept = kept, refuted
	}
	for math.Abs(kept-refuted) > 1e-6 {
		m := (kept + refuted) / 2
		if s.refutes(side, m, tail) {
			refuted = m
		} else {
			kept = m
		}
	}
	return refuted
}

func (s *Sequence) refutes(side Side, m, tail float64) bool {
	g := NewGambler(s.population, side, m)
	for _, u := range s.units {
		g.Add(u.sum, u.weight)
		if g.Refutes(tail) {
			return true
		}
	}
	return false
}
