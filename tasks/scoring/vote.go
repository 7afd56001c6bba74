package scoring

import (
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring/mathanswer"
)

// NoAnswer is what the regex filters leave of a text without an answer. It
// has no vote.
const NoAnswer = "[invalid]"

// Majority returns the index of the first of the most frequent answers
// (self-consistency: X. Wang et al., Self-Consistency Improves Chain of
// Thought Reasoning in Language Models, 2023). Among equally frequent ones
// the answer given first wins. Answers are compared by their keys; an empty
// key does not vote, and when none votes the first answer stands. There must
// be at least one.
func Majority(keys []string) int {
	votes := map[string]int{}
	best := 0
	for _, k := range keys {
		if k != "" {
			votes[k]++
		}
	}
	for i, k := range keys {
		if votes[k] > votes[keys[best]] {
			best = i
		}
	}
	return best
}

// VoteSizes returns the numbers of answers to vote with when there are n:
// those of ks below n, ascending, and n itself.
func VoteSizes(ks []int, n int) []int {
	var out []int
	for _, k := range ks {
		if k > 1 && k < n {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return append(slices.Compact(out), n)
}

// HendrycksKey is the same for answers that the published rule of MATH calls
// equal.
func HendrycksKey(answer py.Value) (py.Value, error) {
	return mathanswer.Normalize(mathanswer.BetweenDollars(py.Str(answer))), nil
}
