package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/results"
)

// A world draws one item's score in two runs; cluster numbers start at 0.
type world struct {
	items, perCluster int
	truth             float64 // of the difference
	draw              func(r *rand.Rand, cluster float64) (a, b float64)
}

// paired draws a comparison of one metric.
func (w world) paired(r *rand.Rand, clustered bool) Pair {
	p := Pair{Kind: results.KindTask, Task: "t", Metric: "m", Primary: true, Higher: true}
	items := make([]item, w.items)
	effect := 0.0
	for i := range items {
		if i%w.perCluster == 0 {
			effect = r.NormFloat64()
		}
		a, b := w.draw(r, effect)
		items[i] = item{a: a, b: b, weight: 1}
		if clustered {
			items[i].cluster = fmt.Sprint("c", i/w.perCluster)
		}
	}
	p.estimate(items, shape{mean: true, value: func(v float64) float64 { return v }, slope: func(float64) float64 { return 1 }})
	return p
}

// rates are how often an interval holds the truth, and how often p <= 0.05.
func (w world) rates(repeats int, clustered bool) (covered, rejected float64) {
	r := rand.New(rand.NewPCG(5, uint64(w.items)))
	for range repeats {
		p := w.paired(r, clustered)
		if *p.CILow <= w.truth && w.truth <= *p.CIHigh {
			covered++
		}
		if *p.P <= level {
			rejected++
		}
	}
	return covered / float64(repeats), rejected / float64(repeats)
}

// monteCarlo is three and a half standard errors of a rate.
func monteCarlo(rate float64, repeats int) float64 {
	return 3.5 * math.Sqrt(rate*(1-rate)/float64(repeats))
}

// twins are 0/1 scores of one difficulty: both right or both wrong but for a
// share won and a share lost.
func twins(items int, won, lost float64) world {
	return world{items: items, perCluster: 1, truth: won - lost, draw: func(r *rand.Rand, _ float64) (a, b float64) {
		switch u := r.Float64(); {
		case u < won:
			return 0, 1
		case u < won+lost:
			return 1, 0
		case u < won+lost+(1-won-lost)/2:
			return 0, 0
		}
		return 1, 1
	}}
}

// Scores between 0 and 1 that follow one difficulty.
func graded(items int, shift float64) world {
	return world{items: items, perCluster: 1, truth: shift, draw: func(r *rand.Rand, _ float64) (a, b float64) {
		base := 0.2 + 0.5*r.Float64()
		noise := func() float64 { return 0.1 * (r.Float64() - 0.5) }
		return base + noise(), base + shift + noise()
	}}
}

// Items of a cluster are better or worse together: the differences correlate
// with about 0.7.
func dependent(clusters, size int, binary bool) world {
	return world{items: clusters * size, perCluster: size, draw: func(r *rand.Rand, cluster float64) (a, b float64) {
		d := 0.15*cluster + 0.1*r.NormFloat64()
		if !binary {
			return 0.5, 0.5 + d
		}
		switch u := r.Float64(); {
		case u < math.Max(0, math.Min(1, 2*d)):
			return 0, 1
		case u < math.Max(0, math.Min(1, -2*d)):
			return 1, 0
		}
		return 1, 1
	}}
}

// Intervals hold the truth in 95% of all cases and tests claim a difference
// that is none in 5%, within the error of the simulation. Both sides matter:
// an interval that is right too often is too wide, as that of the unpaired
// difference would be.
func TestCoverageAndFalsePositives(t *testing.T) {
	const repeats = 1000
	for name, tt := range map[string]struct {
		w         world
		clustered bool
		most      float64 // coverage; discrete scores give some more than 95%
		least     float64 // false positives; the exact test of few items gives fewer than 5%
	}{
		"0/1, many differ":   {twins(300, 0.15, 0.15), false, 0.965, 0.025},
		"0/1, few differ":    {twins(200, 0.04, 0.04), false, 0.985, 0.008},
		"0/1, one is better": {twins(150, 0.20, 0.10), false, 0.965, 0},
		"0/1, small":         {twins(40, 0.2, 0.2), false, 0.985, 0.008},
		"graded":             {graded(30, 0), false, 0.95, 0.05},
		"graded, better":     {graded(25, 0.1), false, 0.95, 0.05},
		"clusters":           {dependent(30, 8, false), true, 0.95, 0.05},
		"0/1 in clusters":    {dependent(30, 8, true), true, 0.965, 0.05},
	} {
		covered, rejected := tt.w.rates(repeats, tt.clustered)
		if covered < 0.95-monteCarlo(0.95, repeats) || covered > tt.most+monteCarlo(tt.most, repeats) {
			t.Errorf("%s: intervals hold the truth in %.3f of all cases", name, covered)
		}
		t.Logf("%s: coverage %.3f, p <= 0.05 in %.3f", name, covered, rejected)
		if tt.w.truth == 0 && (rejected > level+monteCarlo(level, repeats) || rejected < tt.least-monteCarlo(tt.least, repeats)) {
			t.Errorf("%s: p <= 0.05 in %.3f of all cases without a difference", name, rejected)
		}
	}
}

