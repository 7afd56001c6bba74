package runner

import (
	"context"
	"fmt"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// processFunctions are the process_results functions by the names that
// package tasks gives them.
var processFunctions = map[string]scoring.ProcessFunc{
	tasks.ScoreSquadV2:       squadV2,
	tasks.ScoreSquad:         scoring.SQuAD,
	tasks.ScoreQuAC:          scoring.QuAC,
	tasks.ScoreTruthfulQAMC2: scoring.TruthfulQAMC2,
	tasks.ScoreWikitext:      scoring.Wikitext,
	tasks.ScoreHendrycksMath: scoring.HendrycksMath,
	tasks.ScoreAGIEval:       scoring.AGIEvalChoices,
	tasks.ScoreAGIEvalMath:   scoring.AGIEvalMath,
}

// useFunction lets a function take the place of the metrics' computation. The
// metrics still say how its values are aggregated.
func (j *judge) useFunction(name string) error {
	if j.process = processFunctions[name]; j.process == nil {
		return fmt.Errorf("no scoring function %q", name)
	}
	switch name {
	case tasks.ScoreSquadV2: // its best_* search a threshold
		j.metrics = scoring.SQuADv2Metrics()
		return nil
	case tasks.ScoreHendrycksMath: // its second judge gives values that no file lists
		j.metrics = scoring.HendrycksMetrics()
		return nil
	}
	for _, m := range j.task.Metrics {
		spec, err := scoring.NewMetric(m.Name, nil)
		if err != nil { // a value of the function's own
			spec = scoring.MetricSpec{Name: m.Name, Aggregation: "mean", HigherIsBetter: true}
		}
		if spec, err = listed(spec, m); err != nil {
			return fmt.Errorf("metric %s: %w", m.Name, err)
		}
		j.metrics = append(j.metrics, spec)
	}
	return nil
}

// listed applies what a task file's metric_list says of a metric.
func listed(spec scoring.MetricSpec, m tasks.Metric) (scoring.MetricSpec, error) {
	if m.Aggregation != "" {
		spec.Aggregation = m.Aggregation
	}
	if m.HigherIsBetter != nil {
		spec.HigherIsBetter = *m.HigherIsBetter
	}
	return spec, scoring.CheckAggregation(spec.Aggregation)
}

func squadV2(_ context.Context, item scoring.Item, out scoring.Outcome) (scoring.Row, error) {
	answers, err := scoring.SQuADAnswers(item.Doc)
	if err != nil {
		return nil, err
	}
	if len(out.Responses) != 2 {
		return nil, fmt.Errorf("%d responses, want an answer and the log-likelihood of having none", len(out.Responses))
	}
	return scoring.SQuADv2Row(answers, py.Str(out.Filtered), out.Responses[1].LogLikelihood), nil
}
