package runner

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

func selectedJob(t *testing.T, names ...string) *Job {
	t.Helper()
	r, err := tasks.NewRegistry(tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Resolve(names)
	if err != nil {
		t.Fatal(err)
	}
	return &Job{Groups: s.Groups}
}

// labels writes the rows of a suite as "label: member member ...".
func labels(s results.Suite) []string {
	var out []string
	for _, r := range s.Rows {
		var members []string
		for _, m := range r.Members {
			members = append(members, m.Label)
		}
		out = append(out, strings.TrimSuffix(r.Label+": "+strings.Join(members, " "), ": "))
	}
	return out
}

// llama2 has the rows of the paper's table 3; safety stands apart.
func TestSuites(t *testing.T) {
	suites := selectedJob(t, "llama2", "safety").suites()
	if len(suites) != 2 {
		t.Fatalf("%d suites: %+v", len(suites), suites)
	}
	rows := labels(suites[0])
	bbh := rows[6]
	rows[6], _, _ = strings.Cut(bbh, ":")
	want := []string{
		"Code: humaneval mbpp",
		"Commonsense Reasoning: piqa social_iqa hellaswag winogrande arc_easy arc_challenge openbookqa commonsense_qa",
		"World Knowledge: nq_open triviaqa",
		"Reading Comprehension: squad_v2 quac boolq",
		"Math: gsm8k math",
		"MMLU: stem other social sciences humanities",
		"BBH",
		"AGIEval: aqua_rat logiqa_en lsat_ar lsat_lr lsat_rc sat_en sat_en_without_passage sat_math",
	}
	if d := cmp.Diff(want, rows); d != "" || len(suites[0].Rows[6].Members) != 27 {
		t.Error(d, bbh)
	}
	if d := cmp.Diff([]string{"truthfulqa_mc1", "truthfulqa_mc2", "toxigen"}, labels(suites[1])); d != "" || suites[1].Note == "" {
		t.Error(d)
	}
	parts := selectedJob(t, "llama2/math", "llama2/code", "mmlu", "piqa").suites()
	if len(parts) != 1 {
		t.Fatalf("%+v", parts)
	}
	if d := cmp.Diff([]string{"Math: gsm8k math", "Code: humaneval mbpp"}, labels(parts[0])); d != "" {
		t.Error(d)
	}
}

// The interval of a mean of two shares of 0 in 50 is not 0 to 0.
func TestMeanInterval(t *testing.T) {
	zero := estimate{binary: true, Estimate: scoring.Estimate{N: 50}}
	_, high := results.Wilson(0, 50)
	i := meanInterval(0, []estimate{zero, zero})
	if i == nil || i.low != 0 || math.Abs(i.high-high/math.Sqrt2) > 1e-12 {
		t.Errorf("%+v, want 0 to %v", i, high/math.Sqrt2)
	}
	// For normal intervals it is the one that the standard error gives.
	a, b := estimate{Estimate: scoring.Estimate{Value: 0.4, StdErr: 0.03, N: 9}}, estimate{Estimate: scoring.Estimate{Value: 0.6, StdErr: 0.04, N: 9}}
	low, high := results.Interval(0.5, 0.025, 18, false)
	if i := meanInterval(0.5, []estimate{a, b}); math.Abs(i.low-low) > 1e-12 || math.Abs(i.high-high) > 1e-12 {
		t.Errorf("%+v, want %v to %v", i, low, high)
	}
	if meanInterval(0.5, []estimate{a, {Estimate: scoring.Estimate{StdErr: math.NaN()}}}) != nil {
		t.Error("an interval of a member without one")
	}
}
