package tasks

import (
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// CheckScoring reports the first filter or metric of the task that package
// scoring does not have or whose arguments are wrong. Loading does not ask:
// a task can be listed and its prompts shown without being scored.
func (t *Task) CheckScoring() error {
	src := &source{name: t.File, builtin: t.Builtin}
	for _, chain := range t.Filters {
		for _, f := range chain.Filters {
			if f.Own != nil {
				continue
			}
			if _, err := scoring.NewFilter(f.Function, f.Args); err != nil {
				return lineError(src, f.Line, "filter_list: %v", err)
			}
		}
	}
	if t.ProcessResults != nil {
		return nil
	}
	for _, m := range t.Metrics {
		if m.Func != "" {
			continue
		}
		spec, err := scoring.NewMetric(m.Name, m.Args)
		if err == nil {
			err = scoring.CheckMetrics(scoring.OutputType(t.OutputType), []scoring.MetricSpec{spec})
		}
		if err != nil {
			return lineError(src, max(m.Line, 1), "metric_list: %v", err)
		}
	}
	return nil
}
