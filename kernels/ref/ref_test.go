package ref_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
	"pgregory.net/rapid"
)

// exactFMA rounds a·b+c once, by way of unbounded arithmetic.
func exactFMA(a, b, c float32) float32 {
	exact := func(x float32) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(float64(x)) }
	p := exact(a)
	p.Mul(p, exact(b)).Add(p, exact(c))
	f, _ := p.Float32()
	return f
}

func TestFMA(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, a, b, c float32) {
		got, want := ref.FMA(a, b, c), exactFMA(a, b, c)
		if got != want {
			t.Fatalf("FMA(%x, %x, %x) is %x, want %x", a, b, c, got, want)
		}
	}
	t.Run("hard", func(t *testing.T) {
		// Sums next to a tie of the second rounding, where converting the
		// float64 sum rounds twice.
		r := rand.New(rand.NewPCG(1, 1))
		doubled := 0
		for range 200_000 {
			c := math.Float32frombits(r.Uint32()&0x807fffff | 0x3f800000)
			a := math.Float32frombits(r.Uint32()&0x007fffff | 0x3f800000)
			half := math.Ldexp(1, -24) / float64(a)
			b := float32(half)
			check(t, a, b, c)
			if float32(float64(a)*float64(b)+float64(c)) != ref.FMA(a, b, c) {
				doubled++
			}
		}
		// An exact tie plus a little: 1·2⁻²⁴ hidden behind 2⁻⁶⁰.
		one := float32(1)
		check(t, one+0x1p-23, 0x1p-24*(one+0x1p-23), one)
		check(t, 0x1.000002p-24, 0x1.fffffep-1, 1)
		check(t, -0x1.000002p-24, 0x1.fffffep-1, -1)
		check(t, 0x1p-75, 0x1p-75, 0x1p-149)
		check(t, 0x1p-149, 0.5, 0)
		check(t, 0x1.8p-149, 0.5, 0x1p-149)
		if doubled == 0 {
			t.Error("no case in which rounding twice is wrong: the test is too easy")
		}
	})
	t.Run("any", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			finite := rapid.Float32().Filter(func(x float32) bool { return !math.IsInf(float64(x), 0) && x == x })
			check(t, finite.Draw(t, "a"), finite.Draw(t, "b"), finite.Draw(t, "c"))
		})
	})
	t.Run("special", func(t *testing.T) {
		inf := float32(math.Inf(1))
		if ref.FMA(inf, 1, 0) != inf || ref.FMA(1, 1, -inf) != -inf || ref.FMA(3e38, 3e38, 0) != inf {
			t.Error("infinities")
		}
		if x := ref.FMA(inf, 0, 1); x == x {
			t.Error("inf·0 is not NaN")
		}
	})
}

func TestExp(t *testing.T) {
	worst := 0.0
	for x := float32(ref.ExpLow); x <= ref.ExpHigh; x += 0.000731 {
		want := math.Exp(float64(x))
		worst = max(worst, math.Abs(float64(ref.Exp(x))-want)/want)
	}
	t.Logf("largest relative error %.2e", worst)
	if worst > 1.2e-7 {
		t.Errorf("relative error %.2e, want at most 1.2e-7", worst)
	}
	inf := float32(math.Inf(1))
	for x, want := range map[float32]float32{0: 1, -inf: 0, -87.5: 0, 89: inf, inf: inf} {
		if got := ref.Exp(x); got != want {
			t.Errorf("Exp(%v) is %v, want %v", x, got, want)
		}
	}
	if x := ref.Exp(float32(math.NaN())); x == x {
		t.Error("Exp(NaN) is a number")
	}
}

func TestExp64(t *testing.T) {
	for x := 0.0; x > -700; x -= 0.0137 {
		want := math.Exp(x)
		if got := ref.Exp64(x); math.Abs(got-want) > 5e-16*want {
			t.Fatalf("Exp64(%v) is %v, want %v", x, got, want)
		}
	}
	if ref.Exp64(0) != 1 || ref.Exp64(math.Inf(-1)) != 0 {
		t.Error("ends")
	}
}

