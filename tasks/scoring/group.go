package scoring

import (
	"fmt"
	"math"
)

// Pool makes a group's estimate from those of its leaf tasks. Weighted by
// size it is the mean over all documents, with the standard error of the
// pooled sample variance; unweighted it is the plain mean of the tasks. The
// standard error is NaN if any task has none.
//
// Neither error counts the variance between tasks. A task's N is its number
// of documents.
func Pool(tasks []Estimate, weightBySize bool) (Estimate, error) {
	if len(tasks) == 0 {
		return Estimate{}, fmt.Errorf("a group needs at least one task")
	}
	k := float64(len(tasks))
	var values, weights, within, squares float64
	n := 0
	for _, t := range tasks {
		size := float64(t.N)
		n += t.N
		weight := 1.0
		if weightBySize {
			weight = size
		}
		values += t.Value * weight
		weights += weight
		within += (size - 1) * t.StdErr * t.StdErr * size
		squares += t.StdErr * t.StdErr
	}
	total := float64(n)
	e := Estimate{Value: values / weights, N: n}
	if weightBySize {
		e.StdErr = math.Sqrt(within / (total - k) / total)
	} else {
		e.StdErr = math.Sqrt(squares) / k
	}
	return e, nil
}
