package compare

import (
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/anytime"
)

// Chances of a wrong claim on one side of a gate, 2.5% in all as for a gate
// without early stopping. A difference is judged up to twice: while documents
// come in, and by the ordinary interval once all are there. A value is that of
// all documents, so that nothing is left to judge once they are there.
const (
	peekTail  = 0.005 // of a difference, at all times together
	finalTail = 0.02  // and at the end
	scoreTail = 0.025 // of a value, at all times together
)

// A Sequential judges gates while the documents of a run come in, and knows
// which tasks need more of them.
type Sequential struct{ tracks []*track }

// A track is one gate on its way to a decision.
type track struct {
	gate  Gate
	base  *Run             // nil for a gate on a value
	run   *Run             // in outline
	parts map[string]*part // by task

	sequence           *anytime.Sequence
	above, below       *anytime.Gambler
	passTail, missTail float64
	stop               results.GateStop
}

// A part is a task that a gate's value is made of.
type part struct {
	score  results.Score // in outline
	weight float64       // of a document
}

// An IncomparableError says why a run cannot be held against its base.
type IncomparableError struct{ text string }

func (e *IncomparableError) Error() string { return e.text }

// Observe takes the documents of the next unit of the random order.
func (s *Sequential) Observe(u results.Unit, docs []results.Outcome) error {
	for _, t := range s.tracks {
		p := t.parts[u.Task]
		if p == nil {
			continue
		}
		sum, weight := 0.0, 0.0
		for _, o := range docs {
			x, used, err := t.number(p, o)
			if err != nil {
				return err
			}
			if used {
				sum, weight = sum+p.weight*x, weight+p.weight
			}
		}
		t.add(sum, weight, len(docs))
	}
	return nil
}

// number is a document's, between 0 and 1: its value, or (1 + d)/2 for its
// difference d from the base. One without the metric, or that the base has
// not, is not used.
func (t *track) number(p *part, o results.Outcome) (x float64, used bool, err error) {
	fail := func(format string, args ...any) (float64, bool, error) {
		return 0, false, fmt.Errorf("gate %q: task %s, document %d: %s", t.gate.Expression, o.Task, o.DocID, fmt.Sprintf(format, args...))
	}
	key := results.MetricKey(p.score.Metric, p.score.Filter)
	v, has := o.Metrics[key]
	if has && !inShare(v) {
		return fail("%s is %g: --sequential needs numbers between 0 and 1", key, v)
	}
	if t.base == nil {
		return v, has, nil
	}
	a, there := t.base.tasks[o.Task][o.DocID]
	if !there {
		return 0, false, nil
	}
	b, inBase := a.Metrics[key]
	reason := ""
	switch {
	case a.DocHash != o.DocHash:
		reason = "it is not the same document"
	case has != inBase:
		reason = key + " is there in one run only"
	case a.PromptHash != o.PromptHash:
		reason = otherPrompts(t.base, t.run, 1, 1)
	}
	if reason != "" {
		return 0, false, &IncomparableError{fmt.Sprintf("gate %q: not comparable with %s: task %s, document %d: %s", t.gate.Expression, t.base.Name, o.Task, o.DocID, reason)}
	}
	return (1 + v - b) / 2, has, nil
}

// add bets on a unit, and decides.
func (t *track) add(sum, weight float64, items int) {
	t.stop.Used += items
	t.sequence.Add(sum, weight)
	if t.stop.Decision != results.Undecided {
		return
	}
	t.above.Add(sum, weight)
	t.below.Add(sum, weight)
	pass, miss := t.above, t.below
	if t.gate.Compare[0] == '<' {
		pass, miss = miss, pass
	}
	switch {
	case t.base == nil && t.stop.Used == t.stop.Planned: // the value is known
		return
	case pass.Refutes(t.passTail):
		t.stop.Decision = results.Passed
	case miss.Refutes(t.missTail):
		t.stop.Decision = results.Missed
	default:
		return
	}
	t.stop.After = t.stop.Used
}

