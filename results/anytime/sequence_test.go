package anytime

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// repeats is how often a simulation draws; LLAMAEVAL_LONG=1 draws more.
func repeats(short int) int {
	if os.Getenv("LLAMAEVAL_LONG") != "" {
		return 25 * short
	}
	return short
}

// monteCarlo is three and a half standard errors of a rate.
func monteCarlo(rate float64, n int) float64 { return 3.5 * math.Sqrt(rate*(1-rate)/float64(n)) }

// A source draws the units of one sequence and tells their mean.
type source struct {
	population Population
	mean       float64
	draw       func(r *rand.Rand) []unit
}

// independent draws numbers for ever.
func independent(n int, mean float64, draw func(r *rand.Rand) float64) source {
	return source{Population{Heaviest: 1}, mean, func(r *rand.Rand) []unit {
		units := make([]unit, n)
		for i := range units {
			units[i] = unit{draw(r), 1}
		}
		return units
	}}
}

// passages are units of several documents, the large ones of a lower mean, so
// that the mean of units' means is another than that of documents.
func passages(n int) source {
	draw := func(r *rand.Rand) unit {
		size, p := 1.0, 0.8
		if r.Float64() < 0.3 {
			size, p = 5, 0.3
		}
		if r.Float64() < p {
			return unit{size, size}
		}
		return unit{0, size}
	}
	return source{Population{Heaviest: 5}, (0.7*0.8 + 0.3*5*0.3) / (0.7 + 0.3*5), func(r *rand.Rand) []unit {
		units := make([]unit, n)
		for i := range units {
			units[i] = draw(r)
		}
		return units
	}}
}

// shuffled draws all units of a fixed population in random order.
func shuffled(units []unit) source {
	p := Population{Units: len(units)}
	sum, weight := 0.0, 0.0
	for _, u := range units {
		p.Heaviest = max(p.Heaviest, u.weight)
		sum, weight = sum+u.sum, weight+u.weight
	}
	return source{p, sum / weight, func(r *rand.Rand) []unit {
		out := append([]unit(nil), units...)
		r.Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
		return out
	}}
}

func sources() map[string]source {
	var few, mixed []unit
	for i := range 400 {
		few = append(few, unit{float64(i % 20 / 19), 1})
		size := float64(1 + i%4)
		mixed = append(mixed, unit{size * float64(i%10) / 9, size})
	}
	bernoulli := func(p float64) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 {
			if r.Float64() < p {
				return 1
			}
			return 0
		}
	}
	return map[string]source{
		"half right":  independent(500, 0.5, bernoulli(0.5)),
		"few right":   independent(500, 0.05, bernoulli(0.05)),
		"uniform":     independent(500, 0.5, func(r *rand.Rand) float64 { return r.Float64() }),
		"differences": independent(500, 0.49, func(r *rand.Rand) float64 { return [...]float64{0.5, 0, 1}[pick(r, 0.9, 0.06)] }),
		"passages":    passages(300),
		"population":  shuffled(few),
		"unequal":     shuffled(mixed),
	}
}

// pick is 0, 1 or 2 with the probabilities a, b and the rest.
func pick(r *rand.Rand, a, b float64) int {
	switch u := r.Float64(); {
	case u < a:
		return 0
	case u < a+b:
		return 1
	}
	return 2
}

// With a look after every unit, the truth is refuted on each side in at most
// the promised share of all sequences. The second half of the test is that the
// ordinary interval, looked at as often, breaks the promise by far: the
// simulation would notice.
func TestErrorHoldsUnderContinuousPeeking(t *testing.T) {
	const tail = 0.025
	n := repeats(800)
	for name, s := range sources() {
		r := rand.New(rand.NewPCG(1, 2))
		wrong, naive := map[Side]float64{}, 0.0
		for range n {
			units := s.draw(r)
			for _, side := range []Side{Above, Below} {
				g := NewGambler(s.population, side, s.mean)
				for _, u := range units {
					g.Add(u.sum, u.weight)
				}
				if g.Refutes(tail) {
					wrong[side] += 1 / float64(n)
				}
			}
			if peeked(units, s.mean) {
				naive += 1 / float64(n)
			}
		}
		t.Logf("%-12s wrong above %.4f, below %.4f, ordinary interval %.3f", name, wrong[Above], wrong[Below], naive)
		for _, rate := range wrong {
			if rate > tail+monteCarlo(tail, n) {
				t.Errorf("%s: the truth is refuted in %.4f of all sequences", name, rate)
			}
		}
		if naive < 0.12 {
			t.Errorf("%s: the ordinary interval misses in %.3f only: this test would not find naive peeking", name, naive)
		}
	}
}

