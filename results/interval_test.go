package results

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Expected bounds: scipy.stats.binomtest(k, n).proportion_ci(method="wilson").
func TestWilson(t *testing.T) {
	tests := []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.27753279986288926},
		{10, 10, 0.7224672001371109, 1},
		{33, 60, 0.4249193588533434, 0.6690634559324476},
		{1, 1, 0.20654931437723745, 1},
		{5, 1319, 0.0016202359649345691, 0.008843193895385737},
	}
	for _, tt := range tests {
		low, high := Wilson(float64(tt.k)/float64(tt.n), tt.n)
		if math.Abs(low-tt.low) > 1e-12 || math.Abs(high-tt.high) > 1e-12 {
			t.Errorf("Wilson(%d/%d) = %v, %v; want %v, %v", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
}

// Both ends of the interval solve |p-q| = z·sqrt(q(1-q)/n), its definition.
func TestWilsonDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20000).Draw(t, "n")
		p := float64(rapid.IntRange(0, n).Draw(t, "k")) / float64(n)
		low, high := Wilson(p, n)
		for _, q := range []float64{low, high} {
			if d := math.Abs(p-q) - z95*math.Sqrt(q*(1-q)/float64(n)); math.Abs(d) > 1e-6 {
				t.Fatalf("p=%v n=%d bound %v: off by %v", p, n, q, d)
			}
		}
		if low > p || high < p {
			t.Fatalf("%v is not in [%v, %v]", p, low, high)
		}
	})
}

func TestSetStdErr(t *testing.T) {
	s := Score{Value: 12, N: 50}
	s.SetStdErr(2, false)
	if *s.StdErr != 2 || math.Abs(*s.CILow-(12-3.919927969)) > 1e-8 || math.Abs(*s.CIHigh-(12+3.919927969)) > 1e-8 {
		t.Errorf("normal approximation: %v %v", *s.CILow, *s.CIHigh)
	}
	s.SetStdErr(math.NaN(), false)
	if s.StdErr != nil || s.CILow != nil || s.CIHigh != nil {
		t.Error("an interval without a standard error")
	}
}

// All right and all wrong have an interval too; what is no proportion has the
// normal one.
func TestIntervalChooses(t *testing.T) {
	for _, tt := range []struct {
		value  float64
		n      int
		binary bool
		wilson bool
	}{
		{0, 10, true, true}, {1, 10, true, true}, {0.5, 1, true, true}, {0.5, 0, true, false}, {0.5, 10, false, false}, {-0.1, 10, true, false}, {1.1, 10, true, false},
	} {
		low, high := Interval(tt.value, 0.25, tt.n, tt.binary)
		wantLow, wantHigh := tt.value-z95*0.25, tt.value+z95*0.25
		if tt.wilson {
			wantLow, wantHigh = Wilson(tt.value, tt.n)
		}
		if low != wantLow || high != wantHigh {
			t.Errorf("%+v: %v to %v, want %v to %v", tt, low, high, wantLow, wantHigh)
		}
	}
}
