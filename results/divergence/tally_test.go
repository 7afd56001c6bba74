package divergence

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Two documents of one and three tokens: means are over tokens, deviations
// over documents, with one degree of freedom (t = 12.7062).
func TestEstimate(t *testing.T) {
	var y Tally
	y.Add(0, 4, []Token{{KL: 0.1, BaseNLL: 1, NewNLL: 1.5, Shift: 0.1, SameTop: true}})
	y.Add(1, 5, []Token{{KL: 0.3, BaseNLL: 2, NewNLL: 2, Shift: -0.3, SameTop: true}, {KL: 0.2, BaseNLL: 3, NewNLL: 3, Shift: 0.1}})
	y.Add(1, 2, []Token{{KL: 0.6, BaseNLL: 2, NewNLL: 2.3, SameTop: true}})
	e := y.Estimate(false)
	// KL: mean 0.3; documents deviate by -0.2 and 0.2, so the standard error is
	// √(2·(0.04+0.04))/4 = 0.1.
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	near("KL", e.KL.Value, 0.3)
	near("KL's upper end", *e.KL.High, 0.3*math.Exp(12.7062*0.1/0.3))
	near("KL's lower end", *e.KL.Low, 0.3*math.Exp(-12.7062*0.1/0.3))
	near("median", e.KL.Median, 0.25)
	near("90%", e.KL.P90, 0.51)
	near("max", e.KL.Max, 0.6)
	near("perplexity of base", e.BasePPL.Value, math.Exp(2))
	near("perplexity of new", e.NewPPL.Value, math.Exp(8.8/4))
	near("log ratio", e.LogRatio.Value, 0.2)
	near("ratio", e.Ratio.Value, math.Exp(0.2))
	// Documents deviate by 0.3 and -0.3: √(2·0.18)/4 = 0.15.
	near("ratio's lower end", *e.Ratio.Low, math.Exp(0.2-12.7062*0.15))
	near("shift", e.Shift.Value, -0.025)
	near("root mean square", e.RootShift.Value, math.Sqrt(0.11/4))
	near("agreement", e.Top1.Value, 0.75)
	if e.Windows != 3 || e.Tokens != 11 || e.Scored != 4 || e.Clusters != 2 || e.ClusterKind != "document" {
		t.Errorf("counted %+v", e)
	}
}

func TestOneWindowHasNoInterval(t *testing.T) {
	var y Tally
	y.Add(0, 3, []Token{{KL: 0.1, SameTop: true}, {KL: 0.2}})
	e := y.Estimate(false)
	if e.KL.Low != nil || e.Top1.Low != nil || e.Ratio.High != nil {
		t.Errorf("intervals of one cluster: %+v", e)
	}
	y.Add(0, 3, []Token{{KL: 0.1}})
	if e := y.Estimate(false); e.KL.Low == nil || e.ClusterKind != "window" || e.Clusters != 2 {
		t.Errorf("two windows of one document: %+v", e)
	}
}

// A world draws tokens of documents of different lengths whose difficulty,
// drawn for each document, shows in every token.
type world struct {
	documents, length int
	differ            float64 // share of likeliest tokens that differ
}

func (w world) draw(r *rand.Rand, split bool) *Tally {
	var y Tally
	id := 0
	for range w.documents {
		hard := math.Exp(0.25 * r.NormFloat64())
		var of []Token
		for range w.length/2 + r.IntN(w.length) {
			k := Token{
				KL:      0.02 * hard * math.Exp(r.NormFloat64()-0.5),
				BaseNLL: 3 * hard * r.ExpFloat64(),
				Shift:   0.01 * hard * (r.NormFloat64() - 0.5),
				SameTop: r.Float64() >= w.differ*hard,
			}
			k.NewNLL = k.BaseNLL + 0.02*hard*(1+2*r.NormFloat64())
			if split { // as if tokens were independent
				y.Add(id, 1, []Token{k})
				id++
			}
			of = append(of, k)
		}
		if !split {
			y.Add(id, len(of), of)
			id++
		}
	}
	return &y
}

// coverage is how often each interval holds the truth, from a world of many
// documents.
func (w world) coverage(repeats int, split bool) map[string]float64 {
	r := rand.New(rand.NewPCG(3, uint64(w.documents)))
	many := w
	many.documents = 40000
	truth := values(many.draw(r, false).Estimate(false))
	out := map[string]float64{}
	for range repeats {
		for name, i := range values(w.draw(r, split).Estimate(false)) {
			if v := truth[name].Value; *i.Low <= v && v <= *i.High {
				out[name] += 1 / float64(repeats)
			}
		}
	}
	return out
}

func values(e Estimates) map[string]Interval {
	return map[string]Interval{"kl": e.KL.Interval, "agreement": e.Top1, "perplexity": e.BasePPL, "ratio": e.Ratio, "shift": e.Shift, "root shift": e.RootShift}
}

// Intervals over documents hold the truth in about 95% of all cases, those
// that take tokens as independent do not.
func TestCoverage(t *testing.T) {
	const repeats = 1000
	for _, w := range []world{{60, 60, 0.05}, {12, 60, 0.05}, {30, 40, 0.002}} {
		for name, rate := range w.coverage(repeats, false) {
			least, most := 0.92, 0.975 // the simulation's error, and what skew costs
			if w.documents < 20 {
				least = 0.91
			}
			if name == "agreement" { // of few counts it is wide
				most = 0.99
			}
			if rate < least || rate > most {
				t.Errorf("%+v: the interval of %s holds the truth in %.3f of all cases", w, name, rate)
			}
		}
	}
	naive := world{60, 60, 0.05}.coverage(repeats/5, true)
	for _, name := range []string{"kl", "perplexity", "ratio"} {
		if naive[name] > 0.85 {
			t.Errorf("%s: tokens taken as independent cover %.3f: this world would not notice it", name, naive[name])
		}
	}
}

func TestQuantile(t *testing.T) {
	x := []float64{1, 2, 4, 8}
	for p, want := range map[float64]float64{0: 1, 0.5: 3, 0.9: 6.8, 1: 8} {
		if got := quantile(x, p); math.Abs(got-want) > 1e-12 {
			t.Errorf("quantile %v is %v, want %v", p, got, want)
		}
	}
	if got := quantile(x[:1], 0.99); got != 1 {
		t.Errorf("quantile of one value is %v", got)
	}
}
