package scoring

import (
	"context"
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring/mathanswer"
)

// Keys of HendrycksMath beside exact_match, the published rule's.
const (
	// ExactJudge is 1 when the answers are equal by exact arithmetic and 0
	// when they differ; where that is unknown, it is as exact_match says.
	ExactJudge = "exact_judge"
	// ExactUnknown is 1 where the exact judge does not know.
	ExactUnknown = "judge_unknown"
)

// HendrycksMetrics are the metrics of HendrycksMath.
func HendrycksMetrics() []MetricSpec {
	return []MetricSpec{
		{Name: "exact_match", Aggregation: "mean", HigherIsBetter: true},
		{Name: ExactJudge, Aggregation: "mean", HigherIsBetter: true},
		{Name: ExactUnknown, Aggregation: "mean"},
	}
}

// HendrycksMath scores an answer to a problem of MATH: what stands between
// its first and last dollar sign is compared with the box of the solution by
// the published rule and by exact arithmetic.
func HendrycksMath(_ context.Context, item Item, out Outcome) (Row, error) {
	solution, _ := item.Doc.Get("solution")
	gold, ok := mathanswer.Extract(py.Str(solution))
	if !ok {
		return nil, fmt.Errorf("the document's solution has no \\boxed answer")
	}
	answer := mathanswer.BetweenDollars(py.Str(out.Filtered))
	published := indicator(mathanswer.Equivalent(answer, gold))
	row := Row{"exact_match": published, ExactJudge: published, ExactUnknown: 0}
	switch mathanswer.Compare(answer, gold) {
	case mathanswer.Equal:
		row[ExactJudge] = 1
	case mathanswer.Different:
		row[ExactJudge] = 0
	case mathanswer.Unknown:
		row[ExactUnknown] = 1
	}
	return row, nil
}
