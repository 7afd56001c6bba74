package model

import (
	"math"
	"testing"
)

func TestRopeAngles(t *testing.T) {
	for name, r := range map[string]struct {
		rope rope
		want []float64 // radians per position
		size float64
	}{
		"plain":   {newRope(10000, 4, RopeScaling{}, nil), []float64{1, 0.01}, 1},
		"linear":  {newRope(10000, 4, RopeScaling{Kind: "linear", Factor: 4}, nil), []float64{0.25, 0.0025}, 1},
		"factors": {newRope(10000, 4, RopeScaling{}, []float32{1, 8}), []float64{1, 0.00125}, 1},
		"yarn":    {newRope(10000, 4, RopeScaling{Kind: "yarn", Factor: 2, Context: 100, BetaFast: 32, BetaSlow: 1, Magnitude: 1.5}, nil), []float64{1, 0.005}, 1.5},
	} {
		const position = 1000
		row := r.rope.append(nil, position)
		if len(row) != r.rope.width() {
			t.Fatalf("%s: %d values, want %d", name, len(row), r.rope.width())
		}
		for i, f := range r.want {
			sin, cos := math.Sincos(f * position)
			for _, at := range []int{2 * i, 2*i + 1} {
				if math.Abs(float64(row[at])-r.size*cos) > 1e-5 || math.Abs(float64(row[4+at])-r.size*sin) > 1e-5 {
					t.Errorf("%s: pair %d has (%v, %v), want (%v, %v)", name, i, row[at], row[4+at], r.size*cos, r.size*sin)
				}
			}
		}
	}
}

// Values of transformers 5.24 (modeling_rope_utils), heads of 64.
func TestRopeScaling(t *testing.T) {
	pairs := []int{0, 8, 12, 14, 16, 18, 24, 31}
	for name, r := range map[string]struct {
		base      float64
		scaling   RopeScaling
		want      []float64 // of pairs
		magnitude float64
	}{
		"yarn": {1e4, RopeScaling{Kind: "yarn", Factor: 4, Context: 2048, BetaFast: 32, BetaSlow: 1},
			[]float64{1, 0.10000000149011612, 0.024325214326381683, 0.011627212166786194, 0.005384615156799555, 0.0023791363928467035, 0.0002500000118743628, 3.333803761051968e-05}, 1.138629436111989},
		"yarn, all given": {1e6, RopeScaling{Kind: "yarn", Factor: 40, Context: 128, BetaFast: 16, BetaSlow: 2, Magnitude: 1.25},
			[]float64{1, 0.0007905694656074047, 0.00014058532542549074, 5.928434620727785e-05, 2.499999936844688e-05, 1.0542412383074407e-05, 7.905694019427756e-07, 3.8498164656175504e-08}, 1.25},
	} {
		got := newRope(r.base, 64, r.scaling, nil)
		for i, pair := range pairs {
			if f := float64(got.frequencies[pair]); math.Abs(f-r.want[i]) > 3e-7*r.want[i] {
				t.Errorf("%s: pair %d turns by %v, want %v", name, pair, f, r.want[i])
			}
		}
		if math.Abs(float64(got.magnitude)-r.magnitude) > 1e-6 {
			t.Errorf("%s: magnitude %v, want %v", name, got.magnitude, r.magnitude)
		}
	}
}
