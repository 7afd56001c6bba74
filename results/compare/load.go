package compare

import (
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/results"
)

// A Run is what a results folder holds, as far as comparing needs it.
type Run struct {
	Name   string // the folder as the user named it
	Info   results.Run
	Scores []results.Score
	tasks  map[string]map[int32]results.Outcome
}

// NewRun makes a Run of rows in memory.
func NewRun(name string, info results.Run, scores []results.Score, outcomes []results.Outcome) *Run {
	r := &Run{Name: name, Info: info, Scores: scores, tasks: map[string]map[int32]results.Outcome{}}
	for _, o := range outcomes {
		r.add(o)
	}
	return r
}

func (r *Run) add(o results.Outcome) {
	if r.tasks[o.Task] == nil {
		r.tasks[o.Task] = map[int32]results.Outcome{}
	}
	r.tasks[o.Task][o.DocID] = o
}

// Load reads a results folder. One whose run has not finished is an error.
func Load(dir string) (*Run, error) {
	info, err := results.ReadRun(dir)
	if err != nil {
		return nil, err
	}
	if info.Finished.IsZero() {
		return nil, fmt.Errorf("%s: its run has not finished: run the same command again, it goes on from there", dir)
	}
	scores, err := results.ReadScores(dir)
	if err != nil {
		return nil, err
	}
	r := NewRun(dir, info, scores, nil)
	for o, err := range results.ReadOutcomes(dir) {
		if err != nil {
			return nil, err
		}
		r.add(o)
	}
	return r, nil
}

// find returns the score of a task's or group's metric.
func (r *Run) find(kind, task, metric, filter string) (results.Score, bool) {
	for _, s := range r.Scores {
		if s.Kind == kind && s.Task == task && s.Metric == metric && s.Filter == filter {
			return s, true
		}
	}
	return results.Score{}, false
}

// rule returns what a group's value is made of.
func (r *Run) rule(s results.Score) (results.GroupRule, bool) {
	for _, g := range r.Info.Groups {
		if g.Group == s.Task && g.Metric == s.Metric && g.Filter == s.Filter {
			return g, true
		}
	}
	return results.GroupRule{}, false
}

// A shape is how a task's value follows from its items: f of the sum of their
// numbers over the sum of their weights.
type shape struct {
	mean   bool
	weight string // key of the weights, "" where each item weighs one
	value  func(ratio float64) float64
	slope  func(ratio float64) float64 // the derivative of value
}

// shapeOf finds the shape that gives the score from the run's own items: the
// mean, or a perplexity of items, words or bytes. It is not ok where the
// value is made otherwise (a correlation, BLEU), so that no item has a
// difference of its own.
func (r *Run) shapeOf(s results.Score) (found shape, ok bool) {
	key := results.MetricKey(s.Metric, s.Filter)
	weight := results.MetricKey(s.Metric+results.WeightSuffix, s.Filter)
	perplexity := func(r float64) float64 { return math.Exp(-r) }
	slope := func(r float64) float64 { return -math.Exp(-r) }
	for _, c := range []shape{
		{true, "", func(r float64) float64 { return r }, func(float64) float64 { return 1 }},
		{false, "", perplexity, slope},
		{false, weight, perplexity, slope},
		{false, weight, func(r float64) float64 { return -r / math.Ln2 }, func(float64) float64 { return -1 / math.Ln2 }},
	} {
		x, w := 0.0, 0.0
		for _, o := range r.tasks[s.Task] {
			if v, known := o.Metrics[key]; known {
				x += v
				w += c.weightOf(o)
			}
		}
		if near(c.value(x/w), s.Value) {
			return c, true
		}
	}
	return shape{}, false
}

// weightOf is an item's weight, NaN where it has none.
func (s shape) weightOf(o results.Outcome) float64 {
	if s.weight == "" {
		return 1
	}
	if w, ok := o.Metrics[s.weight]; ok {
		return w
	}
	return math.NaN()
}

// near reports whether two ways of summing up the same numbers agree.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }
