package scoring

import (
	"context"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// solver passes programs that contain "good" and cannot run "broken" ones.
type solver struct{}

func (solver) Run(_ context.Context, program, tests string, timeout time.Duration) (bool, string, error) {
	if timeout != 3*time.Second {
		return false, "", errors.New("timeout is not 3 s")
	}
	if strings.Contains(program, "broken") {
		return false, "", errors.New("no interpreter")
	}
	return strings.HasPrefix(program, "good") && tests == "tests", "", nil
}

func TestPassAtK(t *testing.T) {
	ctx := context.Background()
	row, err := PassAtK(solver{}, []int{1, 2, 5})(ctx, "tests", []any{"good", "bad", "bad", "good"})
	// 1 - C(2,2)/C(4,2) = 5/6; k = 5 needs five candidates.
	want := Row{"pass@1": 0.5, "pass@2": 5.0 / 6, codePassedKey: 2, codeTotalKey: 4}
	if d := cmp.Diff(want, row, cmp.Comparer(close)); err != nil || d != "" {
		t.Error(err, d)
	}
	if row, err = PassAt1(solver{}, "pass_at_1", []int{1, 2})(ctx, "tests", "good"); err != nil || row["pass_at_1"] != 1 || len(row) != 3 {
		t.Error(row, err)
	}
	row, err = PassAt1(solver{}, "pass_at_1", []int{1, 2, 3})(ctx, "tests", []any{"bad", "good"})
	want = Row{"pass_at_1": 0.5, "pass@1": 0.5, "pass@2": 1, codePassedKey: 1, codeTotalKey: 2}
	if d := cmp.Diff(want, row, cmp.Comparer(close)); err != nil || d != "" {
		t.Error(err, d)
	}
	if _, err := PassAtK(solver{}, []int{1})(ctx, "tests", []any{"broken"}); err == nil {
		t.Error("a program that could not be run was scored")
	}
	if _, err := PassAtK(nil, []int{1})(ctx, "tests", []any{"good"}); err == nil {
		t.Error("no error without a runner")
	}
}

// counter counts the programs it runs.
type counter struct {
	mu   *sync.Mutex
	runs map[string]int
}

func (c counter) Run(_ context.Context, program, _ string, _ time.Duration) (bool, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs[program]++
	return strings.HasPrefix(program, "good"), "", nil
}

// Samples that are the same program are run once and count each.
func TestRepeatedCandidatesRunOnce(t *testing.T) {
	c := counter{new(sync.Mutex), map[string]int{}}
	row, err := PassAtK(c, []int{1})(context.Background(), "tests", []any{"good", "bad", "good", "bad", "bad"})
	if err != nil || !close(row["pass@1"], 0.4) || len(c.runs) != 2 || c.runs["good"] != 1 {
		t.Error(row, err, c.runs)
	}
}

// TestEstimatePassAtK holds the product form against binomial coefficients.
func TestEstimatePassAtK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(t, "n")
		c := rapid.IntRange(0, n).Draw(t, "c")
		k := rapid.IntRange(1, n).Draw(t, "k")
		fail := new(big.Rat).SetFrac(new(big.Int).Binomial(int64(n-c), int64(k)), new(big.Int).Binomial(int64(n), int64(k)))
		want, _ := new(big.Rat).Sub(big.NewRat(1, 1), fail).Float64()
		if got := EstimatePassAtK(n, c, k); !close(got, want) {
			t.Fatalf("pass@%d of %d in %d: %v, want %v", k, c, n, got, want)
		}
	})
}

// TestTaskScoresOfPassAtK: the values of one function appear under their own
// names, with the aggregation of the metric they come from.
func TestTaskScoresOfPassAtK(t *testing.T) {
	rows := []Row{{"pass@1": 1, "pass@10": 1, "pass@2": 1, codeTotalKey: 10}, {"pass@1": 0, "pass@10": 1, "pass@2": 0.5, codeTotalKey: 10}}
	scores, err := TaskScores([]MetricSpec{{Name: "pass_at_k", Aggregation: "median", HigherIsBetter: true}}, rows, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range scores {
		got = append(got, s.Metric)
		if s.Metric == "pass@2" && s.Value != 1 {
			t.Errorf("pass@2 %v is not the median of the source metric", s.Value)
		}
	}
	if d := cmp.Diff([]string{"pass@1", "pass@2", "pass@10"}, got); d != "" {
		t.Error(d)
	}
}

// TestBuildPredictionsInstruct: the code ends at the first fence.
func TestBuildPredictionsInstruct(t *testing.T) {
	p := Pipeline{Name: "p", Filters: []Filter{BuildPredictionsInstruct()}}
	got, err := p.Apply(Item{Doc: args("prompt", "def f():\n")}, []string{"  return 1\n```\nDone.```", "  pass"})
	if d := cmp.Diff([]any{"def f():\n  return 1\n", "def f():\n  pass"}, got); err != nil || d != "" {
		t.Error(err, d)
	}
	if _, err := p.Apply(Item{Doc: args("text", "x")}, []string{"y"}); err == nil || !strings.Contains(err.Error(), "column prompt") {
		t.Errorf("no prompt: %v", err)
	}
}
