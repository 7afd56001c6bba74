package anytime

import "math"

// A Side is what a gambler believes of the mean.
type Side int

const (
	Above Side = iota // it is higher than the hypothesis
	Below             // it is lower
)

// stakes are the parts of the capital at risk: a geometric grid. A difference
// D of numbers with variance v calls for about D/v, so that small ones find
// small differences in many units.
var stakes = grid(0.01, 0.97, 12)

func grid(low, high float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = low * math.Pow(high/low, float64(i)/float64(n-1))
	}
	return out
}

// A Gambler bets against one mean. The capital is kept as logarithms, one for
// each stake.
type Gambler struct {
	population Population
	mean       float64 // of the hypothesis, seen from the gambler's side
	side       Side
	logs       []float64
	drawn      int
	balance    float64 // sum of (x - mean*w)/Heaviest so far
	certain    bool    // what is left to draw cannot make the hypothesis true
	best       float64 // largest logarithm of the capital so far
}

// slack is what rounding may make of a balance that is zero.
const slack = 1e-9

// NewGambler bets against the mean m, at least 0 and at most 1.
func NewGambler(p Population, side Side, m float64) *Gambler {
	if side == Below {
		m = 1 - m
	}
	return &Gambler{population: p, mean: m, side: side, logs: make([]float64, len(stakes))}
}

// Add bets on the next unit. Filled up with numbers of the hypothesis' mean to
// the heaviest weight, a unit's own mean y lies between 0 and 1, and under the
// hypothesis the expectation of y is e: the mean m itself, or without
// replacement what the units drawn so far leave for the rest. The stake f
// makes 1 + f(y/e - 1) of a capital of 1. As m grows y/e falls.
func (g *Gambler) Add(sum, weight float64) {
	if g.side == Below {
		sum = weight - sum
	}
	gain := (sum - g.mean*weight) / g.population.Heaviest
	expected := g.mean
	if n := g.population.Units; n > 0 {
		expected -= g.balance / float64(n-g.drawn)
	}
	g.drawn++
	g.balance += gain
	y := max(0, g.mean+gain)
	switch {
	case expected > 0:
		for i, f := range stakes {
			g.logs[i] += math.Log1p(f * (y/expected - 1))
		}
	case y > slack: // nothing was left for it
		g.certain = true
	}
	g.best = max(g.best, logMean(g.logs))
	if n := g.population.Units; n > 0 {
		g.certain = g.certain || g.balance > g.mean*float64(n-g.drawn)+slack
	}
}

// Refutes reports whether the hypothesis was refuted at any time so far, with
// a chance of at most a of doing so wrongly.
func (g *Gambler) Refutes(a float64) bool { return g.certain || g.best >= -math.Log(a) }

// logMean is the logarithm of the mean of exponentials.
func logMean(logs []float64) float64 {
	top := logs[0]
	for _, l := range logs {
		top = max(top, l)
	}
	sum := 0.0
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum/float64(len(logs)))
}
