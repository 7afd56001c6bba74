package runner

import (
	"context"
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// voted is the metric by which the answer that wins a vote is scored.
const voted = "exact_match"

// A vote scores the answer that most of a document's samples agree on
// (maj@k). A task asks for it with the metric vote.maj_at_k.
type vote struct {
	ks  []int
	key func(answer py.Value) (py.Value, error)
}

// newVote reads the task's metric maj_at_k; nil without one.
func newVote(t *tasks.Task, metrics []scoring.MetricSpec) (*vote, error) {
	i := slices.IndexFunc(t.Metrics, func(m tasks.Metric) bool { return m.Func == tasks.ScoreMajAtK })
	if i < 0 {
		return nil, nil
	}
	v := &vote{}
	var err error
	if v.ks, err = atK(t.Metrics[i].Args); err != nil {
		return nil, err
	}
	if p := t.ProcessResults; p != nil && p.Key != nil {
		v.key = p.Key
		return v, nil
	}
	for _, m := range metrics {
		if m.Name == voted && m.Key != nil {
			v.key = m.Key
			return v, nil
		}
	}
	return nil, fmt.Errorf("maj_at_k votes over answers that exact_match compares: list exact_match, too")
}

// vote adds maj@k over the first k generations to a row. A generation's
// answer is what the filters leave of it alone.
func (j *judge) vote(ctx context.Context, p scoring.Pipeline, item scoring.Item, responses []scoring.Response, texts []string, row scoring.Row) error {
	answers, keys := make([]py.Value, len(texts)), make([]string, len(texts))
	for i := range texts {
		var err error
		if answers[i], err = p.Apply(item, texts[i:i+1]); err != nil {
			return fmt.Errorf("filter %s: %w", p.Name, err)
		}
		if answers[i] == scoring.NoAnswer {
			continue
		}
		key, err := j.votes.key(answers[i])
		if err != nil {
			return fmt.Errorf("maj@k: %w", err)
		}
		keys[i] = py.Str(key)
	}
	for _, k := range scoring.VoteSizes(j.votes.ks, len(texts)) {
		winner := answers[scoring.Majority(keys[:k])]
		scored, err := j.row(ctx, item, scoring.Outcome{Responses: responses, Filtered: winner})
		if err != nil {
			return err
		}
		row[fmt.Sprintf("maj@%d", k)] = scored[voted]
	}
	return nil
}
