package leaderboard

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
)

func TestRanks(t *testing.T) {
	nan := math.NaN()
	pct, low, high, higher := 80.0, 0.3, 0.9, 0.93
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
		// A value that is no mean of its documents is compared by its error alone.
		{"made otherwise", []fake{
			{tasks: []fakeTask{{name: "t", outcomes: right(50, 100), value: &low}}}, {tasks: []fakeTask{{name: "t", outcomes: right(50, 100), value: &high}}},
		}, "t", []int{2, 1}, 1},
		{"made otherwise, near", []fake{
			{tasks: []fakeTask{{name: "t", outcomes: right(50, 100), value: &high}}}, {tasks: []fakeTask{{name: "t", outcomes: right(50, 100), value: &higher}}},
		}, "t", []int{1, 1}, -1},
		{"made otherwise, equal", []fake{
			{tasks: []fakeTask{{name: "t", outcomes: right(50, 100), value: &low}}}, {tasks: []fakeTask{{name: "t", outcomes: right(50, 100), value: &low}}},
		}, "t", []int{1, 1}, -1},
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

// Each pair has one number.
func TestPairAt(t *testing.T) {
	i := 0
	for x := range 60 {
		for y := range x {
			if gotX, gotY := pairAt(i); gotX != x || gotY != y {
				t.Fatalf("pair %d: %d, %d, want %d, %d", i, gotX, gotY, x, y)
			}
			i++
		}
	}
	const many = 49_995_000 // of ten thousand
	if x, y := pairAt(many - 1); x != 9999 || y != 9998 {
		t.Error(x, y)
	}
}

// Among equal models a rank other than 1 is a false positive: at most 5% of
// boards have one, whatever the scores. Losing the pairing would show as far
// fewer or far more, and so would a missing correction.
func TestFalsePositives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := make([]string, 80)
	for d := range names {
		names[d] = fmt.Sprint("passage ", d/2)
	}
	right := func(p float64) float64 {
		if r.Float64() < p {
			return 1
		}
		return 0
	}
	easy := []float64{0.05, 0.5, 0.9} // hard and easy documents
	for name, tt := range map[string]struct {
		clusters compare.Clusters
		draw     func(d int, passage float64) float64
		least    float64
	}{
		"0/1":         {compare.Clusters{}, func(d int, _ float64) float64 { return right(easy[d%3]) }, 0.005},
		"graded":      {compare.Clusters{}, func(d int, _ float64) float64 { return easy[d%3] + 0.1*r.NormFloat64() }, 0.02},
		"in passages": {compare.NewClusters(names), func(d int, p float64) float64 { return easy[d%3] + p + 0.1*r.NormFloat64() }, 0.02},
	} {
		const boards, models = 1000, 4
		wrong := 0
		for range boards {
			a := answers{clusters: map[string]compare.Clusters{"t": tt.clusters}}
			s := Section{Columns: []Column{{Task: "t", Kind: results.KindTask, Metric: "acc", Filter: results.NoFilter, HigherIsBetter: true}}}
			for range models {
				var outcomes []float64
				passage := 0.0
				for d := range names {
					if d%2 == 0 {
						passage = r.NormFloat64()
					}
					outcomes = append(outcomes, tt.draw(d, passage))
				}
				o := compare.NewOutcomes(outcomes)
				sum, n := o.Sum()
				a.runs = append(a.runs, map[leaf]compare.Outcomes{{"t", "acc"}: o})
				s.Rows = append(s.Rows, Row{Cells: []*Cell{{Value: sum / float64(n)}}})
			}
			s.rank(0, &a)
			if slices.ContainsFunc(s.Rows, func(r Row) bool { return r.Cells[0].Rank > 1 }) {
				wrong++
			}
		}
		// Two standard errors of a share of 0.05 in 1000 are 0.014.
		share := float64(wrong) / boards
		t.Logf("%s: %.3f", name, share)
		if share > 0.064 || share < tt.least {
			t.Errorf("%s: %.3f of boards tell equal models apart", name, share)
		}
	}
}
