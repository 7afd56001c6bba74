package scoring

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

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
	programs, distinct, err := texts(candidates)
	if err != nil {
		return 0, 0, err
	}
	good := make([]bool, len(distinct))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCandidates)
	for i, program := range distinct {
		group.Go(func() (err error) {
			good[i], _, err = runner.Run(ctx, program, tests, codeTimeout)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, 0, err
	}
	for _, i := range programs {
		if good[i] {
			passed++
		}
	}
	return passed, len(candidates), nil
}

// maxCandidates bounds the programs that wait for their turn at a time; the
// runner decides how many run.
const maxCandidates = 64

// texts lists the different programs, since samples repeat one another, and
// for each candidate which of them it is.
func texts(candidates []any) (which []int, distinct []string, err error) {
	known := map[string]int{}
	for _, c := range candidates {
		program, ok := c.(string)
		if !ok {
			return nil, nil, fmt.Errorf("candidate %s is no text", py.Repr(c))
		}
		i, ok := known[program]
		if !ok {
			i = len(distinct)
			known[program], distinct = i, append(distinct, program)
		}
		which = append(which, i)
	}
	return which, distinct, nil
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