// The check above would find clusters that are ignored.
func TestIgnoredClustersMislead(t *testing.T) {
	covered, rejected := dependent(30, 8, false).rates(150, false)
	if covered > 0.8 || rejected < 0.2 {
		t.Errorf("covered %.3f, rejected %.3f: the simulated clusters do not matter", covered, rejected)
	}
}

// A true difference of the detectable size is found in 80% of all cases.
func TestPowerAtDetectableDifference(t *testing.T) {
	const repeats = 1000
	for name, tt := range map[string]struct {
		flat   world
		better func(difference float64) world
	}{
		"graded": {graded(60, 0), func(d float64) world { return graded(60, d) }},
		// The exact test of 0/1 scores has somewhat less.
		"0/1": {twins(800, 0.06, 0.06), func(d float64) world { return twins(800, 0.06+d/2, 0.06-d/2) }},
	} {
		r := rand.New(rand.NewPCG(9, 9))
		mean := 0.0
		for range 100 {
			mean += *tt.flat.paired(r, false).Detectable / 100
		}
		_, power := tt.better(mean).rates(repeats, false)
		t.Logf("%s: power %.3f at a difference of %.4f", name, power, mean)
		if math.Abs(power-0.8) > 0.03+monteCarlo(0.8, repeats) {
			t.Errorf("%s: power %.3f at the detectable difference %.4f", name, power, mean)
		}
	}
}

// Groups: a mean over tasks of different sizes and kinds of scores.
func TestGroupCoverage(t *testing.T) {
	const repeats = 1000
	worlds := []world{twins(60, 0.15, 0.1), graded(20, 0.05), dependent(15, 5, false)}
	rule := results.GroupRule{Group: "g", Metric: "mean", Filter: results.NoFilter}
	truth := 0.0
	for i, w := range worlds {
		rule.Members = append(rule.Members, results.GroupMember{Task: fmt.Sprint("t", i), Metric: "m", Filter: results.NoFilter, Weight: []float64{0.5, 0.3, 0.2}[i]})
		truth += rule.Members[i].Weight * w.truth
	}
	run := NewRun("r", results.Run{Groups: []results.GroupRule{rule}}, nil, nil)
	score := results.Score{Task: "g", Metric: "mean", Filter: results.NoFilter}
	r := rand.New(rand.NewPCG(3, 4))
	covered := 0.0
	for range repeats {
		var members []Pair
		for i, w := range worlds {
			m := w.paired(r, w.perCluster > 1)
			m.Task, m.Filter = rule.Members[i].Task, results.NoFilter
			members = append(members, m)
		}
		g := Pair{Kind: results.KindGroup, Task: "g", Metric: "mean", Higher: true}
		g.group(run, run, score, score, members)
		if *g.CILow <= truth && truth <= *g.CIHigh {
			covered++
		}
	}
	t.Logf("coverage %.3f", covered/repeats)
	if c := covered / repeats; math.Abs(c-0.95) > monteCarlo(0.95, repeats) {
		t.Errorf("intervals hold the truth in %.3f of all cases", c)
	}
}

// Of many tasks without a difference, Holm's correction leaves one wrong claim
// in at most 5% of all comparisons.
func TestFamilyError(t *testing.T) {
	const repeats, tasks = 400, 12
	r := rand.New(rand.NewPCG(6, 6))
	wrong, uncorrected := 0.0, 0.0
	for range repeats {
		var pairs []Pair
		for i := range tasks {
			p := graded(14, 0).paired(r, false)
			p.Task = fmt.Sprint(i)
			pairs = append(pairs, p)
		}
		adjust(pairs)
		claimed, raw := false, false
		for i := range pairs {
			pairs[i].judge()
			claimed = claimed || pairs[i].Verdict == Better || pairs[i].Verdict == Worse
			raw = raw || *pairs[i].P <= level
		}
		if claimed {
			wrong++
		}
		if raw {
			uncorrected++
		}
	}
	if rate := wrong / repeats; rate > level+monteCarlo(level, repeats) {
		t.Errorf("a wrong claim in %.3f of all comparisons", rate)
	}
	if rate := uncorrected / repeats; rate < 0.3 {
		t.Errorf("without the correction only %.3f: the simulation does not test it", rate)
	}
}
