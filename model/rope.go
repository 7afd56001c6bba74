package model

import (
	"math"

	"github.com/llamaeval/llamaeval/kernels/ref"
)

// RopeScaling stretches rotary angles to contexts longer than those of the
// first training.
type RopeScaling struct {
	Kind   string  // "", "linear" or "yarn"; Llama 3's is rope_freqs.weight
	Factor float64 // by which positions, or the slow pairs' angles, are divided

	// Of yarn:
	Context            int     // tokens of the first training
	Magnitude          float64 // of turned vectors; 0: as the paper has it
	BetaFast, BetaSlow float64 // turns within Context of the pairs that stay, and that stretch whole
}

// rope holds the angle per position of each rotary pair.
type rope struct {
	frequencies []float32 // radians per position; one per pair
	magnitude   float32   // of sines and cosines
}

// newRope computes the frequencies 1/base^(2i/dim), stretched, as the
// reference's float32 arithmetic does (transformers, modeling_rope_utils): a
// long context multiplies any difference. Powers and angles are package ref's,
// which are the same on every processor. factors, from rope_freqs.weight,
// divide them if not nil.
func newRope(base float64, dim int, s RopeScaling, factors []float32) rope {
	r := rope{frequencies: make([]float32, dim/2), magnitude: 1}
	low, high := s.yarnRange(base, dim)
	for i := range r.frequencies {
		exponent := float32(2*i) / float32(dim)
		power := float32(ref.Exp64(float64(float64(exponent) * ref.Log64(base))))
		f := 1 / power
		if factors != nil {
			f /= factors[i]
		}
		switch s.Kind {
		case "linear":
			f /= float32(s.Factor)
		case "yarn":
			stretched := 1 / float32(float32(s.Factor)*power)
			keep := 1 - min(1, max(0, float32(float64(i)-low)/float32(high-low)))
			f = float32(stretched*(1-keep)) + float32(f*keep)
		}
		r.frequencies[i] = f
	}
	if s.Kind == "yarn" {
		r.magnitude = float32(s.Magnitude)
		if s.Magnitude == 0 && s.Factor > 1 {
			r.magnitude = float32(float64(0.1*ref.Log64(s.Factor)) + 1)
		} else if s.Magnitude == 0 {
			r.magnitude = 1
		}
	}
	return r
}

// yarnRange returns the pairs between which YaRN goes from keeping angles to
// stretching them (Peng et al., "YaRN", 2023).
func (s RopeScaling) yarnRange(base float64, dim int) (low, high float64) {
	if s.Kind != "yarn" {
		return 0, 1
	}
	pair := func(turns float64) float64 {
		return float64(dim) * ref.Log64(float64(s.Context)/(turns*2*math.Pi)) / (2 * ref.Log64(base))
	}
	low, high = max(0, math.Floor(pair(s.BetaFast))), min(float64(dim-1), math.Ceil(pair(s.BetaSlow)))
	if low == high {
		high += 0.001
	}
	return low, high
}

// width is the number of table values per position.
func (r rope) width() int { return 4 * len(r.frequencies) }

// append adds the table row of a position: cosines, then sines, each twice, as
// kernels.Backend.Rotate wants them.
func (r rope) append(table []float32, position int) []float32 {
	at := len(table)
	table = append(table, make([]float32, r.width())...)
	cos, sin := table[at:at+r.width()/2], table[at+r.width()/2:]
	for i, f := range r.frequencies {
		s, c := ref.Sincos64(float64(float32(position) * f))
		cos[2*i] = float32(c) * r.magnitude
		sin[2*i] = float32(s) * r.magnitude
		cos[2*i+1], sin[2*i+1] = cos[2*i], sin[2*i]
	}
	return table
}
