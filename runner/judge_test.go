package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// fakeRunner passes programs that contain a word.
type fakeRunner struct{ word string }

func (f fakeRunner) Run(_ context.Context, program, tests string, timeout time.Duration) (bool, string, error) {
	if timeout <= 0 {
		return false, "", errors.New("no time limit")
	}
	return strings.Contains(program+"\n"+tests, f.word), "", nil
}

func builtinJudge(t *testing.T, name string, word string) *judge {
	t.Helper()
	r, err := tasks.NewRegistry(tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	task, err := r.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	j, err := newJudge(task, fakeRunner{word})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func generated(doc *py.Dict, target py.Value, text string) (prompts.Item, results.Sample) {
	return prompts.Item{Doc: doc, Target: target, Requests: []prompts.Request{{Kind: prompts.Generate}}}, results.Sample{Generations: []string{text}}
}

// Two filters of one task each give the metric, under its own key.
func TestJudgeFilters(t *testing.T) {
	j := builtinJudge(t, "gsm8k", "")
	it, s := generated(py.NewDict(), "It is\n#### 1,250", "So 1250 it is. #### 1250 and then 7.")
	if err := j.judge(context.Background(), it, &s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{"exact_match,strict-match": 1, "exact_match,flexible-extract": 0}, s.Metrics); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{"strict-match": {"1250"}, "flexible-extract": {"7."}}, s.Filtered); diff != "" {
		t.Error(diff)
	}
}

// Programs are the prompt and the completion, followed by the tests.
func TestJudgeCode(t *testing.T) {
	for word, want := range map[string]float64{"def f():\n    return 1\ncheck(f)": 1, "return 2": 0} {
		j := builtinJudge(t, "humaneval", word)
		it, s := generated(py.DictOf("prompt", "def f():\n"), "check(f)", "    return 1")
		if err := j.judge(context.Background(), it, &s); err != nil {
			t.Fatal(err)
		}
		if got := s.Metrics["pass@1,create_test"]; got != want {
			t.Errorf("%q: pass@1 is %v, want %v", word, got, want)
		}
	}
}

// Every sample of an MBPP problem is a candidate, and pass@k appears once
// there are several; one sample is scored as the reference does.
func TestJudgeSamples(t *testing.T) {
	for _, c := range []struct {
		task  string
		texts []string
		want  map[string]float64
	}{
		{"mbpp", []string{"good"}, map[string]float64{"pass_at_1": 1}},
		{"mbpp", []string{"bad", "good", "bad", "good"}, map[string]float64{"pass_at_1": 0.5, "pass@1": 0.5}},
		{"humaneval", slices.Repeat([]string{"good", "bad", "bad"}, 4), map[string]float64{"pass@1,create_test": 1. / 3, "pass@10,create_test": 1}},
	} {
		j := builtinJudge(t, c.task, "good")
		it, s := generated(py.DictOf("prompt", ""), "check", "")
		s.Generations = c.texts
		if err := j.judge(context.Background(), it, &s); err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for k, v := range s.Metrics {
			if !scoring.Auxiliary(k) {
				got[k] = v
			}
		}
		if d := cmp.Diff(c.want, got, cmpopts.EquateApprox(0, 1e-12)); d != "" {
			t.Errorf("%s of %d samples: %s", c.task, len(c.texts), d)
		}
	}
}

// The answer most samples give is scored; text without an answer has no vote.
func TestJudgeVotes(t *testing.T) {
	gsm8k := builtinJudge(t, "gsm8k", "")
	it, s := generated(py.NewDict(), "It is\n#### 1,250", "")
	s.Generations = []string{"#### 7", "no idea", "none", "#### 1250", "#### 1,250.", "#### 8"}
	if err := gsm8k.judge(context.Background(), it, &s); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"exact_match,strict-match": 0, "maj@6,strict-match": 1, "exact_match,flexible-extract": 0, "maj@6,flexible-extract": 1}
	if d := cmp.Diff(want, s.Metrics); d != "" {
		t.Error(d)
	}
	math := builtinJudge(t, "math_algebra", "")
	it, s = generated(py.DictOf("solution", `\boxed{\frac{1}{2}}`), "", "")
	s.Generations = []string{"$2$", `so $\dfrac12$`, "$2$", `$\frac12$`, `$\tfrac{1}{2}$.`, "$2$", "$3$", "$2$", `$0.5$`}
	if err := math.judge(context.Background(), it, &s); err != nil {
		t.Fatal(err)
	}
	// 4 to 3 after eight; 4 to 4 after nine, where 2 came first.
	want = map[string]float64{"exact_match": 0, "exact_judge": 0, "judge_unknown": 0, "maj@8": 0, "maj@9": 0}
	if d := cmp.Diff(want, s.Metrics); d != "" {
		t.Error(d)
	}
}

// The log-likelihood request beside the answer is what squad_v2 is judged by.
func TestJudgeSquad(t *testing.T) {
	j := builtinJudge(t, "squad_v2", "")
	doc := py.DictOf("answers", py.DictOf("text", []any{"the Nile"}, "answer_start", []any{int64(0)}))
	it, s := generated(doc, " the Nile", " Nile.")
	it.Requests = append(it.Requests, prompts.Request{Kind: prompts.Loglikelihood})
	s.LogLikelihoods, s.IsGreedy = []float64{-3}, []bool{false}
	if err := j.judge(context.Background(), it, &s); err != nil {
		t.Fatal(err)
	}
	if s.Metrics["exact"] != 1 || s.Metrics["HasAns_f1"] != 1 {
		t.Errorf("metrics: %v", s.Metrics)
	}
	if _, ok := s.Metrics["NoAns_exact"]; ok {
		t.Error("an answerable question has a value for unanswerable ones")
	}
}

// A label outside of the choices counts as wrong, and is said.
func TestJudgeRemarks(t *testing.T) {
	j := builtinJudge(t, "piqa", "")
	it := prompts.Item{Doc: py.NewDict(), Choices: []string{"a", "b"}, Target: int64(5), Requests: make([]prompts.Request, 2)}
	s := results.Sample{LogLikelihoods: []float64{-1, -2}, IsGreedy: []bool{true, false}}
	if err := j.judge(context.Background(), it, &s); err != nil {
		t.Fatal(err)
	}
	job := &Job{Tasks: []*Prepared{{Task: j.task}}, judges: map[string]*judge{"piqa": j}}
	if w := job.judgeWarnings(); len(w) != 1 || !strings.Contains(w[0], "task piqa: 1 of its documents: label 5") || s.Metrics["acc"] != 0 {
		t.Errorf("warnings %q, metrics %v", w, s.Metrics)
	}
}
