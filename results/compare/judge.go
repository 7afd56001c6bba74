package compare

import (
	"fmt"
	"math"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// A Judgement is what became of one gate for one run.
type Judgement struct {
	Expression string `json:"expression"`
	Run        string `json:"run"` // the folder
	Passed     bool   `json:"passed"`
	Reason     string `json:"reason"`

	*results.GateStop // of a run with early stopping; nil without
}

// Judge judges every gate for every run.
func (r *Report) Judge(gates []Gate) {
	for _, run := range r.Runs {
		for _, g := range gates {
			j := Judgement{Expression: g.Expression, Run: run.Name}
			if g.Score {
				j.Passed, j.Reason = g.score(run)
			} else {
				j.Passed, j.Reason = g.difference(r, run)
			}
			r.Gates = append(r.Gates, j)
		}
	}
}

// score judges a run's own value.
func (g Gate) score(run *Run) (passed bool, reason string) {
	s, err := g.choose(run.Scores)
	if err != nil {
		return false, fmt.Sprintf("%s is not in %s", g.Task, run.Name)
	}
	if s.StoppedEarly {
		return false, stoppedEarly(run, s)
	}
	passed = g.holds(s.Value)
	return passed, fmt.Sprintf("%s %s is %s", g.Task, s.Metric, decimals(s.Value))
}

// difference judges the difference from the base: the bound of its 95%
// interval that lies nearer to the limit must hold. An interval on both sides
// of the limit decides nothing, and does not pass.
func (g Gate) difference(r *Report, run *Run) (passed bool, reason string) {
	p, reason := g.pairOf(r, run)
	if reason != "" {
		return false, reason
	}
	near, far := *p.CILow, *p.CIHigh
	if g.Compare[0] == '<' {
		near, far = far, near
	}
	facts := fmt.Sprintf("the difference is %s, 95%% interval %s to %s, n %d", signed(*p.Difference), signed(*p.CILow), signed(*p.CIHigh), p.N)
	switch {
	case g.holds(near):
		return true, facts
	case !g.holds(far):
		return false, "missed: " + facts
	}
	return false, "underpowered: " + facts + g.needed(p)
}

// pairOf finds the pair that a gate is about; the reason says why there is
// none that could be judged.
func (g Gate) pairOf(r *Report, run *Run) (p *Pair, reason string) {
	if r.Base == nil {
		return nil, "there is no run to compare with"
	}
	s, err := g.choose(run.Scores)
	if err != nil {
		return nil, fmt.Sprintf("%s is not in %s", g.Task, run.Name)
	}
	if s.StoppedEarly {
		return nil, stoppedEarly(run, s)
	}
	if a, ok := r.Base.find(s.Kind, s.Task, s.Metric, s.Filter); ok && a.StoppedEarly {
		return nil, stoppedEarly(r.Base, a)
	}
	p = r.find(run, s.Kind, s.Task, s.Metric, s.Filter)
	switch {
	case p == nil || p.Verdict == NotComparable:
		return nil, "not comparable" + because(p) + "; run both with the same settings"
	case p.CILow == nil:
		return nil, "underpowered: too few independent items for an interval"
	}
	return p, ""
}

// stoppedEarly says why a score decides no gate but those it was stopped for.
func stoppedEarly(r *Run, s results.Score) string {
	return fmt.Sprintf("not judged: %s stopped early, at %d of %d documents of %s, and intervals do not allow for that", r.Name, s.N, s.Planned, s.Task)
}

// needed says how many items would decide, if the difference stayed what it
// is: the interval's half width falls with the root of their number.
func (g Gate) needed(p *Pair) string {
	half, room := (*p.CIHigh-*p.CILow)/2, math.Abs(*p.Difference-g.Limit)
	n := math.Ceil(float64(p.N) * half / room * half / room)
	if !(room > 0) || n > 1e7 {
		return ""
	}
	return fmt.Sprintf("; about %.0f items would decide", n)
}

// holds compares a number with the limit. A difference of a rounding error
// below it counts as equal.
func (g Gate) holds(v float64) bool {
	const slack = 1e-12
	switch g.Compare {
	case ">=":
		return v >= g.Limit-slack
	case ">":
		return v > g.Limit+slack
	case "<=":
		return v <= g.Limit+slack
	}
	return v < g.Limit-slack
}

// find returns the pair of a score, nil without one.
func (r *Report) find(run *Run, kind, task, metric, filter string) *Pair {
	pairs := r.of(run)
	for i := range pairs {
		p := &pairs[i]
		if p.Kind == kind && p.Task == task && p.Metric == metric && p.Filter == filter {
			return p
		}
	}
	return nil
}

// Failed says in one line which gates were not passed and why, "" if all were.
func (r *Report) Failed() string {
	var out []string
	for _, j := range r.Gates {
		if j.Passed {
			continue
		}
		text := "gate " + j.Expression + " not passed: " + j.Reason
		if len(r.Runs) > 1 {
			text = j.Run + ": " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}
