package compare

import (
	"math"
	"strconv"

	"github.com/llamaeval/llamaeval/results"
)

// estimate fills in everything that follows from a task's paired items.
func (p *Pair) estimate(items []item, form shape) {
	var sumA, sumB, weights float64
	binary := form.mean
	p.share = form.mean
	for _, it := range items {
		sumA, sumB, weights = sumA+it.a, sumB+it.b, weights+it.weight
		binary = binary && zeroOne(it.a) && zeroOne(it.b)
		p.share = p.share && inShare(it.a) && inShare(it.b)
	}
	p.N = len(items)
	ratioA, ratioB := sumA/weights, sumB/weights
	a, b := form.value(ratioA), form.value(ratioB)
	p.A, p.B, p.Difference = number(a), number(b), number(b-a)
	// An item's influence on the value: what the delta method adds up. For a
	// mean it is the item's own deviation.
	n, meanWeight := float64(len(items)), weights/float64(len(items))
	influence := func(x, w, ratio float64) float64 { return form.slope(ratio) * (x - ratio*w) / meanWeight }
	clusters := clustersOf(items)
	influences, effects := newUnits(clusters), newUnits(clusters)
	for i, it := range items {
		d := it.b - it.a
		if !form.mean {
			d = b - a + influence(it.b, it.weight, ratioB) - influence(it.a, it.weight, ratioA)
		}
		influences.add(i, d)
		effects.add(i, (it.b-it.a)/n)
		p.count(it.b-it.a, form.slope(ratioA) < 0)
	}
	independent := influences.all()
	p.spread = spreadOf(independent, binary)
	// Equal differences, all zero, say nothing about their variance; of shares
	// the 0/1 case is the widest.
	if p.spread.variance == 0 && p.share {
		p.spread.binary = true
	}
	for _, u := range effects.all() {
		p.effects = append(p.effects, u.sum)
	}
	p.infer()
	if g := len(independent); g < p.N {
		p.note(strconv.Itoa(g) + " clusters of dependent items")
	}
}

// infer tests and bounds the difference.
func (p *Pair) infer() {
	p.P = number(NewTest(p.effects).P())
	low, high, detectable := p.spread.interval()
	p.CILow, p.CIHigh, p.Detectable = number(low), number(high), number(detectable)
}

// count counts an item as won or lost. falling: a larger number makes a
// smaller value.
func (p *Pair) count(d float64, falling bool) {
	if d != 0 && (d > 0) != falling == p.Higher {
		p.Won++
	} else if d != 0 {
		p.Lost++
	}
}

// identical is a pair of one model in one configuration: its answers are a
// function of both, so that the difference is known to be zero.
func (p *Pair) identical() {
	zero, one := 0.0, 1.0
	p.CILow, p.CIHigh, p.Detectable, p.P = &zero, &zero, &zero, &one
	p.spread.variance, p.spread.binary = 0, false
	p.note("one model in one configuration")
}

func clustersOf(items []item) Clusters {
	names := make([]string, len(items))
	for i, it := range items {
		names[i] = it.cluster
	}
	return NewClusters(names)
}

func zeroOne(v float64) bool { return v == 0 || v == 1 }

func inShare(v float64) bool { return v >= 0 && v <= 1 }

// group compares a group's value, which is the weighted sum of its members',
// from the members' pairs among done. Members are independent.
func (p *Pair) group(base, run *Run, a, b results.Score, done []Pair) {
	ruleA, ok := base.rule(a)
	ruleB, both := run.rule(b)
	if !ok || !both {
		p.refuse("run.json does not say what the group's value is made of")
		return
	}
	if reason := otherRule(ruleA, ruleB); reason != "" {
		p.refuse(reason)
		return
	}
	var spreads []spread
	var weights []float64
	sumA, sumB := 0.0, 0.0
	p.share = true
	allSame := true
	var notes []string
	for _, m := range ruleA.Members {
		q := member(done, m)
		if q == nil || q.Verdict == NotComparable {
			p.spread, p.effects, p.N, p.Won, p.Lost = spread{}, nil, 0, 0, 0
			p.refuse("its task " + m.Task + " is not comparable" + because(q))
			return
		}
		spreads, weights = append(spreads, q.spread), append(weights, m.Weight)
		sumA, sumB = sumA+m.Weight**q.A, sumB+m.Weight**q.B
		p.N, p.Won, p.Lost = p.N+q.N, p.Won+q.Won, p.Lost+q.Lost
		p.share = p.share && q.share
		allSame = allSame && q.spread.variance == 0 && !q.spread.binary
		notes = append(notes, q.Reason)
		for _, e := range q.effects {
			p.effects = append(p.effects, m.Weight*e)
		}
	}
	p.A, p.B, p.Difference = number(sumA), number(sumB), number(sumB-sumA)
	if allSame && *p.Difference == 0 {
		p.identical()
		return
	}
	p.spread = combine(spreads, weights)
	p.infer()
	for _, text := range common(notes) {
		p.note(text)
	}
}

// member finds the pair that a group's value is made of.
func member(done []Pair, m results.GroupMember) *Pair {
	for i := range done {
		q := &done[i]
		if q.Kind == results.KindTask && q.Task == m.Task && q.Metric == m.Metric && q.Filter == m.Filter {
			return q
		}
	}
	return nil
}

func because(q *Pair) string {
	if q == nil || q.Reason == "" {
		return ""
	}
	return ": " + q.Reason
}

// common are the remarks that all members share.
func common(notes []string) []string {
	for _, n := range notes {
		if n != notes[0] || n == "" {
			return nil
		}
	}
	return notes[:1]
}

// otherRule says how two rules differ, "" if they do not.
func otherRule(a, b results.GroupRule) string {
	if len(a.Members) != len(b.Members) {
		return "the group has other members"
	}
	for i, m := range a.Members {
		n := b.Members[i]
		if m.Task != n.Task || m.Metric != n.Metric || m.Filter != n.Filter {
			return "the group has other members"
		}
		if math.Abs(m.Weight-n.Weight) > 1e-12 {
			return "the group's members have other weights, as other numbers of documents were evaluated"
		}
	}
	return ""
}
