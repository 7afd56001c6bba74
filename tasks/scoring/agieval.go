package scoring

import "context"

// AGIEvalChoices scores the multiple-choice tasks of AGIEval, some questions
// of which have several right answers: any of them counts.
func AGIEvalChoices(ctx context.Context, item Item, out Outcome) (Row, error) {
	r, err := Score(ctx, MultipleChoice, []MetricSpec{{Name: "acc"}, {Name: "acc_norm"}}, item, out)
	return r.Row, err
}
