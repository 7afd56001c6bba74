package model

import (
	"math"
	"testing"
)

func TestRopeAngles(t *testing.T) {
	for name, r := range map[string]struct {
		rope rope
		want []float64 // radians per position
	}{
		"plain":   {newRope(10000, 4, 1, nil), []float64{1, 0.01}},
		"linear":  {newRope(10000, 4, 4, nil), []float64{0.25, 0.0025}},
		"factors": {newRope(10000, 4, 1, []float32{1, 8}), []float64{1, 0.00125}},
	} {
		const position = 1000
		row := r.rope.append(nil, position)
		if len(row) != r.rope.width() {
			t.Fatalf("%s: %d values, want %d", name, len(row), r.rope.width())
		}
		for i, f := range r.want {
			sin, cos := math.Sincos(f * position)
			for _, at := range []int{2 * i, 2*i + 1} {
				if math.Abs(float64(row[at])-cos) > 1e-5 || math.Abs(float64(row[4+at])-sin) > 1e-5 {
					t.Errorf("%s: pair %d has (%v, %v), want (%v, %v)", name, i, row[at], row[4+at], cos, sin)
				}
			}
		}
	}
}
