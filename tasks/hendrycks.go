package tasks

import (
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring/mathanswer"
)

// mathDoc adds the answer to a problem of MATH, the text in the last box of
// its solution (Hendrycks et al. 2021).
func mathDoc(doc, out *py.Dict) error {
	solution, err := column(doc, "solution")
	if err != nil {
		return err
	}
	answer, ok := mathanswer.Extract(solution)
	if !ok {
		return fmt.Errorf("the solution has no \\boxed answer")
	}
	out.Set("answer", answer)
	return nil
}
