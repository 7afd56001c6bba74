package scoring

import (
	"context"
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring/mathanswer"
)

// HendrycksMath scores an answer to a problem of MATH: what stands between
// its first and last dollar sign is compared with the box of the solution by
// the published rule.
func HendrycksMath(_ context.Context, item Item, out Outcome) (Row, error) {
	solution, _ := item.Doc.Get("solution")
	gold, ok := mathanswer.Extract(py.Str(solution))
	if !ok {
		return nil, fmt.Errorf("the document's solution has no \\boxed answer")
	}
	answer := mathanswer.BetweenDollars(py.Str(out.Filtered))
	return Row{"exact_match": indicator(mathanswer.Equivalent(answer, gold))}, nil
}