// The primitives against their textbook formulas in float64.
func TestFormulas(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	near := func(what string, got float32, want float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > 3e-6*(1+math.Abs(want)) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}

	const n = 100
	x, gain, y := random(n), random(n), make([]float32, n)
	ref.RMSNorm(y, x, gain, 1e-5)
	squares := 0.0
	for _, v := range x {
		squares += float64(v) * float64(v)
	}
	near("RMSNorm", y[7], float64(x[7])*float64(gain[7])/math.Sqrt(squares/n+1e-5))

	ref.SwiGLU(y, x, gain)
	near("SwiGLU", y[3], float64(x[3])/(1+math.Exp(-float64(x[3])))*float64(gain[3]))

	ref.GeGLU(y, x, gain)
	gate := float64(x[3])
	near("GeGLU", y[3], gate/2*(1+math.Tanh(math.Sqrt(2/math.Pi)*(gate+0.044715*gate*gate*gate)))*float64(gain[3]))

	s, c := math.Sincos(0.7)
	pair := []float32{2, 3, 9}
	ref.Rotate(pair, []float32{float32(c), float32(c)}, []float32{float32(s), float32(s)})
	near("Rotate", pair[0], 2*c-3*s)
	near("Rotate", pair[1], 3*c+2*s)
	near("Rotate", pair[2], 9)
	apart, neighbours := []float32{2, 5, 3, 7, 9}, []float32{2, 3, 5, 7}
	cos, sin := []float32{0.5, 0.5, 0.25, 0.25}, []float32{0.1, 0.1, 0.7, 0.7}
	ref.RotateHalves(apart, cos, sin)
	ref.Rotate(neighbours, cos, sin)
	if !slices.Equal(apart, append(neighbours, 9)) {
		t.Errorf("RotateHalves gives %v, Rotate of the same pairs %v", apart, neighbours)
	}

	const length, width, scale = 150, 16, 0.25
	var keys, values [][]float32
	for range length {
		keys, values = append(keys, random(width)), append(values, random(width))
	}
	q, got := random(width), make([]float32, width)
	for _, how := range []kernels.Attention{{}, {Limit: 2}, {Window: 1}, {Window: 64}, {Window: 30, Limit: 5}, {Window: 149}, {Window: 200}} {
		how.Scale = scale
		ref.Attend(got, q, keys, values, how)
		total, want := 0.0, make([]float64, width)
		for i := range length {
			if how.Window > 0 && i < length-how.Window {
				continue
			}
			score := 0.0
			for d := range width {
				score += float64(q[d]) * float64(keys[i][d]) * scale
			}
			if limit := float64(how.Limit); limit > 0 {
				score = limit * math.Tanh(score/limit)
			}
			p := math.Exp(score)
			total += p
			for d := range width {
				want[d] += p * float64(values[i][d])
			}
		}
		for d := range width {
			near(fmt.Sprintf("Attend %+v", how), got[d], want[d]/total)
		}
	}

	logits := random(1000)
	logits[400] = logits[900]
	for i := range logits {
		logits[i] *= 5
	}
	sum, best := 0.0, 0
	for i, l := range logits {
		sum += math.Exp(float64(l))
		if l > logits[best] {
			best = i
		}
	}
	p := ref.LogSoftmax(logits)
	if math.Abs(p.LogSumExp()-math.Log(sum)) > 1e-7 || int(p.Argmax) != best || p.Max != logits[best] {
		t.Errorf("LogSoftmax: %+v, %v; want %v at %d", p, p.LogSumExp(), math.Log(sum), best)
	}
	if p := ref.LogSoftmax([]float32{1, 2, 2}); p.Argmax != 1 {
		t.Errorf("argmax among equals is %d, want the first", p.Argmax)
	}
}
