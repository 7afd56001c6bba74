package compare

import (
	"math"
	"math/rand/v2"
	"testing"
)

// scipy.stats.t.ppf.
func TestStudentQuantile(t *testing.T) {
	for _, tt := range []struct{ p, df, want float64 }{
		{0.975, 1, 12.706204736432095}, {0.975, 2, 4.302652729911275}, {0.975, 5, 2.5705818366147395},
		{0.975, 30, 2.0422724563012373}, {0.975, 1000, 1.9623390808264078}, {0.8, 5, 0.919543780236432},
		{0.8, 1, 1.3763819204711734}, {0.975, 1e9, 1.959963984540054},
	} {
		if got := tQuantile(tt.p, tt.df); math.Abs(got-tt.want) > 1e-8*tt.want {
			t.Errorf("t(%v; %v) = %.12f, want %.12f", tt.p, tt.df, got, tt.want)
		}
	}
}

func repeat(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// Differences of one size are McNemar's exact test: 2·P(X <= min(b, c)) for a
// fair coin.
func TestSignFlipIsMcNemar(t *testing.T) {
	for _, tt := range []struct {
		won, lost int
		want      float64
	}{
		{0, 0, 1}, {1, 0, 1}, {5, 5, 1}, {9, 1, 22.0 / 1024}, {1, 9, 22.0 / 1024}, {6, 0, 2.0 / 64}, {10, 0, 2.0 / 1024},
		{121, 59, 4.434449263755176e-06}, // summed as integers
	} {
		d := append(append(repeat(tt.won, 0.25), repeat(tt.lost, -0.25)...), repeat(100, 0)...)
		got := signFlip(d)
		if math.Abs(got-tt.want) > 1e-9*tt.want {
			t.Errorf("won %d lost %d: p %v, want %v", tt.won, tt.lost, got, tt.want)
		}
	}
}

// The ways to the p-value agree where more than one is open.
func TestSignFlipWaysAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var sizes []float64
		sum := 0.0
		for range 12 {
			d := r.NormFloat64() + 0.4
			sizes = append(sizes, math.Abs(d))
			sum += d
		}
		exact, drawn := enumerate(sizes, math.Abs(sum)), draw(sizes, math.Abs(sum))
		if se := math.Sqrt(exact * (1 - exact) / flips); math.Abs(exact-drawn) > 4.5*se+1.0/flips {
			t.Errorf("enumerated %v, drawn %v", exact, drawn)
		}
	}
	// One cluster of two ways to be far: {3, -1}: sums 4, 2, -2, -4.
	if p := signFlip([]float64{3, -1}); p != 1 {
		t.Errorf("p %v, want 1", p)
	}
	if p := signFlip([]float64{3, 1, 1, 1, 1, 1}); p != 2.0/64 {
		t.Errorf("p %v, want 1/32", p)
	}
}

func TestHolm(t *testing.T) {
	// statsmodels.stats.multitest.multipletests(p, method="holm")
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005, 0.9})
	for i, want := range []float64{0.04, 0.09, 0.09, 0.025, 0.9} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("p %d: %v, want %v", i, got[i], want)
		}
	}
}
