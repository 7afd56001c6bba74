package leaderboard

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/results"
)

func TestRanks(t *testing.T) {
	nan := math.NaN()
	pct := 80.0
	tests := []struct {
		name  string
		fakes []fake
		task  string
		ranks []int
		best  int // index, or -1
	}{
		{"alone", []fake{{tasks: []fakeTask{{name: "t", outcomes: right(5, 10)}}}}, "t", []int{1}, -1},
		{"far apart", []fake{{tasks: []fakeTask{{name: "t", outcomes: right(50, 100)}}}, {tasks: []fakeTask{{name: "t", outcomes: right(80, 100)}}}}, "t", []int{2, 1}, 1},
		{"too few documents differ", []fake{{tasks: []fakeTask{{name: "t", outcomes: right(50, 100)}}}, {tasks: []fakeTask{{name: "t", outcomes: right(54, 100)}}}}, "t", []int{1, 1}, -1},
		// Ten more in pairs are shown; unpaired 50 and 60 of 100 would not be.
		{"pairing", []fake{{tasks: []fakeTask{{name: "t", outcomes: right(50, 100)}}}, {tasks: []fakeTask{{name: "t", outcomes: right(60, 100)}}}}, "t", []int{2, 1}, 1},
		{"Holm", []fake{
			{tasks: []fakeTask{{name: "t", outcomes: right(50, 100)}}}, {tasks: []fakeTask{{name: "t", outcomes: right(57, 100)}}},
			{tasks: []fakeTask{{name: "t", outcomes: right(50, 100)}}}, {tasks: []fakeTask{{name: "t", outcomes: right(57, 100)}}},
		}, "t", []int{1, 1, 1, 1}, -1}, // 7 to 0 has p 0.016, times 4 or more
		{"a tie at the top", []fake{
			{tasks: []fakeTask{{name: "t", outcomes: right(80, 100)}}}, {tasks: []fakeTask{{name: "t", outcomes: right(81, 100)}}},
			{tasks: []fakeTask{{name: "t", outcomes: right(50, 100)}}},
		}, "t", []int{1, 1, 3}, -1},
		{"lower is better", []fake{{tasks: []fakeTask{{name: "t", lower: true, outcomes: right(50, 100)}}}, {tasks: []fakeTask{{name: "t", lower: true, outcomes: right(80, 100)}}}}, "t", []int{1, 2}, 0},
		{"in percent", []fake{{tasks: []fakeTask{{name: "t", outcomes: right(50, 100)}}}, {tasks: []fakeTask{{name: "t", outcomes: right(80, 100), value: &pct}}}}, "t", []int{2, 1}, 1},
		{"shared documents", []fake{
			{tasks: []fakeTask{{name: "t", outcomes: append([]float64{nan, nan}, right(0, 20)...)}}},
			{tasks: []fakeTask{{name: "t", outcomes: append([]float64{0, 0}, right(20, 20)...)}}},
		}, "t", []int{2, 1}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.fakes {
				test.fakes[i].model = string(rune('a' + i))
			}
			b := build(t, test.fakes...)
			if len(b.Sections) != 1 {
				t.Fatalf("%d sections", len(b.Sections))
			}
			for i, want := range test.ranks {
				if c := b.at(t, test.fakes[i].model, test.task); c.Rank != want || c.Best != (i == test.best) {
					t.Errorf("%s: rank %d, best %v, want %d, %v", test.fakes[i].model, c.Rank, c.Best, want, i == test.best)
				}
			}
		})
	}
}

// Twenty right answers about one passage prove no more than one.
func TestClusters(t *testing.T) {
	clusters := make([]string, 40)
	for i := range clusters {
		clusters[i] = []string{"one passage", "another"}[i/20]
	}
	a := fake{model: "a", tasks: []fakeTask{{name: "t", outcomes: right(20, 40), clusters: clusters}}}
	b := fake{model: "b", tasks: []fakeTask{{name: "t", outcomes: right(0, 40), clusters: clusters}}}
	if c := build(t, a, b).at(t, "b", "t"); c.Rank != 1 {
		t.Error("two passages rank two models")
	}
	a.tasks[0].clusters, b.tasks[0].clusters = nil, nil
	if c := build(t, a, b).at(t, "b", "t"); c.Rank != 2 {
		t.Error("twenty independent documents do not")
	}
	// The first run lacks the task: its clusters come from another.
	a.tasks[0].clusters, b.tasks[0].clusters = clusters, clusters
	other := fake{model: "c", tasks: []fakeTask{{name: "other", outcomes: right(1, 2)}}}
	if c := build(t, other, a, b).at(t, "b", "t"); c.Rank != 1 {
		t.Error("clusters of a later run are not read")
	}
}

