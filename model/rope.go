package model

import "github.com/llamaeval/llamaeval/kernels/ref"

// rope holds the angle per position of each rotary pair.
type rope struct {
	frequencies []float32 // radians per position; one per pair
}

// newRope computes the frequencies 1/base^(2i/dim) as the reference's float32
// arithmetic does (transformers, LlamaRotaryEmbedding): a long context
// multiplies any difference. Powers and angles are package ref's, which are
// the same on every processor. factors, from rope_freqs.weight, divide them if
// not nil (Llama 3.1's stretching); so does scale.
func newRope(base float64, dim int, scale float64, factors []float32) rope {
	r := rope{frequencies: make([]float32, dim/2)}
	for i := range r.frequencies {
		exponent := float32(2*i) / float32(dim)
		f := 1 / float32(ref.Exp64(float64(float64(exponent)*ref.Log64(base))))
		if factors != nil {
			f /= factors[i]
		}
		r.frequencies[i] = f / float32(scale)
	}
	return r
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
		cos[2*i], cos[2*i+1] = float32(c), float32(c)
		sin[2*i], sin[2*i+1] = float32(s), float32(s)
	}
	return table
}
