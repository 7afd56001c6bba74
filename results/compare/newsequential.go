package compare

import (
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/anytime"
)

// NewSequential prepares to judge gates on the documents of units, which come
// in this order. base is nil if all gates are about values; outline has the
// run's configuration, scores without values and rules of groups; aggregation
// says how a task's metric is made of its documents. An error is a wrong use,
// or an IncomparableError.
func NewSequential(gates []Gate, base, outline *Run, units []results.Unit, aggregation func(task, metric string) string) (*Sequential, error) {
	if base != nil { // metrics that show only once there are answers
		for _, b := range base.Scores {
			_, known := outline.find(b.Kind, b.Task, b.Metric, b.Filter)
			if i := slices.IndexFunc(outline.Scores, func(s results.Score) bool { return s.Kind == b.Kind && s.Task == b.Task }); !known && i >= 0 && b.Kind == results.KindTask {
				s := outline.Scores[i]
				s.Metric, s.Filter, s.Primary, s.HigherIsBetter = b.Metric, b.Filter, false, b.HigherIsBetter
				outline.Scores = append(outline.Scores, s)
			}
		}
	}
	s := &Sequential{}
	for _, g := range gates {
		t, err := newTrack(g, base, outline, aggregation)
		if err != nil {
			return nil, err
		}
		if err := t.start(units, len(gates)); err != nil {
			return nil, err
		}
		s.tracks = append(s.tracks, t)
	}
	for _, u := range units {
		if !s.Open(u.Task) {
			return nil, fmt.Errorf("--sequential stops a task when its gates are decided, and %s has none: add a gate on it, or leave it out", u.Task)
		}
	}
	return s, nil
}

// newTrack finds out which tasks a gate is about and whether they allow it.
func newTrack(g Gate, base, outline *Run, aggregation func(task, metric string) string) (*track, error) {
	t := &track{gate: g, run: outline, parts: map[string]*part{}}
	lowest := 0.0
	if !g.Score {
		t.base, lowest = base, -1
	}
	if g.Limit <= lowest || g.Limit >= 1 {
		return nil, fmt.Errorf("gate %q decides nothing: what it is about lies between %g and 1", g.Expression, lowest)
	}
	s, err := g.choose(outline.Scores)
	if err != nil {
		return nil, err
	}
	members := []results.GroupMember{{Task: s.Task, Metric: s.Metric, Filter: s.Filter, Weight: 1}}
	if s.Kind == results.KindGroup {
		rule, ok := outline.rule(s)
		if !ok {
			return nil, fmt.Errorf("gate %q: it is not known what the value of the group %s is made of: put gates on its tasks", g.Expression, s.Task)
		}
		members = rule.Members
		if t.base != nil {
			if err := t.sameRule(s, rule); err != nil {
				return nil, err
			}
		}
	}
	for _, m := range members {
		if how := aggregation(m.Task, m.Metric); how != "mean" {
			return nil, fmt.Errorf("gate %q: --sequential needs a mean of numbers between 0 and 1, and %s of %s is not one (%s)", g.Expression, m.Metric, m.Task, how)
		}
		own, ok := outline.find(results.KindTask, m.Task, m.Metric, m.Filter)
		if !ok {
			return nil, fmt.Errorf("gate %q: %s has no metric %s", g.Expression, m.Task, results.MetricKey(m.Metric, m.Filter))
		}
		t.parts[m.Task] = &part{score: own, weight: m.Weight}
		if t.base != nil {
			if err := t.comparable(own); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (t *track) incomparable(reason string) error {
	return &IncomparableError{fmt.Sprintf("gate %q not passed: not comparable with %s: %s; run both with the same settings", t.gate.Expression, t.base.Name, reason)}
}

// sameRule reports a group that the base has not, or of another make.
func (t *track) sameRule(s results.Score, rule results.GroupRule) error {
	theirs, ok := t.base.rule(s)
	if !ok {
		return t.incomparable("it has no such value")
	}
	if reason := otherRule(theirs, rule); reason != "" {
		return t.incomparable(reason)
	}
	return nil
}

// comparable reports why a task's metric cannot be held against the base's.
func (t *track) comparable(own results.Score) error {
	a, ok := t.base.find(results.KindTask, own.Task, own.Metric, own.Filter)
	if !ok {
		return t.incomparable("it has no " + own.Task + " " + results.MetricKey(own.Metric, own.Filter))
	}
	if a.StoppedEarly {
		return fmt.Errorf("gate %q: %s stopped early itself: which documents it has depends on its answers: make a base without --sequential", t.gate.Expression, t.base.Name)
	}
	if reason := differs(t.base, t.run, a, own); reason != "" {
		return t.incomparable(reason)
	}
	key := results.MetricKey(own.Metric, own.Filter)
	for _, o := range t.base.tasks[own.Task] {
		if v, has := o.Metrics[key]; has && !inShare(v) {
			return fmt.Errorf("gate %q: --sequential needs numbers between 0 and 1, and %s of %s is %g for document %d of %s", t.gate.Expression, key, own.Task, v, o.DocID, t.base.Name)
		}
	}
	return nil
}

// start counts the gate's documents and lays the bets open. A gate passes at
// its full level: a run passes only if all its gates do, and then each of
// them that is wrong is a claim of that level (R. L. Berger, Multiparameter
// hypothesis testing and acceptance sampling, Technometrics 24, 1982). That
// one is missed needs no other gate, so there the level is split.
func (t *track) start(units []results.Unit, gates int) error {
	documents := map[string]int{}
	for _, u := range units {
		documents[u.Task] += len(u.Docs)
	}
	for task, p := range t.parts {
		p.weight /= float64(max(1, documents[task]))
	}
	population := anytime.Population{}
	for _, u := range units {
		p := t.parts[u.Task]
		if p == nil {
			continue
		}
		t.stop.Planned += len(u.Docs)
		weight := 0.0
		for _, id := range u.Docs {
			if t.base == nil || t.base.has(u.Task, id) {
				weight += p.weight
			}
		}
		population.Heaviest = max(population.Heaviest, weight)
		if t.base == nil {
			population.Units++
		}
	}
	if population.Heaviest == 0 {
		return t.incomparable("no document is in both")
	}
	limit := t.gate.Limit
	t.passTail = scoreTail
	if t.base != nil {
		limit, t.passTail = (1+limit)/2, peekTail
	}
	t.missTail = t.passTail / float64(gates)
	t.stop.Decision = results.Undecided
	t.sequence = anytime.NewSequence(population)
	t.above = anytime.NewGambler(population, anytime.Above, limit)
	t.below = anytime.NewGambler(population, anytime.Below, limit)
	return nil
}

func (r *Run) has(task string, doc int) bool {
	_, ok := r.tasks[task][int32(doc)]
	return ok
}
