package mathanswer

import (
	"fmt"
	"math"
	"math/big"
	"math/cmplx"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/internal/bounded"
)

// sample is an expression in LaTeX with its value in floating point.
type sample struct {
	latex string
	value complex128
}

func (s sample) group() string { return `\left(` + s.latex + `\right)` }

// leaf draws a number whose value is easy to say, or a variable at some point.
func leaf(t *rapid.T) sample {
	n := rapid.IntRange(1, 12).Draw(t, "n")
	m := rapid.IntRange(1, 6).Draw(t, "m")
	x := float64(n)
	switch rapid.IntRange(0, 9).Draw(t, "leaf") {
	case 0:
		return sample{fmt.Sprintf(`\frac{%d}{%d}`, n, m), complex(x/float64(m), 0)}
	case 1:
		return sample{fmt.Sprintf(`\sqrt{%d}`, n), complex(math.Sqrt(x), 0)}
	case 2:
		return sample{fmt.Sprintf(`\sqrt[3]{%d}`, n), complex(math.Cbrt(x), 0)}
	case 3:
		return sample{`\pi`, math.Pi}
	case 4:
		return sample{fmt.Sprintf("%d.%d", n, m), complex(x+float64(m)/10, 0)}
	case 5:
		return sample{fmt.Sprintf("%di", n), complex(0, x)}
	case 6:
		return sample{"x", 0.7390851332}
	case 7:
		return sample{fmt.Sprintf("%dy", n), complex(x*1.2020569032, 0)}
	}
	return sample{fmt.Sprint(n), complex(x, 0)}
}

// tree draws an expression of some depth.
func tree(t *rapid.T, depth int) sample {
	if depth == 0 {
		return leaf(t)
	}
	a := tree(t, depth-1)
	b := tree(t, rapid.IntRange(0, depth-1).Draw(t, "depth"))
	switch op := rapid.IntRange(0, 5).Draw(t, "op"); {
	case op == 0:
		return sample{a.latex + "+" + b.group(), a.value + b.value}
	case op == 1:
		return sample{a.latex + "-" + b.group(), a.value - b.value}
	case op == 2 && cmplx.Abs(b.value) > 1e-6:
		return sample{fmt.Sprintf(`\frac{%s}{%s}`, a.latex, b.latex), a.value / b.value}
	case op == 3 && imag(a.value) == 0 && real(a.value) > 1e-6:
		return sample{fmt.Sprintf(`\sqrt{%s}`, a.latex), complex(math.Sqrt(real(a.value)), 0)}
	case op == 4:
		return sample{a.group() + "^2", a.value * a.value}
	}
	return sample{a.group() + `\cdot ` + b.group(), a.value * b.value}
}

// respell writes the same value in another way.
func respell(t *rapid.T, s sample) string {
	other := leaf(t)
	switch rapid.IntRange(0, 5).Draw(t, "respell") {
	case 0:
		return "-(-" + s.group() + ")"
	case 1:
		return other.latex + "+" + s.group() + "-" + other.latex
	case 2:
		return fmt.Sprintf(`\frac{%s\cdot %s}{%s}`, s.group(), other.group(), other.latex)
	case 3:
		return strings.NewReplacer(`\frac`, `\dfrac`, `\cdot`, `\times`, `\left`, "", `\right`, "").Replace(s.latex)
	case 4:
		return fmt.Sprintf(`\frac{(%s)(%s)+2(%s)}{2+%s}`, other.latex, s.latex, s.latex, other.latex)
	}
	return "0.5" + s.group() + `+\frac12` + s.group()
}

// TestRespelledIsNeverDifferent: exact judges may not know, but not err.
func TestRespelledIsNeverDifferent(t *testing.T) {
	total, equal := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := tree(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		again := respell(t, s)
		total++
		switch v := Compare(s.latex, again); v {
		case Equal:
			equal++
		case Different:
			t.Fatalf("Compare(%q, %q) = %s", s.latex, again, v)
		}
	})
	if equal*10 < total*8 {
		t.Errorf("only %d of %d were proved equal", equal, total)
	}
}

// TestVerdictsAgreeWithFloatingPoint on values that are drawn apart.
func TestVerdictsAgreeWithFloatingPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := tree(t, rapid.IntRange(0, 2).Draw(t, "da")), tree(t, rapid.IntRange(0, 2).Draw(t, "db"))
		far := cmplx.Abs(a.value-b.value) / (1 + cmplx.Abs(a.value))
		v := Compare(a.latex, b.latex)
		if v == Equal && far > 1e-9 || v == Different && far < 1e-13 {
			t.Fatalf("Compare(%q, %q) = %s, but %v and %v", a.latex, b.latex, v, a.value, b.value)
		}
		if w := Compare(b.latex, a.latex); w != v {
			t.Fatalf("Compare(%q, %q) = %s, the other way %s", a.latex, b.latex, v, w)
		}
		if v := Compare(a.latex, "0+"+a.latex); v == Different {
			t.Fatalf("%q differs from itself", a.latex)
		}
	})
}

