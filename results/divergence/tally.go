// Package divergence says from two models' probabilities, token by token, how
// far the second is from the first: what a quantised checkpoint has lost.
package divergence

import (
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/results/compare"
)

// A Rule says which tokens of a window are scored.
type Rule string

// The two rules in use.
const (
	// SecondHalf scores the second half of consecutive chunks, so that every
	// scored token has at least half a context before it (llama.cpp).
	SecondHalf Rule = "half"
	// All scores every token of a text once, in windows of the whole context,
	// as perplexity tasks do (lm-evaluation-harness).
	All Rule = "all"
)

// A Token is how two models differ at one token of the text. P is the base
// model's distribution over the vocabulary there, Q the new model's.
type Token struct {
	KL      float64 // KL(P ‖ Q), natural log
	BaseNLL float64 // -log P of the text's token
	NewNLL  float64 // -log Q
	Shift   float64 // Q - P of the text's token
	SameTop bool    // P and Q have the same likeliest token
}

// A Tally collects tokens, in order.
type Tally struct {
	tokens  int // scored or not
	windows []sums
	kl      []float64
}

// sums is what one window, or all windows of one document, add up to.
type sums struct {
	document, tokens                     int
	kl, base, next, shift, square, agree float64
}

// Add takes the scored tokens of one window of `length` tokens. Windows of a
// document follow each other.
func (t *Tally) Add(document, length int, tokens []Token) {
	t.tokens += length
	s := sums{document: document, tokens: len(tokens)}
	for _, k := range tokens {
		s.kl += k.KL
		s.base += k.BaseNLL
		s.next += k.NewNLL
		s.shift += k.Shift
		s.square += float64(k.Shift * k.Shift)
		if k.SameTop {
			s.agree++
		}
		t.kl = append(t.kl, k.KL)
	}
	t.windows = append(t.windows, s)
}

// clusters is what counts as independent: documents, or the windows of a
// single one.
func (t *Tally) clusters() (kind string, out []sums) {
	first, last := t.windows[0].document, t.windows[len(t.windows)-1].document
	if first == last {
		return "window", t.windows
	}
	for i, w := range t.windows {
		if i == 0 || w.document != t.windows[i-1].document {
			out = append(out, w)
			continue
		}
		s := &out[len(out)-1]
		s.tokens += w.tokens
		s.kl += w.kl
		s.base += w.base
		s.next += w.next
		s.shift += w.shift
		s.square += w.square
		s.agree += w.agree
	}
	return "document", out
}

// An Interval is an estimate with its 95% confidence interval; the ends are
// absent with a single cluster.
type Interval struct {
	Value float64  `json:"value"`
	Low   *float64 `json:"ci_low"`
	High  *float64 `json:"ci_high"`
}

// newInterval leaves out ends that are not known.
func newInterval(value, low, high float64) Interval {
	if math.IsNaN(low) || math.IsNaN(high) {
		return Interval{Value: value}
	}
	return Interval{value, &low, &high}
}

// changed is the interval of a rising function of the value.
func (i Interval) changed(f func(float64) float64) Interval {
	out := Interval{Value: f(i.Value)}
	if i.Low != nil {
		low, high := f(*i.Low), f(*i.High)
		out.Low, out.High = &low, &high
	}
	return out
}

// Estimates are the tally's results.
type Estimates struct {
	Windows     int    `json:"windows"`
	Tokens      int    `json:"tokens"`
	Scored      int    `json:"tokens_scored"`
	Clusters    int    `json:"clusters"`
	ClusterKind string `json:"cluster"` // document or window

	KL        Distribution `json:"kl"`
	Top1      Interval     `json:"top1_agreement"`
	BasePPL   Interval     `json:"perplexity_base"`
	NewPPL    Interval     `json:"perplexity_new"`
	Ratio     Interval     `json:"perplexity_ratio"`     // new / base
	Shift     Interval     `json:"probability_shift"`    // mean of Q - P of the right token
	RootShift Interval     `json:"probability_rms"`      // root of its mean square
	LogRatio  Interval     `json:"log_perplexity_ratio"` // natural log of Ratio
}

// A Distribution is a mean over tokens and some of the tokens' quantiles.
type Distribution struct {
	Interval
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	P99    float64 `json:"p99"`
	P999   float64 `json:"p99_9"`
	Max    float64 `json:"max"`
}

// Estimate computes the results of a tally with at least one token. same says
// that both models are one file: then nothing was drawn that could have come
// out otherwise, and the agreement's interval is empty, too.
func (t *Tally) Estimate(same bool) Estimates {
	kind, of := t.clusters()
	mean := func(sum func(sums) float64) compare.Estimate {
		values, items := make([]float64, len(of)), make([]int, len(of))
		for i, s := range of {
			values[i], items[i] = sum(s), s.tokens
		}
		return compare.ClusterMean(values, items)
	}
	interval := func(sum func(sums) float64) Interval {
		e := mean(sum)
		low, high := e.Interval()
		return newInterval(e.Mean, low, high)
	}
	positive := func(sum func(sums) float64) Interval {
		e := mean(sum)
		low, high := e.Positive()
		return newInterval(e.Mean, low, high)
	}
	e := Estimates{Windows: len(t.windows), Tokens: t.tokens, Scored: len(t.kl), Clusters: len(of), ClusterKind: kind}
	e.KL = t.distribution(positive(func(s sums) float64 { return s.kl }))
	e.BasePPL = interval(func(s sums) float64 { return s.base }).changed(math.Exp)
	e.NewPPL = interval(func(s sums) float64 { return s.next }).changed(math.Exp)
	e.LogRatio = interval(func(s sums) float64 { return s.next - s.base })
	e.Ratio = e.LogRatio.changed(math.Exp)
	e.Shift = interval(func(s sums) float64 { return s.shift })
	e.RootShift = positive(func(s sums) float64 { return s.square }).changed(math.Sqrt)
	top := mean(func(s sums) float64 { return s.agree })
	low, high := top.Share(e.Scored)
	if same {
		low, high = top.Mean, top.Mean
	}
	e.Top1 = newInterval(top.Mean, low, high)
	return e
}

func (t *Tally) distribution(mean Interval) Distribution {
	sorted := slices.Sorted(slices.Values(t.kl))
	return Distribution{
		Interval: mean,
		Median:   quantile(sorted, 0.5), P90: quantile(sorted, 0.9), P99: quantile(sorted, 0.99), P999: quantile(sorted, 0.999),
		Max: sorted[len(sorted)-1],
	}
}

// quantile interpolates between the two nearest of the sorted values (type 7 of
// R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, The
// American Statistician 50, 1996).
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}
