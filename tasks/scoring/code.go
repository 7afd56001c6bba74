package scoring

import (
	"context"
	"fmt"
	"time"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// codeTimeout is the time one candidate program and its tests get, as in the
// code_eval metric of HumanEval's users.
const codeTimeout = 3 * time.Second

// Auxiliary keys of code metrics: candidates that passed, and all.
const (
	codePassedKey = "code/passed"
	codeTotalKey  = "code/candidates"
)

// PassAtK returns a metric that runs every candidate program followed by the
// tests, which are the gold answer, and gives pass@k for every k that the
// number of candidates allows.
func PassAtK(runner CodeRunner, ks []int) MetricFunc {
	return func(ctx context.Context, gold, prediction py.Value) (Row, error) {
		passed, total, err := runCandidates(ctx, runner, gold, prediction)
		if err != nil {
			return nil, err
		}
		row := Row{codePassedKey: float64(passed), codeTotalKey: float64(total)}
		for _, k := range ks {
			if k >= 1 && k <= total {
				row[fmt.Sprintf("pass@%d", k)] = EstimatePassAtK(total, passed, k)
			}
		}
		return row, nil
	}
}

// PassAt1 gives pass@1 under another name (mbpp: pass_at_1); with several
// candidates also what PassAtK gives.
func PassAt1(runner CodeRunner, name string, ks []int) MetricFunc {
	passAtK := PassAtK(runner, ks)
	return func(ctx context.Context, gold, prediction py.Value) (Row, error) {
		row, err := passAtK(ctx, gold, prediction)
		if err != nil {
			return nil, err
		}
		passed, total := int(row[codePassedKey]), int(row[codeTotalKey])
		if total == 1 {
			row = Row{codePassedKey: float64(passed), codeTotalKey: float64(total)}
		}
		row[name] = EstimatePassAtK(total, passed, 1)
		return row, nil
	}
}

func runCandidates(ctx context.Context, runner CodeRunner, gold, prediction py.Value) (passed, total int, err error) {
	tests, ok := gold.(string)
	if !ok {
		return 0, 0, fmt.Errorf("the target must be the text of the tests, not %s", py.TypeName(gold))
	}
	candidates, ok := prediction.([]any)
	if !ok {
		candidates = []any{prediction}
	}
	if runner == nil || len(candidates) == 0 {
		return 0, 0, fmt.Errorf("there is no candidate program, or nothing to run it with")
	}
	known := map[string]bool{} // samples repeat one another
	for _, c := range candidates {
		program, ok := c.(string)
		if !ok {
			return 0, 0, fmt.Errorf("candidate %s is no text", py.Repr(c))
		}
		good, ran := known[program]
		if !ran {
			if good, _, err = runner.Run(ctx, program+"\n"+tests, codeTimeout); err != nil {
				return 0, 0, err
			}
			known[program] = good
		}
		if good {
			passed++
		}
	}
	return passed, len(candidates), nil
}

// EstimatePassAtK is the unbiased estimate 1 - C(n-c, k)/C(n, k) of the chance
// that one of k candidates passes when c of n did, 1 <= k <= n (M. Chen et al.,
// Evaluating Large Language Models Trained on Code, 2021).
func EstimatePassAtK(n, c, k int) float64 {
	if n-c < k {
		return 1
	}
	product := 1.0
	for i := n - c + 1; i <= n; i++ {
		product *= 1 - float64(k)/float64(i)
	}
	return 1 - product
}
