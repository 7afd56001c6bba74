package runner

import (
	"math"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// Two tasks of unlike metrics, and a group of two sizes that counts once.
func testGroupValues() groupValues {
	value := func(metric, filter string, value, stderr float64, n int) estimate {
		return estimate{metric: metric, filter: filter, higherIsBetter: true, binary: true, Estimate: scoring.Estimate{Value: value, StdErr: stderr, N: n}}
	}
	v := groupValues{
		estimates: map[string][]estimate{
			"code":    {value("pass", "run", 0.2, 0.03, 10)},
			"text":    {value("exact", "none", 0.9, 0.01, 5), value("f1", "none", 0.4, 0.04, 5)},
			"small":   {value("exact", "none", 0.1, 0.3, 10), value("exact", "strict", 0, 0, 10)},
			"large":   {value("exact", "none", 0.4, 0.1, 90)},
			"nothing": nil,
		},
		prepared: map[string]*Prepared{},
		groups: []*tasks.Group{
			{Name: "all", MeanOfMembers: true, Parts: []string{"code", "text", "inner"}, Tasks: []string{"code", "text", "small", "large"}},
			{Name: "inner", Primary: "exact", Tasks: []string{"small", "large"},
				Aggregates: []tasks.Aggregate{{Metric: "exact", WeightBySize: true}, {Metric: "other"}}},
			{Name: "holed", MeanOfMembers: true, Parts: []string{"code", "nothing"}},
			{Name: "strict", Primary: "exact,strict", Tasks: []string{"small"}, Aggregates: []tasks.Aggregate{{Metric: "exact"}}},
			{Name: "chosen", Tasks: []string{"small"}, Aggregates: []tasks.Aggregate{{Metric: "exact", Filters: []string{"strict"}}}},
		},
	}
	for name, primary := range map[string]string{"code": "pass,run", "text": "f1,none", "small": "exact,none", "large": "exact,none", "nothing": "acc,none"} {
		v.prepared[name] = &Prepared{Task: &tasks.Task{Name: name, Primary: primary}}
	}
	return v
}

func TestGroupValues(t *testing.T) {
	v := testGroupValues()
	es, primary, err := v.of(v.groups[1])
	if err != nil || len(es) != 2 || primary != 0 || es[0].filter != "none" || math.Abs(es[0].Value-0.37) > 1e-12 || es[0].N != 100 {
		t.Fatalf("inner: %+v, primary %d, %v", es, primary, err)
	}
	inner := es[0].StdErr
	es, primary, err = v.of(v.groups[0])
	if err != nil || len(es) != 1 || primary != 0 {
		t.Fatalf("all: %+v, primary %d, %v", es, primary, err)
	}
	e := es[0]
	stderr := math.Sqrt(0.03*0.03+0.04*0.04+inner*inner) / 3
	if e.metric != "mean" || e.filter != "none" || math.Abs(e.Value-(0.2+0.4+0.37)/3) > 1e-12 || math.Abs(e.StdErr-stderr) > 1e-12 || e.N != 115 || e.binary || !e.higherIsBetter {
		t.Errorf("all: %+v, want a standard error of %v", e, stderr)
	}
	if es, _, err = v.of(v.groups[2]); err != nil || len(es) != 0 {
		t.Errorf("a mean with a member that has no value: %+v, %v", es, err)
	}
	if es, primary, err = v.of(v.groups[3]); err != nil || len(es) != 2 || es[primary].filter != "strict" {
		t.Errorf("strict: %+v, primary %d, %v", es, primary, err)
	}
	if es, _, err = v.of(v.groups[4]); err != nil || len(es) != 1 || es[0].filter != "strict" {
		t.Errorf("chosen: %+v, %v", es, err)
	}
	v.groups[0].Parts = append(v.groups[0].Parts, "nowhere")
	if _, _, err = v.of(v.groups[0]); err == nil {
		t.Error("a member that is not there is no error")
	}
}

// A group's members and their weights say what its value is made of.
func TestGroupMembers(t *testing.T) {
	v := testGroupValues()
	for _, g := range v.groups[:2] {
		es, _, err := v.of(g)
		if err != nil || len(es) == 0 {
			t.Fatal(es, err)
		}
		sum, weights := 0.0, 0.0
		for _, m := range es[0].members {
			for _, e := range v.estimates[m.Task] {
				if e.metric == m.Metric && e.filter == m.Filter {
					sum, weights = sum+m.Weight*e.Value, weights+m.Weight
				}
			}
		}
		if math.Abs(sum-es[0].Value) > 1e-12 || math.Abs(weights-1) > 1e-12 {
			t.Errorf("%s: members give %v with weights of %v, the value is %v", g.Name, sum, weights, es[0].Value)
		}
	}
}

// A metric that ends in a star stands for all that begin so.
func TestGroupPattern(t *testing.T) {
	v := testGroupValues()
	for _, name := range []string{"small", "large"} {
		for _, metric := range []string{"maj@8", "maj@20"} {
			v.estimates[name] = append(v.estimates[name], estimate{metric: metric, filter: "none", Estimate: scoring.Estimate{Value: 0.5, StdErr: 0.1, N: 10}})
		}
	}
	g := &tasks.Group{Name: "votes", Tasks: []string{"small", "large"}, Aggregates: []tasks.Aggregate{{Metric: "maj@*", WeightBySize: true}, {Metric: "exact", Filters: []string{"none"}}}}
	es, _, err := v.of(g)
	if err != nil || len(es) != 3 || es[0].metric != "maj@8" || es[1].metric != "maj@20" || es[1].N != 20 || es[2].metric != "exact" {
		t.Errorf("%+v, %v", es, err)
	}
}

func TestGroupsWithoutValue(t *testing.T) {
	groups := append(testGroupValues().groups, &tasks.Group{Name: "collects"})
	var scores []results.Score
	for _, name := range []string{"all", "inner", "strict"} {
		scores = append(scores, results.Score{Task: name, Kind: results.KindGroup})
	}
	scores = append(scores, results.Score{Task: "chosen", Kind: results.KindTask})
	got := withoutValue(groups, scores)
	if len(got) != 2 || !strings.HasPrefix(got[0], "group holed has no value") || !strings.HasPrefix(got[1], "group chosen ") {
		t.Errorf("%q", got)
	}
}
