package results

import (
	"slices"
	"testing"
)

// Metrics of one task come primary first, then by name, pass@8 before pass@10.
func TestScoreOrder(t *testing.T) {
	want := []string{"maj@8", "acc", "acc_norm", "maj@10", "pass@1", "pass@10", "pass@80", "pass@100", "pass_at_1"}
	var scores []Score
	for i := range want {
		m := want[len(want)-1-i]
		scores = append(scores, Score{Task: "t", Metric: m, Primary: m == "maj@8"})
	}
	slices.SortFunc(scores, Score.Compare)
	for i, s := range scores {
		if s.Metric != want[i] {
			t.Errorf("place %d has %s, want %s", i, s.Metric, want[i])
		}
	}
}