// A perplexity is compared by its log-likelihoods.
func TestPerplexity(t *testing.T) {
	run := func(model string, shift float64) fake {
		ll, weights := []float64{}, []float64{}
		for i := range 20 {
			ll, weights = append(ll, -100-float64(i*37%11)+shift), append(weights, 50)
		}
		value := 10 - shift
		return fake{model: model, tasks: []fakeTask{{name: "wikitext", metric: "word_perplexity", lower: true, outcomes: ll, weights: weights, value: &value}}}
	}
	b := build(t, run("worse", 0), run("better", 2))
	if w, g := b.at(t, "worse", "wikitext"), b.at(t, "better", "wikitext"); w.Rank != 2 || g.Rank != 1 || !g.Best {
		t.Errorf("%+v %+v", w, g)
	}
}

// A group is compared over the documents of its tasks; one that averages
// unlike members gives each the same weight.
func TestGroups(t *testing.T) {
	group := func(name, metric string, value float64) results.Score {
		s := results.Score{Task: name, Kind: results.KindGroup, Metric: metric, Filter: results.NoFilter, N: 220, Value: value, HigherIsBetter: true, Shots: -1}
		s.SetStdErr(0.2, false) // wide: only pairing can tell
		return s
	}
	run := func(model string, small, large int, known bool) fake {
		f := fake{model: model, tasks: []fakeTask{{name: "large", outcomes: right(large, 200)}, {name: "small", outcomes: right(small, 20)}}}
		f.scores = []results.Score{
			group("mean", "mean", (float64(small)/20+float64(large)/200)/2), group("pool", "acc", float64(small+large)/220),
			group("outer", "mean", ((float64(small)/20+float64(large)/200)/2+float64(large)/200)/2),
		}
		if known {
			member := func(task string, weight float64) results.GroupMember {
				return results.GroupMember{Task: task, Metric: "acc", Filter: results.NoFilter, Weight: weight}
			}
			rule := func(group, metric string, members ...results.GroupMember) results.GroupRule {
				return results.GroupRule{Group: group, Metric: metric, Filter: results.NoFilter, Members: members}
			}
			f.groups = []results.GroupRule{
				rule("mean", "mean", member("small", 0.5), member("large", 0.5)),
				rule("pool", "acc", member("small", 20.0/220), member("large", 200.0/220)), rule("pool", "other", member("small", 1)),
				rule("outer", "mean", member("small", 0.25), member("large", 0.25), member("large", 0.5)),
			}
		}
		return f
	}
	b := build(t, run("a", 10, 100, true), run("b", 10, 120, true))
	for _, column := range []string{"pool", "mean", "outer"} {
		if b.at(t, "a", column).Rank != 2 || !b.at(t, "b", column).Best {
			t.Errorf("%s: 20 more of 200 are not shown", column)
		}
	}
	// What a group is made of is unknown in runs of older programs.
	old := build(t, run("a", 10, 100, false), run("b", 10, 120, false))
	if old.at(t, "a", "pool").Rank != 1 {
		t.Error("standard errors of 0.2 tell 0.1 apart")
	}
	// 12 of 20 lost weigh as much as 120 of 200 won in a mean, and less pooled.
	c := build(t, run("a", 20, 100, true), run("b", 8, 130, true))
	if r := c.at(t, "a", "pool").Rank; r != 2 {
		t.Errorf("pool: rank %d", r)
	}
	if r := c.at(t, "b", "mean").Rank; r != 2 {
		t.Errorf("mean: rank %d of a run that is 0.6 worse on one half and 0.15 better on the other", r)
	}
}

