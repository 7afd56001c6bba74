package scoring

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestNewMetricRefuses(t *testing.T) {
	for name, want := range map[string]string{"acc_nrom": `did you mean acc_norm?`, "rouge": "Known: acc, acc_bytes", "exactmatch": `did you mean exact_match?`} {
		if _, err := NewMetric(name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewMetric(%q): %v, want ... %s ...", name, err, want)
		}
	}
	var unsupported *UnsupportedMetricError
	if _, err := NewMetric("bypass", nil); !errors.As(err, &unsupported) || unsupported.Name != "bypass" {
		t.Errorf("bypass: %v", err)
	}
	if _, err := NewMetric("exact_match", args("ignorecase", true)); err == nil || !strings.Contains(err.Error(), `did you mean ignore_case?`) {
		t.Errorf("misspelt argument: %v", err)
	}
	if _, err := NewMetric("exact_match", args("regexes_to_ignore", []any{"["})); err == nil {
		t.Error("a bad pattern was accepted")
	}
}

func TestDefaultMetrics(t *testing.T) {
	for kind, want := range map[OutputType]string{
		MultipleChoice: "acc acc_norm", GenerateUntil: "exact_match", Loglikelihood: "perplexity acc", Rolling: "word_perplexity byte_perplexity bits_per_byte",
	} {
		specs, err := DefaultMetrics(kind)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range specs {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
		if err := CheckMetrics(kind, specs); err != nil {
			t.Error(err)
		}
	}
	if _, err := DefaultMetrics("other"); err == nil {
		t.Error("no error for an unknown output type")
	}
	if err := CheckMetrics(Rolling, []MetricSpec{{Name: "acc"}}); err == nil || !strings.Contains(err.Error(), "cannot be computed for output type loglikelihood_rolling") {
		t.Error(err)
	}
}

func score(t *testing.T, kind OutputType, names []string, item Item, out Outcome) Result {
	t.Helper()
	r, err := Score(context.Background(), kind, metricsNamed(t, names), item, out)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLengthNormalisation(t *testing.T) {
	// "éé" is 2 code points and 4 bytes, "abc" 3 of both: per code point
	// -1.5 against -1.4, per byte -0.75 against -1.4.
	out := Outcome{Responses: []Response{{LogLikelihood: -3}, {LogLikelihood: -4.2}}}
	got := score(t, MultipleChoice, []string{"acc", "acc_norm", "acc_bytes"}, Item{Choices: []string{"éé", "abc"}, Target: int64(0)}, out)
	if d := cmp.Diff(Row{"acc": 1, "acc_norm": 0, "acc_bytes": 1}, got.Row); d != "" {
		t.Error(d)
	}
}

func TestBrierScore(t *testing.T) {
	out := Outcome{Responses: []Response{{LogLikelihood: math.Log(0.2)}, {LogLikelihood: math.Log(0.6)}}}
	item := Item{Choices: []string{"a", "b"}, Target: "a"}
	if got := score(t, MultipleChoice, []string{"brier_score"}, item, out).Row["brier_score"]; !close(got, 2*0.75*0.75) {
		t.Errorf("got %v", got)
	}
	item.Target = int64(7)
	r := score(t, MultipleChoice, []string{"brier_score"}, item, out)
	if got, want := r.Row["brier_score"], 0.25*0.25+0.75*0.75+1; !close(got, want) || len(r.Warnings) != 1 {
		t.Errorf("label outside: %v, want %v and a warning", r, want)
	}
}

func TestScoreChoicesRefuses(t *testing.T) {
	two := Outcome{Responses: make([]Response, 2)}
	for _, c := range []struct {
		metric string
		item   Item
		want   string
	}{
		{"acc", Item{Choices: []string{"a"}, Target: int64(0)}, "2 responses for 1 choices, want 1"},
		{"acc_mutual_info", Item{Choices: []string{"a", "b"}, Target: int64(0)}, "want 4"},
		{"acc", Item{Choices: []string{"a", "b"}}, "gold label None is neither"},
		{"mcc", Item{Choices: []string{"a", "b"}, Target: []any{int64(0), int64(1)}}, "needs one gold label"},
		{"likelihood", Item{Choices: []string{"a", "b"}, Target: "c"}, "needs a gold label among the choices"},
	} {
		_, err := Score(context.Background(), MultipleChoice, metricsNamed(t, []string{c.metric}), c.item, two)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want ... %s ...", c.metric, err, c.want)
		}
	}
}

func TestGeneratedTargets(t *testing.T) {
	for _, c := range []struct {
		name       string
		item       Item
		prediction py.Value
		want       float64
	}{
		{"text", Item{Target: "a"}, "a", 1},
		{"number as text", Item{Target: int64(7)}, "7", 1},
		{"text as number", Item{Target: " 7"}, int64(7), 1},
		{"wrong number", Item{Target: "7"}, 7.5, 0},
		{"any of several", Item{Target: []any{"x", "a"}, MultipleTargets: true}, "a", 1},
		{"none of several", Item{Target: []any{"x", "y"}, MultipleTargets: true}, "a", 0},
		{"empty list", Item{Target: []any{}, MultipleTargets: true}, "a", 0},
		{"lone text among lists", Item{Target: "a", MultipleTargets: true}, "a", 1},
		{"list as one text", Item{Target: []any{"a"}}, "['a']", 1},
		{"index of a choice", Item{Target: int64(1), Choices: []string{"x", "a"}}, "a", 1},
		{"share of repeats", Item{Target: "a"}, []any{"a", "b", "a", "a"}, 0.75},
	} {
		got := score(t, GenerateUntil, []string{"exact_match"}, c.item, Outcome{Filtered: c.prediction})
		if got.Row["exact_match"] != c.want {
			t.Errorf("%s: %v, want %v", c.name, got.Row, c.want)
		}
	}
	specs := metricsNamed(t, []string{"exact_match"})
	for _, c := range []struct {
		item       Item
		prediction py.Value
	}{
		{Item{Target: int64(2), Choices: []string{"x"}}, "a"},
		{Item{Target: "many"}, int64(1)},
		{Item{Target: "a"}, []any{}},
	} {
		if _, err := Score(context.Background(), GenerateUntil, specs, c.item, Outcome{Filtered: c.prediction}); err == nil {
			t.Errorf("%+v against %s: no error", c.item, py.Repr(c.prediction))
		}
	}
}

// TestExactMatchOrder: each thing that is ignored changes the verdict, and
// patterns see the text before case and punctuation are removed.
func TestExactMatchOrder(t *testing.T) {
	for _, c := range []struct {
		args             *py.Dict
		gold, prediction string
		want             float64
	}{
		{nil, "room 12", "room 7", 0},
		{args("ignore_numbers", true), "room 12", "room 7", 1},
		{args("ignore_numbers", true), "room ١", "room 1", 0}, // ASCII digits only
		{args("ignore_punctuation", true), "a-b", "ab", 1},
		{args("ignore_punctuation", true), "a–b", "ab", 0}, // ASCII punctuation only
		{args("regexes_to_ignore", []any{"[A-Z]\\."}, "ignore_case", true, "ignore_punctuation", true), "X. yes", " YES", 1},
	} {
		spec, err := NewMetric("exact_match", c.args)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Score(context.Background(), GenerateUntil, []MetricSpec{spec}, Item{Target: c.gold}, Outcome{Filtered: c.prediction})
		if err != nil || got.Row["exact_match"] != c.want {
			t.Errorf("%s: %q against %q: %v %v, want %v", py.Repr(c.args), c.prediction, c.gold, got.Row, err, c.want)
		}
	}
}

// TestSeveralTargetsWithOwnFunction: the first value that is not zero counts
// as 1, and the function must name its value after the metric.
func TestSeveralTargetsWithOwnFunction(t *testing.T) {
	half := func(_ context.Context, gold, prediction py.Value) (Row, error) {
		return Row{"m": 0.5 * indicator(py.Equal(gold, prediction))}, nil
	}
	item := Item{Target: []any{"x", "a"}, MultipleTargets: true}
	got, err := Score(context.Background(), GenerateUntil, []MetricSpec{{Name: "m", Func: half}}, item, Outcome{Filtered: "a"})
	if err != nil || got.Row["m"] != 1 {
		t.Errorf("%v %v, want 1", got, err)
	}
	if _, err := Score(context.Background(), GenerateUntil, []MetricSpec{{Name: "other", Func: half}}, item, Outcome{Filtered: "a"}); err == nil {
		t.Error("no error for a function without the metric's value")
	}
}

func TestRowQualified(t *testing.T) {
	row := Row{"acc": 1, "word_perplexity/weight": 7}
	if d := cmp.Diff(row, row.Qualified("strict").Unqualified("strict")); d != "" {
		t.Error(d)
	}
	stored := Row{"acc": 1, "em,a": 2, "em,b": 3}
	if d := cmp.Diff(Row{"em": 3}, stored.Unqualified("b")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Row{"acc": 1}, stored.Unqualified(NoFilter)); d != "" {
		t.Error(d)
	}
}

func TestCountWords(t *testing.T) {
	for text, want := range map[string]int{"": 1, "a": 1, " a": 2, "a b\n\nc ": 4, "a\u00a0b\u2003\x1cc": 3, "\n": 2} {
		if got := countWords(text); got != want {
			t.Errorf("countWords(%q) = %d, want %d", text, got, want)
		}
	}
}

// TestSoftmaxOfFarLogLikelihoods: those of long answers underflow as they are.
func TestSoftmaxOfFarLogLikelihoods(t *testing.T) {
	for _, lls := range [][]float64{{-1e4, -1e4 - 1}, {0, -1}} {
		got := softmax(lls)
		if want := 1 / (1 + math.Exp(-1)); len(got) != 2 || !close(got[0], want) || !close(got[0]+got[1], 1) {
			t.Errorf("%v: %v, want %v first", lls, got, want)
		}
	}
}