// TestEnclosuresHoldTheirNumbers compares the series and roots with math.
func TestEnclosuresHoldTheirNumbers(t *testing.T) {
	const p = 80
	holds := func(x enclosure, want float64) bool {
		lo, _ := new(big.Float).SetInt(x.lo).Float64()
		hi, _ := new(big.Float).SetInt(x.hi).Float64()
		return math.Ldexp(lo, -p) <= want*(1+1e-15) && math.Ldexp(hi, -p) >= want*(1-1e-15) && hi-lo < math.Ldexp(1, 8) && x.lo.Cmp(x.hi) <= 0
	}
	if !holds(enclosePi(p), math.Pi) || !holds(encloseE(p), math.E) {
		t.Error("pi or e is outside")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1000).Draw(t, "n")
		k := rapid.Int64Range(2, 9).Draw(t, "k")
		x, ok := enclose(big.NewRat(n, 7), p).root(k, p)
		if !ok || !holds(x, math.Pow(float64(n)/7, 1/float64(k))) {
			t.Fatalf("root %d of %d/7 is outside %v", k, n, x)
		}
		back, _ := x.power(k, p)
		if target := enclose(big.NewRat(n, 7), p); back.lo.Cmp(target.lo) > 0 || back.hi.Cmp(target.hi) < 0 {
			t.Fatalf("root %d of %d/7 to the power %d does not hold it", k, n, k)
		}
	})
}

// TestManyDigits: pi is transcendental, so no decimals equal it; of pi+e that is
// not known, and 200 digits are more than enclosures can tell apart.
func TestManyDigits(t *testing.T) {
	const p, n = 1000, 200
	written := func(x enclosure) string {
		scaled := new(big.Int).Mul(x.lo, new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil))
		s := scaled.Rsh(scaled, p).String()
		return s[:len(s)-n] + "." + s[len(s)-n:]
	}
	if v := Compare(`\pi`, written(enclosePi(p))); v != Different {
		t.Errorf("pi and %d of its digits are %s", n, v)
	}
	sum := enclosePi(p).add(encloseE(p))
	if v := Compare(`\pi+e`, written(sum)); v != Unknown {
		t.Errorf("pi+e and %d of its digits are %s", n, v)
	}
	if v := Compare(`\pi+e`, written(sum)[:40]); v != Different {
		t.Errorf("pi+e and 40 of its digits are %s", v)
	}
}

// TestHardInputsEndSoon: limits turn what is large into Unknown in time.
func TestHardInputsEndSoon(t *testing.T) {
	long := func(s string, n int) string { return strings.Repeat(s, n) }
	for _, s := range []string{
		"(a+b+c+d+f)^{60}", "(a+b)^{60}(c+d)^{60}", "((((x+1)^{60})^{60})^{60})^{60}", "9^{9^{9^{9}}}", "2^{19999}+3^{12000}", long(`\sqrt{1+`, 20) + "2" + long("}", 20),
		long(`1\frac{`, 100), long(`1\frac{1\frac{`, 100) + "1" + long("}{2}}{3}", 100), long("(", 500) + long(")", 500), long(`\frac{1}{1+`, 22) + "x" + long("}", 22), long(`\frac1{\sqrt2+`, 20) + "1" + long("}", 20),
		`\sqrt{` + long("9", 390) + "}", `\sqrt[64]{` + long("7", 300) + "}", long("1+", 299) + "1", long(`\pm`, 50) + "1", long("x!", 200), `\sqrt[64]{1+\sqrt[63]{1+\sqrt[62]{\pi+e}}}`,
		long(`(\sqrt2+\sqrt3+\sqrt5+\sqrt7)`, 40), long(`(\sqrt{1+\sqrt2}+\pi+e)`, 30), long(`\{`, 100) + long(`\}`, 100), `[0,\sqrt{2+\pi+e}]` + long(`\cup[0,\sqrt{2+\pi+e}]`, 40), long(`\sqrt{1+\pi},`, 60) + "1", long(" ", 1900) + "1", long("1 ", 900), "2000!+1999!", long("2000!", 20),
	} {
		for _, other := range []string{s + "+1", "1+" + s, "0", s} {
			start := time.Now()
			v := Compare(s, other)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%.40s... against %.40s...: %s after %s", s, other, v, took)
			}
		}
	}
	if v := Compare(long("1", maxBytes+1), long("1", maxBytes+1)); v != Unknown {
		t.Errorf("a text beyond the limit is %s", v)
	}
}

func FuzzCompare(f *testing.F) {
	for _, table := range [][]pair{numberPairs, unitPairs, groupPairs, algebraPairs, wordPairs} {
		for _, p := range table {
			f.Add(p.a, p.b)
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		bounded.Run(t, 512<<20, func() { compareBothWays(t, a, b) })
	})
}

func compareBothWays(t *testing.T, a, b string) {
	v := Compare(a, b)
	if w := Compare(b, a); w != v {
		t.Errorf("Compare(%q, %q) = %s, the other way %s", a, b, v, w)
	}
	if Compare(a, a) == Different {
		t.Errorf("%q differs from itself", a)
	}
	c := &calc{}
	if x, ok := read(c, a); ok && c.compare(x, x) == Different && !c.failed {
		t.Errorf("what %q is read as differs from itself", a)
	}
	Equivalent(a, b)
	Extract(a)
}
