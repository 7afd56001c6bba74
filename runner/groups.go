package runner

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// meanOfMembers is the metric of a group that averages unlike ones.
const meanOfMembers = "mean"

// groupValues makes the values of groups from those of their tasks.
type groupValues struct {
	groups    []*tasks.Group
	estimates map[string][]estimate // by task
	prepared  map[string]*Prepared
}

// of returns a group's values and which of them is primary.
func (v groupValues) of(g *tasks.Group) (out []estimate, primary int, err error) {
	if g.MeanOfMembers {
		e, ok, err := v.mean(g)
		if err != nil || !ok {
			return nil, 0, err
		}
		return []estimate{e}, 0, nil
	}
	for _, a := range v.aggregates(g) {
		for _, filter := range v.filters(g, a) {
			e, ok, err := v.pool(g, a, filter)
			if err != nil {
				return nil, 0, err
			}
			if ok {
				out = append(out, e)
			}
		}
	}
	primary = slices.IndexFunc(out, func(e estimate) bool { return g.Primary == e.metric+","+e.filter || g.Primary == e.metric })
	return out, max(0, primary), nil
}

// aggregates are a group's, with one that ends in "*" (an extension of ours:
// maj@*) replaced by one for each metric of its tasks that begins so.
func (v groupValues) aggregates(g *tasks.Group) []tasks.Aggregate {
	var out []tasks.Aggregate
	for _, a := range g.Aggregates {
		begin, open := strings.CutSuffix(a.Metric, "*")
		if !open {
			out = append(out, a)
			continue
		}
		var names []string
		for _, task := range g.Tasks {
			for _, e := range v.estimates[task] {
				if strings.HasPrefix(e.metric, begin) && !slices.Contains(names, e.metric) {
					names = append(names, e.metric)
				}
			}
		}
		for _, name := range names {
			a.Metric = name
			out = append(out, a)
		}
	}
	return out
}

// withoutValue says which groups should have a value and have none.
func withoutValue(groups []*tasks.Group, scores []results.Score) []string {
	var out []string
	for _, g := range groups {
		scored := slices.ContainsFunc(scores, func(s results.Score) bool { return s.Kind == results.KindGroup && s.Task == g.Name })
		if g.HasValue() && !scored {
			out = append(out, fmt.Sprintf("group %s has no value: no document of one of its tasks has the metric it is made of: raise --limit, or leave it out", g.Name))
		}
	}
	return out
}

// pool pools one metric and filter over all tasks below the group that have
// it.
func (v groupValues) pool(g *tasks.Group, a tasks.Aggregate, filter string) (pooled estimate, ok bool, err error) {
	pooled = estimate{metric: a.Metric, filter: filter, binary: true}
	var leaves []scoring.Estimate
	for _, name := range g.Tasks {
		for _, e := range v.estimates[name] {
			if e.metric == a.Metric && e.filter == filter {
				leaves = append(leaves, e.Estimate)
				pooled.members = append(pooled.members, results.GroupMember{Task: name, Metric: a.Metric, Filter: filter, Weight: 1})
				pooled.higherIsBetter = e.higherIsBetter
				pooled.binary = pooled.binary && e.binary && a.WeightBySize
			}
		}
	}
	if len(leaves) == 0 {
		return pooled, false, nil
	}
	if pooled.Estimate, err = scoring.Pool(leaves, a.WeightBySize); err != nil {
		return pooled, false, fmt.Errorf("group %s: %w", g.Name, err)
	}
	for i := range pooled.members {
		pooled.members[i].Weight = 1 / float64(len(leaves))
		if a.WeightBySize {
			pooled.members[i].Weight = float64(leaves[i].N) / float64(pooled.N)
		}
	}
	return pooled, true, nil
}

// mean averages the primary values of a group's members, each counting once.
// It is not ok when a member has none.
func (v groupValues) mean(g *tasks.Group) (e estimate, ok bool, err error) {
	e = estimate{metric: meanOfMembers, filter: scoring.NoFilter, higherIsBetter: true}
	var parts []scoring.Estimate
	var members []estimate
	for _, name := range g.Parts {
		part, ok, err := v.primary(name)
		if err != nil || !ok {
			return e, false, err
		}
		parts, members = append(parts, part.Estimate), append(members, part)
		e.members = append(e.members, part.weighted(name, 1/float64(len(g.Parts)))...)
		e.higherIsBetter = e.higherIsBetter && part.higherIsBetter
	}
	if e.Estimate, err = scoring.Pool(parts, false); err != nil {
		return e, false, fmt.Errorf("group %s: %w", g.Name, err)
	}
	e.interval = meanInterval(e.Value, members)
	return e, true, nil
}

// weighted are the tasks that a value is made of, times a weight: those of a
// group, or the task of that name itself.
func (e estimate) weighted(name string, weight float64) []results.GroupMember {
	if len(e.members) == 0 {
		return []results.GroupMember{{Task: name, Metric: e.metric, Filter: e.filter, Weight: weight}}
	}
	out := slices.Clone(e.members)
	for i := range out {
		out[i].Weight *= weight
	}
	return out
}

// meanInterval is the 95% interval of the plain mean of independent values
// from their own intervals: each bound lies the root of the sum of the squared
// distances of theirs, over their number, away (G. Y. Zou and A. Donner,
// Construction of confidence limits about effect measures, 2008). Unlike the
// standard error it does not vanish when every answer is wrong.
func meanInterval(mean float64, members []estimate) *interval {
	var below, above float64
	for _, m := range members {
		i, ok := m.bounds()
		if !ok {
			return nil
		}
		below += (m.Value - i.low) * (m.Value - i.low)
		above += (i.high - m.Value) * (i.high - m.Value)
	}
	k := float64(len(members))
	return &interval{mean - math.Sqrt(below)/k, mean + math.Sqrt(above)/k}
}

// primary is the primary value of a task or group; a metric that no document
// had gives none.
func (v groupValues) primary(name string) (e estimate, ok bool, err error) {
	if p := v.prepared[name]; p != nil {
		i := slices.IndexFunc(v.estimates[name], func(e estimate) bool { return e.metric+","+e.filter == p.Task.Primary })
		if i < 0 {
			return e, false, nil
		}
		return v.estimates[name][i], true, nil
	}
	i := slices.IndexFunc(v.groups, func(g *tasks.Group) bool { return g.Name == name })
	if i < 0 {
		return e, false, fmt.Errorf("%s is neither a task nor a group of the run", name)
	}
	values, primary, err := v.of(v.groups[i])
	if err != nil || len(values) == 0 {
		return e, false, err
	}
	return values[primary], true, nil
}

// filters lists the filters a group aggregates: those it names, else every
// one its tasks have, in order of appearance.
func (v groupValues) filters(g *tasks.Group, a tasks.Aggregate) []string {
	if a.Filters != nil {
		return a.Filters
	}
	var out []string
	for _, name := range g.Tasks {
		for _, e := range v.estimates[name] {
			if e.metric == a.Metric && !slices.Contains(out, e.filter) {
				out = append(out, e.filter)
			}
		}
	}
	return out
}