func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		won, lost int
		p         float64
	}{{0, 0, 1}, {1, 0, 1}, {5, 0, 0.0625}, {6, 0, 0.03125}, {0, 6, 0.03125}, {8, 2, 0.109375}, {10, 10, 1}, {600, 500, 0.0028}} {
		if got := mcnemar(c.won, c.lost); math.Abs(got-c.p) > 5e-4*max(1, c.p) {
			t.Errorf("%d to %d: %v, want %v", c.won, c.lost, got, c.p)
		}
	}
}

// pairOf is a pair of independent documents' outcomes.
func pairOf(a, b []float64) paired {
	out := paired{weight: 1, a: a, b: b}
	if x, ok := binaryOf(a); ok {
		out.bitsA = &x
	}
	if y, ok := binaryOf(b); ok {
		out.bitsB = &y
	}
	return out
}

// Bits count what the outcomes themselves say.
func TestBits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		outcome := rapid.SampledFrom([]float64{0, 1, math.NaN()})
		n := rapid.IntRange(0, 200).Draw(rt, "n")
		a, b := rapid.SliceOfN(outcome, n, n).Draw(rt, "a"), rapid.SliceOfN(outcome, n, n).Draw(rt, "b")
		var won, lost, shared int
		for i, x := range a {
			switch y := b[i]; {
			case math.IsNaN(x) || math.IsNaN(y):
				continue
			case x > y:
				won++
			case x < y:
				lost++
			}
			shared++
		}
		sign, p := difference([]paired{pairOf(a, b)})
		if shared == 0 {
			if !math.IsNaN(p) {
				rt.Fatal(p)
			}
			return
		}
		if sign != float64(won-lost) || p != mcnemar(won, lost) {
			rt.Fatalf("%v, %v for %d to %d", sign, p, won, lost)
		}
	})
	if _, ok := binaryOf([]float64{0, 0.5}); ok {
		t.Error("a half is no bit")
	}
}

func TestHolm(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 0.2), 0, 8).Draw(rt, "p")
		got := holm(p)
		sorted := slices.Sorted(slices.Values(p))
		for i, v := range p {
			adjusted := 0.0
			for k, w := range sorted {
				if w <= v {
					adjusted = max(adjusted, w*float64(len(p)-k))
				}
			}
			if math.Abs(adjusted-alpha) > 1e-9 && got[i] != (adjusted <= alpha) {
				rt.Fatalf("%v: %v", p, got)
			}
		}
	})
	if got := holm([]float64{0.01, 0.04, math.NaN(), 0.001}); !got[3] || !got[0] || got[1] || got[2] {
		t.Error(got) // 0.001·4, 0.01·3, 0.04·2
	}
}

// Among equal models a rank other than 1 is a false positive: at most 5% of
// boards have one. Losing the pairing would show as far fewer or far more.
func TestFalsePositives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const boards, models, documents = 2000, 4, 80
	wrong := 0
	for range boards {
		outcomes := make([][]float64, models)
		for d := range documents {
			p := []float64{0.05, 0.5, 0.9}[d%3] // hard and easy documents
			for m := range outcomes {
				v := 0.0
				if r.Float64() < p {
					v = 1
				}
				outcomes[m] = append(outcomes[m], v)
			}
		}
		var p []float64
		for m := range outcomes {
			for k := range m {
				_, value := difference([]paired{pairOf(outcomes[m], outcomes[k])})
				p = append(p, value)
			}
		}
		for _, s := range holm(p) {
			if s {
				wrong++
				break
			}
		}
	}
	// Two standard errors of a share of 0.05 in 2000 are 0.01.
	if share := float64(wrong) / boards; share > 0.06 || share < 0.005 {
		t.Errorf("%.3f of boards tell equal models apart", share)
	}
}

// The test of signs keeps its level, too, with clusters and any outcome.
func TestSignsFalsePositives(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const trials = 4000
	wrong := 0
	for range trials {
		var a, b []float64
		var of []int32
		for c := range int32(40) {
			x, y := r.NormFloat64(), r.NormFloat64()
			for range 1 + r.IntN(4) {
				a, b, of = append(a, x+r.NormFloat64()), append(b, y+r.NormFloat64()), append(of, c)
			}
		}
		if _, p := difference([]paired{{weight: 1, a: a, b: b, clusters: clusters{of, 40}}}); p <= 0.05 {
			wrong++
		}
	}
	if share := float64(wrong) / trials; share < 0.03 || share > 0.06 {
		t.Errorf("level %.3f", share)
	}
}
