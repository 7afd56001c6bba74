package scoring

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func responsesOf(lls ...float64) Outcome {
	var out Outcome
	for _, ll := range lls {
		out.Responses = append(out.Responses, Response{LogLikelihood: ll})
	}
	return out
}

func TestTruthfulQAMC2(t *testing.T) {
	ctx := context.Background()
	doc := func(labels ...any) Item {
		return Item{Doc: py.DictOf("mc2_targets", py.DictOf("choices", []any{}, "labels", labels))}
	}
	out := responsesOf(math.Log(0.3), math.Log(0.1), math.Log(0.2))
	row, err := TruthfulQAMC2(ctx, doc(int64(1), int64(0), int64(1)), out)
	if err != nil || !close(row["acc"], 0.5/0.6) {
		t.Error(row, err)
	}
	if _, err := TruthfulQAMC2(ctx, doc(int64(1)), out); err == nil {
		t.Error("three answers to one label are no error")
	}
	if _, err := TruthfulQAMC2(ctx, Item{Doc: py.NewDict()}, out); err == nil {
		t.Error("a document without labels is no error")
	}
}

func TestWikitextRow(t *testing.T) {
	ctx := context.Background()
	row, err := Wikitext(ctx, Item{Doc: py.DictOf("page", " Ä b\n\n"), Target: "Äb"}, responsesOf(-7))
	// " Ä b\n\n" has 7 bytes and, split at white space, 4 pieces.
	want := Row{"word_perplexity": -7, "word_perplexity/weight": 4, "byte_perplexity": -7, "byte_perplexity/weight": 7, "bits_per_byte": -7, "bits_per_byte/weight": 7}
	if d := cmp.Diff(want, row); d != "" || err != nil {
		t.Error(d, err)
	}
	if _, err := Wikitext(ctx, Item{Doc: py.NewDict()}, responsesOf(-7)); err == nil {
		t.Error("a document without a page is no error")
	}
}

// Any of several right answers counts, and lengths are those of the texts.
func TestAGIEvalChoices(t *testing.T) {
	item := Item{Choices: []string{"a", "bbbb", "cc"}, Target: []any{int64(0), int64(1)}, MultipleTargets: true}
	for _, c := range []struct {
		out  Outcome
		want Row
	}{
		{responsesOf(-4, -3, -5), Row{"acc": 1, "acc_norm": 1}},
		{responsesOf(-4, -6, -2), Row{"acc": 0, "acc_norm": 0}},
		{responsesOf(-4, -3.9, -1.8), Row{"acc": 0, "acc_norm": 0}},
		{responsesOf(-4, -3, -2), Row{"acc": 0, "acc_norm": 1}},
	} {
		row, err := AGIEvalChoices(context.Background(), item, c.out)
		if d := cmp.Diff(c.want, row); d != "" || err != nil {
			t.Errorf("%v: %s %v", c.out, d, err)
		}
	}
}

// Expected blocks come from the harness's own function.
func TestFencedCode(t *testing.T) {
	for answer, want := range map[string]string{
		"python\ndef f():\n  pass\n```\nmore": "def f():\n  pass",
		"Here:\n```python\nx = 1\n```":        ":",
		"no code":                             "",
		"\n a\n```b```":                       " a",
		"one ```two``` three":                 " ",
		"```\ny\n":                            "",
		"x\n\n```":                            "",
	} {
		got, err := FencedCode().Apply(Item{}, []any{answer})
		if d := cmp.Diff(py.Value([]any{want}), got); d != "" || err != nil {
			t.Errorf("%q: %s %v", answer, d, err)
		}
	}
}
