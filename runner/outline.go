package runner

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// Outline is what scores the job will have, without their values, and what
// groups' values will be made of, if every document has every metric.
func (j *Job) Outline() (results.Run, []results.Score, error) {
	config, err := j.Config()
	if err != nil {
		return results.Run{}, nil, err
	}
	if err := j.newJudges(); err != nil {
		return results.Run{}, nil, err
	}
	estimates, tallies := map[string][]estimate{}, map[string]*tally{}
	for _, p := range j.Tasks {
		estimates[p.Task.Name] = j.judges[p.Task.Name].outline(len(p.IDs))
		tallies[p.Task.Name] = &tally{}
	}
	scores, rules, err := j.rows(estimates, tallies)
	return results.Run{Config: config, Groups: rules}, scores, err
}

// outline lists the metrics that a task's documents will probably have.
func (j *judge) outline(n int) []estimate {
	var out []estimate
	add := func(metric, filter string, higher bool) {
		known := slices.ContainsFunc(out, func(e estimate) bool { return e.metric == metric && e.filter == filter })
		if !known {
			e := scoring.Estimate{StdErr: math.NaN(), N: n}
			out = append(out, estimate{metric: metric, filter: filter, higherIsBetter: higher, Estimate: e})
		}
	}
	for _, p := range j.pipelines {
		for _, m := range j.metrics {
			add(m.Name, p.Name, m.HigherIsBetter)
		}
		if j.votes != nil {
			for _, k := range j.votes.ks {
				add(fmt.Sprintf("maj@%d", k), p.Name, true)
			}
		}
	}
	if metric, filter, ok := strings.Cut(j.task.Primary, ","); ok {
		add(metric, filter, true)
	}
	return out
}

// Aggregation says how a task's metric is made of its documents; a metric that
// its file does not list is a mean.
func (j *Job) Aggregation(task, metric string) string {
	for _, m := range j.judges[task].metrics {
		switch {
		case m.Name == metric && m.Aggregate != nil:
			return "a function of the task"
		case m.Name == metric:
			return m.Aggregation
		}
	}
	return "mean"
}
