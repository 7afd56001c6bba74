package runner

import (
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/tasks"
)

// samplesWarnings says when several samples per document (--gen n=) are of no
// use: all the same, or all but the first without a part in a score.
func samplesWarnings(t *tasks.Task, g prompts.Generation) []string {
	if t.OutputType != tasks.GenerateUntil || g.Samples < 2 {
		return nil
	}
	var out []string
	if g.Temperature <= 0 {
		out = append(out, fmt.Sprintf("task %s draws %d samples at temperature 0, which are all the same: add --gen temperature=0.8", t.Name, g.Samples))
	}
	if !scoresSamples(t) {
		out = append(out, fmt.Sprintf("task %s draws %d samples and scores the first: leave --gen n out for it", t.Name, g.Samples))
	}
	return out
}

// scoresSamples reports whether a metric or a filter of the task looks at
// more than the first sample.
func scoresSamples(t *tasks.Task) bool {
	for _, m := range t.Metrics {
		if m.Func == tasks.ScoreMajAtK {
			return true
		}
	}
	return slices.ContainsFunc(t.Filters, func(c tasks.FilterChain) bool { return !takesFirst(c) })
}

// takesFirst reports whether a chain keeps the first sample, without a vote
// before.
func takesFirst(c tasks.FilterChain) bool {
	for _, f := range c.Filters {
		switch f.Function {
		case "majority_vote":
			return false
		case "take_first":
			return true
		}
	}
	return false
}
