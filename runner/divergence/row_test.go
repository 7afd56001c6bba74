package divergence

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func logits(p ...float64) []float32 {
	out := make([]float32, len(p))
	for i, v := range p {
		out[i] = float32(math.Log(v))
	}
	return out
}

// Values by hand; the divergence is not symmetric.
func TestCompare(t *testing.T) {
	tests := []struct {
		name       string
		base, next []float32
		kl         float64
		same       bool
	}{
		{"half against a quarter", logits(1./2, 1./2), logits(1./4, 3./4), 0.5*math.Log(2) + 0.5*math.Log(2./3), false},
		{"the other way", logits(1./4, 3./4), logits(1./2, 1./2), 0.25*math.Log(1./2) + 0.75*math.Log(3./2), false},
		{"shifted logits say the same", []float32{1, 2, 3}, []float32{-7, -6, -5}, 0, true},
		{"one token is out of reach", []float32{0, 0}, []float32{0, -1000}, 500 - math.Ln2, true},
	}
	for _, tt := range tests {
		got := compare(tt.base, tt.next, 1, make([]float64, 3))
		if math.Abs(got.KL-tt.kl) > 1e-6 || got.SameTop != tt.same {
			t.Errorf("%s: KL %v, same %v, want %v, %v", tt.name, got.KL, got.SameTop, tt.kl, tt.same)
		}
	}
	got := compare(logits(1./2, 1./2), logits(1./4, 3./4), 1, make([]float64, 2))
	if math.Abs(got.BaseNLL-math.Log(2)) > 1e-6 || math.Abs(got.NewNLL-math.Log(4./3)) > 1e-6 || math.Abs(got.Shift-0.25) > 1e-6 {
		t.Errorf("target of probability 1/2 and 3/4: %+v", got)
	}
}

// The divergence is that of the definition, at least 0, and exactly 0 for
// equal logits.
func TestCompareIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		base := rapid.SliceOfN(rapid.Float32Range(-30, 30), n, n).Draw(t, "base")
		next := rapid.SliceOfN(rapid.Float32Range(-30, 30), n, n).Draw(t, "next")
		target := int32(rapid.IntRange(0, n-1).Draw(t, "target"))
		p, q := softmax(base), softmax(next)
		want := 0.0
		for i := range p {
			want += p[i] * math.Log(p[i]/q[i])
		}
		got := compare(base, next, target, make([]float64, n))
		if got.KL < 0 || math.Abs(got.KL-want) > 1e-9*(1+want) {
			t.Fatalf("KL %v, want %v", got.KL, want)
		}
		if shift := q[target] - p[target]; math.Abs(got.Shift-shift) > 1e-12 {
			t.Fatalf("shift %v, want %v", got.Shift, shift)
		}
		if self := compare(base, base, target, make([]float64, n)); self.KL != 0 || self.Shift != 0 || !self.SameTop || self.BaseNLL != self.NewNLL {
			t.Fatalf("against itself: %+v", self)
		}
	})
}

func softmax(x []float32) []float64 {
	out, sum := make([]float64, len(x)), 0.0
	for i, v := range x {
		out[i] = math.Exp(float64(v))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func TestExp(t *testing.T) {
	if exp(0) != 1 || exp(-709) != 0 || exp(math.Inf(-1)) != 0 {
		t.Errorf("exp of 0, -709, -Inf: %v, %v, %v", exp(0), exp(-709), exp(math.Inf(-1)))
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-707, 0).Draw(t, "x")
		if got, want := exp(x), math.Exp(x); math.Abs(got/want-1) > 4e-16 {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
	})
}
