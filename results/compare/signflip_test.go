package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/results"
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
		got := NewTest(d).P()
		if math.Abs(got-tt.want) > 1e-9*tt.want || counted(tt.won, tt.lost, 0.25).P() != got {
			t.Errorf("won %d lost %d: p %v, want %v", tt.won, tt.lost, got, tt.want)
		}
	}
}

// The ways to the p-value agree where more than one is open.
func TestSignFlipWaysAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var values []float64
		sum := 0.0
		for range 12 {
			d := r.NormFloat64() + 0.4
			values = append(values, math.Abs(d))
			sum += d
		}
		exact, drawn := enumerate(values, math.Abs(sum)), float64(runsOf(values).draw(math.Abs(sum), flips)+1)/(flips+1)
		if se := math.Sqrt(exact * (1 - exact) / flips); math.Abs(exact-drawn) > 4.5*se+1.0/flips {
			t.Errorf("enumerated %v, drawn %v", exact, drawn)
		}
	}
	// One cluster of two ways to be far: {3, -1}: sums 4, 2, -2, -4.
	if p := NewTest([]float64{3, -1}).P(); p != 1 {
		t.Errorf("p %v, want 1", p)
	}
	if p := NewTest([]float64{3, 1, 1, 1, 1, 1}).P(); p != 2.0/64 {
		t.Errorf("p %v, want 1/32", p)
	}
}

// The approximation of small p-values is that of all assignments of signs to
// within some tenths, for scores of every kind, and rather too large than too
// small.
func TestSaddlepoint(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for name, draw := range map[string]func() float64{
		"graded":          r.Float64,
		"normal":          func() float64 { return math.Abs(r.NormFloat64()) },
		"log-likelihoods": func() float64 { return math.Exp(r.NormFloat64()) },
		"clusters of 0/1": func() float64 { return float64(1 + r.IntN(3)) },
		"F1 of few words": func() float64 { return []float64{1, 0.5, 1.0 / 3, 0.8}[r.IntN(4)] },
	} {
		for range 6 {
			var values []float64
			total := 0.0
			for range 20 {
				v := draw()
				values, total = append(values, v), total+v
			}
			for _, share := range []float64{0.6, 0.7, 0.8} { // of the largest sum
				// The nearest sum that some assignment gives.
				sum, left := 0.0, share*total
				for _, v := range values {
					if sum+v <= (total+left)/2 {
						sum += v
					}
				}
				sum = 2*sum - total
				exact, got := enumerate(values, sum*(1-1e-9)), runsOf(values).saddlepoint(sum)
				if exact < 1e-5 || exact > 0.02 {
					continue
				}
				if ratio := got / exact; ratio < 0.8 || ratio > 1.75 {
					t.Errorf("%s: %.2g, exact %.2g", name, got, exact)
				}
			}
		}
	}
	if p := runsOf([]float64{1, 1, 2}).saddlepoint(0.5); p != 1 {
		t.Errorf("p %v of a sum below the smallest step", p)
	}
}

// AtMost is what P says, at each level.
func TestAtMost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(rt, "n")
		unit := rapid.SampledFrom([]float64{-2, -1, -0.5, 0, 0.5, 1, 1, 1, 2})
		if rapid.Bool().Draw(rt, "0/1") {
			unit = rapid.SampledFrom([]float64{-1, 0, 1, 1})
		}
		test := NewTest(rapid.SliceOfN(unit, n, n).Draw(rt, "differences"))
		level := math.Pow(10, -rapid.Float64Range(1.01, 8).Draw(rt, "digits"))
		p := test.P()
		if yes, least := test.AtMost(level); yes != (p <= level) || !yes && (p < least || least < level) {
			rt.Fatalf("p %v, level %v: %v, %v", p, level, yes, least)
		}
	})
}

// Terms of bits and of numbers are one test, that of the differences.
func TestPaired(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 150).Draw(rt, "n")
		outcome := rapid.SampledFrom([]float64{0, 1, math.NaN()})
		a, b := rapid.SliceOfN(outcome, n, n).Draw(rt, "a"), rapid.SliceOfN(outcome, n, n).Draw(rt, "b")
		var differences []float64
		for i := range a {
			if d := b[i] - a[i]; !math.IsNaN(d) {
				differences = append(differences, d)
			}
		}
		var names []string
		if rapid.Bool().Draw(rt, "clusters") { // each of its own
			for i := range n {
				names = append(names, strconv.Itoa(i))
			}
		}
		term := Term{Weight: 1, A: NewOutcomes(a), B: NewOutcomes(b), Clusters: NewClusters(names)}
		got, ok := Paired([]Term{term})
		if ok != (len(differences) > 0) {
			rt.Fatal(ok)
		}
		if want := NewTest(differences).P(); ok && math.Abs(got.P()-want) > 1e-9*want {
			rt.Fatalf("p %v, want %v", got.P(), want)
		}
		if sum, count := term.A.Sum(); count > n || sum > float64(count) {
			rt.Fatal(sum, count)
		}
	})
	if _, ok := Paired(nil); ok {
		t.Error("nothing is a test")
	}
}