// peeked reports whether an ordinary 95% interval, looked at after every unit
// from the thirtieth on, ever misses the mean.
func peeked(units []unit, mean float64) bool {
	sum, squares := 0.0, 0.0
	for i, u := range units {
		d := u.sum - mean*u.weight
		sum, squares = sum+d, squares+d*d
		if i >= 30 && i < len(units)*3/4 && sum*sum > 1.96*1.96*squares {
			return true
		}
	}
	return false
}

// Under the hypothesis the capital is a fair game at worst: its mean after
// each bet is at most what it was. All outcomes of one draw are tried.
func TestBetsAreNotInTheGamblersFavour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var units []unit
		for range rapid.IntRange(1, 6).Draw(t, "units") {
			w := float64(rapid.IntRange(1, 3).Draw(t, "weight"))
			// In steps: what is left of a mean after larger values would else be
			// their rounding.
			x := float64(rapid.IntRange(0, 1<<16).Draw(t, "x")) / (1 << 16)
			units = append(units, unit{w * x, w})
		}
		s := shuffled(units)
		if s.mean < 1e-3 || s.mean > 1-1e-3 {
			t.Skip("no game")
		}
		side := Side(rapid.IntRange(0, 1).Draw(t, "side"))
		before := rapid.IntRange(0, len(units)-1).Draw(t, "drawn before")
		capital := func(next int) float64 {
			g := NewGambler(s.population, side, s.mean)
			for _, u := range units[:before] {
				g.Add(u.sum, u.weight)
			}
			if next >= 0 {
				g.Add(units[next].sum, units[next].weight)
			}
			if g.certain { // units holds the whole population
				t.Fatal("the truth is called impossible")
			}
			return math.Exp(logMean(g.logs))
		}
		mean := 0.0
		for next := before; next < len(units); next++ {
			mean += capital(next) / float64(len(units)-before)
		}
		if was := capital(-1); mean > was*(1+1e-6)+1e-9 {
			t.Errorf("the capital %g grows to %g on average", was, mean)
		}
	})
}

// Intervals hold what their gamblers do not refute, only ever shrink, and end
// on the mean of a population that is drawn to its end.
func TestIntervalsShrinkToThePopulationsMean(t *testing.T) {
	for name, s := range sources() {
		q := NewSequence(s.population)
		low, high := 0.0, 1.0
		for i, u := range s.draw(rand.New(rand.NewPCG(7, 7))) {
			q.Add(u.sum, u.weight)
			if i%60 != 0 && i != s.population.Units-1 {
				continue
			}
			l, h := q.Interval(0.005)
			if l < low-1e-6 || h > high+1e-6 || l > h {
				t.Errorf("%s: after %d units %g to %g follows %g to %g", name, i+1, l, h, low, high)
			}
			low, high = l, h
		}
		if s.population.Units > 0 && (math.Abs(low-s.mean) > 1e-5 || math.Abs(high-s.mean) > 1e-5) {
			t.Errorf("%s: all units are drawn, the mean is %g and not %g to %g", name, s.mean, low, high)
		}
	}
}

// Weights are relative, and the other side is the mirror image.
func TestScaleAndMirror(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.Float64Range(0.05, 0.95).Draw(t, "m")
		scale := rapid.Float64Range(0.01, 50).Draw(t, "scale")
		n := rapid.IntRange(0, 1).Draw(t, "replaced") * 40
		a := NewGambler(Population{Heaviest: 2, Units: n}, Above, m)
		b := NewGambler(Population{Heaviest: 2 * scale, Units: n}, Below, 1-m)
		for range rapid.IntRange(1, 40).Draw(t, "units") {
			w := rapid.Float64Range(0.1, 2).Draw(t, "w")
			x := w * rapid.Float64Range(0, 1).Draw(t, "x")
			a.Add(x, w)
			b.Add(scale*(w-x), scale*w)
		}
		if a.certain == b.certain && !a.certain && math.Abs(a.best-b.best) > 1e-6*max(1, math.Abs(a.best)) {
			t.Errorf("%g and %g", a.best, b.best)
		}
	})
}