// Open reports whether a task's documents are still needed.
func (s *Sequential) Open(task string) bool {
	for _, t := range s.tracks {
		if t.parts[task] != nil && t.stop.Decision == results.Undecided {
			return true
		}
	}
	return false
}

// Gates says how things stand. A gate that is undecided after its last
// document is left to the ordinary judgement.
func (s *Sequential) Gates() []results.GateStop {
	var out []results.GateStop
	for _, t := range s.tracks {
		stop := t.state()
		low, high := t.sequence.Interval(t.passTail)
		stop.Low, stop.High = t.shown(low), t.shown(high)
		out = append(out, stop)
	}
	return out
}

// state is how a gate stands, without bounds.
func (t *track) state() results.GateStop {
	stop := t.stop
	stop.Early = stop.Decision != results.Undecided && stop.After < stop.Planned
	stop.Saved = stop.Planned - stop.Used
	stop.Level = 1 - 2*t.passTail
	stop.Value = t.shown(t.sequence.Mean())
	return stop
}

// shown turns a mean of numbers back into what the gate is about.
func (t *track) shown(x float64) *float64 {
	if t.base != nil {
		x = 2*x - 1
	}
	return number(x)
}

// JudgeSequential judges the gates of a run with early stopping, which are
// those of its configuration.
func (r *Report) JudgeSequential(gates []Gate) error {
	run := r.Runs[0]
	stopping := run.Info.Stopping
	if stopping == nil || len(stopping.Gates) != len(gates) {
		return fmt.Errorf("%s: %s does not say what became of its %d gates: it was not written by this program", run.Name, results.RunFile, len(gates))
	}
	for i, g := range gates {
		stop := stopping.Gates[i]
		j := Judgement{Expression: g.Expression, Run: run.Name, GateStop: &stop}
		switch {
		case stop.Decision != results.Undecided:
			j.Reason = g.sequenceFacts(stop)
		case g.Score:
			var passed bool
			passed, j.Reason = g.score(run)
			stop.Decision = decision(passed, !passed)
		default:
			stop.Decision, j.Reason = g.final(r, run, finalTail, finalTail/float64(len(gates)))
		}
		j.Passed = stop.Decision == results.Passed
		r.Gates = append(r.Gates, j)
	}
	return nil
}

func decision(passed, missed bool) string {
	switch {
	case passed:
		return results.Passed
	case missed:
		return results.Missed
	}
	return results.Undecided
}

// sequenceFacts says what an early decision rests on.
func (g Gate) sequenceFacts(s results.GateStop) string {
	what, show := "the difference is", signed
	if g.Score {
		what, show = g.Task+" is", decimals
	}
	missed := ""
	if s.Decision == results.Missed {
		missed = "missed: "
	}
	text := fmt.Sprintf("%s%s %s after %d of %d documents, %.4g%% confidence sequence %s to %s", missed, what, show(*s.Value), s.Used, s.Planned, 100*s.Level, show(*s.Low), show(*s.High))
	if s.Saved > 0 {
		text += fmt.Sprintf("; %d saved", s.Saved)
	}
	return text
}

// final judges a difference of all documents by the ordinary interval, with
// the chances of error that early looks have left.
func (g Gate) final(r *Report, run *Run, passTail, missTail float64) (string, string) {
	p, reason := g.pairOf(r, run)
	if reason != "" {
		return results.Undecided, reason
	}
	low, high := p.spread.bounds(passTail)
	near, far := low, high
	missLow, missHigh := p.spread.bounds(missTail)
	if far = missHigh; g.Compare[0] == '<' {
		near, far = high, missLow
	}
	if math.IsNaN(low) {
		return results.Undecided, "underpowered: too few independent items for an interval"
	}
	facts := fmt.Sprintf("the difference is %s, %.4g%% interval %s to %s, n %d, all documents", signed(*p.Difference), 100*(1-2*passTail), signed(low), signed(high), p.N)
	switch d := decision(g.holds(near), !g.holds(far)); d {
	case results.Missed:
		return d, "missed: " + facts
	case results.Undecided:
		return d, "underpowered: " + facts + g.needed(p)
	default:
		return d, facts
	}
}