// Families of many runs are adjusted at once; the definition is Holm of each.
func TestAdjust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pairs []Pair
		for run := range rapid.IntRange(1, 4).Draw(t, "runs") {
			for task := range rapid.IntRange(1, 4).Draw(t, "tasks") {
				for metric := range rapid.IntRange(1, 3).Draw(t, "metrics") {
					p := Pair{Run: string(rune('a' + run)), Task: string(rune('a' + task)), Kind: "task", Primary: metric == 0}
					if v := float64(rapid.IntRange(-1, 20).Draw(t, "p")) / 20; v >= 0 {
						p.P = &v
					}
					pairs = append(pairs, p)
				}
			}
		}
		adjust(pairs)
		for i, p := range pairs {
			if p.P == nil {
				continue
			}
			family := []float64{*p.P}
			for k, q := range pairs {
				if k != i && q.P != nil && q.Primary && (p.Primary || q.Task != p.Task || q.Run != p.Run) {
					family = append(family, *q.P)
				}
			}
			if want := holm(family)[0]; *p.PHolm != want {
				t.Fatalf("%+v: %v, want %v of %v", p, *p.PHolm, want, family)
			}
		}
	})
}

// holm adjusts the p-values of a family by the definition.
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int {
		switch {
		case p[i] < p[k]:
			return -1
		case p[i] > p[k]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(p))
	worst := 0.0
	for rank, i := range order {
		worst = max(worst, min(1, p[i]*float64(len(p)-rank)))
		out[i] = worst
	}
	return out
}

func TestHolm(t *testing.T) {
	// statsmodels.stats.multitest.multipletests(p, method="holm")
	got := holm([]float64{0.01, 0.04, 0.03, 0.005, 0.9})
	for i, want := range []float64{0.04, 0.09, 0.09, 0.025, 0.9} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("p %d: %v, want %v", i, got[i], want)
		}
	}
}

// What is rejected has an adjusted p-value of at most the level.
func TestRejected(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 0.1), 0, 12).Draw(rt, "p")
		got := Rejected(len(p), len(p), level, func(i int, bar float64) bool { return p[i] <= bar })
		for i, adjusted := range holm(p) {
			if math.Abs(adjusted-level) > 1e-12 && got[i] != (adjusted <= level) {
				rt.Fatalf("%v: %v", p, got)
			}
		}
	})
}

// A task counts with its weight, whatever its number of documents.
func TestPairedWeights(t *testing.T) {
	term := func(weight float64, a, b []float64) Term {
		return Term{Weight: weight, A: NewOutcomes(a), B: NewOutcomes(b)}
	}
	won, lost := term(0.9, repeat(20, 0), append(repeat(10, 1), repeat(10, 0)...)), term(0.1, repeat(20, 1), repeat(20, 0))
	test, ok := Paired([]Term{won, lost})
	if want := 0.9*0.5 - 0.1; !ok || math.Abs(test.Sum()-want) > 1e-12 {
		t.Errorf("difference %v, want %v", test.Sum(), want)
	}
	// Documents of one size are counted, those of two sizes are not.
	half, quarter := term(0.5, repeat(20, 0), append(repeat(10, 1), repeat(10, 0)...)), term(0.25, repeat(40, 0), append(repeat(10, 1), repeat(30, 0)...))
	for _, tt := range []struct {
		terms []Term
		want  float64
	}{
		{[]Term{half}, 0.25}, {[]Term{half, half}, 0.5}, {[]Term{half, quarter}, 0.25 + 0.0625},
	} {
		if test, ok := Paired(tt.terms); !ok || math.Abs(test.Sum()-tt.want) > 1e-12 {
			t.Errorf("%d terms: difference %v, want %v", len(tt.terms), test.Sum(), tt.want)
		}
	}
	if _, ok := Paired([]Term{won, term(0.1, repeat(2, math.NaN()), repeat(2, 1))}); ok {
		t.Error("a term without a shared document is no ground for a test")
	}
}

// What is certain of a p-value holds for those that are counted out.
func TestBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for n := 1; n <= 14; n++ {
		for _, d := range [][]float64{repeat(n, 1), append(repeat(n, 1), 0.5, -2), {r.NormFloat64(), r.NormFloat64(), 3, float64(n)}} {
			test := NewTest(d)
			if p := test.P(); p > test.bound() || p < test.smallest()*(1-1e-9) || test.sum*test.sum <= test.squares && p < central {
				t.Errorf("%v: p %v, at most %v, at least %v", d, p, test.bound(), test.smallest())
			}
		}
	}
}

// A family is the primary metrics of tasks, or of groups; a metric that is not
// primary takes the place of its task's primary one.
func TestFamilies(t *testing.T) {
	pair := func(kind, task string, primary bool, p float64) Pair {
		return Pair{Kind: kind, Task: task, Primary: primary, P: &p}
	}
	pairs := []Pair{
		pair(results.KindTask, "a", true, 0.01),
		pair(results.KindTask, "a", false, 0.02),
		pair(results.KindTask, "b", true, 0.04),
		{Kind: results.KindTask, Task: "none", Primary: true},
		pair(results.KindTask, "c", true, 0.03),
		pair(results.KindGroup, "g", true, 0.02),
		pair(results.KindGroup, "h", true, 0.5),
	}
	adjust(pairs)
	for i, want := range []float64{0.03, 0.06, 0.06, -1, 0.06, 0.04, 0.5} {
		got := -1.0
		if pairs[i].PHolm != nil {
			got = *pairs[i].PHolm
		}
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s %s, primary %v: %v, want %v", pairs[i].Kind, pairs[i].Task, pairs[i].Primary, got, want)
		}
	}
}

// Hoeffding's bound of ten signs that agree, of ten that do not, and of sizes.
func TestBound(t *testing.T) {
	for _, tt := range []struct {
		d    []float64
		want float64
	}{
		{[]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 2 * math.Exp(-5)}, {[]float64{-1, -1}, 2 * math.Exp(-1)}, {[]float64{1, -1}, 2}, {[]float64{3, 4}, 2 * math.Exp(-49./50)},
	} {
		if got := NewTest(tt.d).bound(); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", tt.d, got, tt.want)
		}
	}
}
