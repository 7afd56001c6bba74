package scoring

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// Expected values are counted by hand from the rules of the paper.
func TestQuAC(t *testing.T) {
	for _, c := range []struct {
		golds      []any
		prediction string
		want       Row
	}{
		{[]any{"rye"}, " rye.", Row{"f1": 1, "f1_all": 1, "heq": 1}},
		{[]any{"rye"}, "wheat", Row{"f1": 0, "f1_all": 0, "heq": 0}},
		// Leaving out either answer, the other one scores 1 and 2/3.
		{[]any{"rye", "old rye"}, "rye", Row{"f1": (1 + 2.0/3) / 2, "f1_all": (1 + 2.0/3) / 2, "heq": 1}},
		// The model: 2/3, 2/3 and 1/2 against each answer. People: 1/2, 1/2 and 2/5.
		{[]any{"red b", "red c", "d red f"}, "red", Row{"f1": 2.0 / 3, "f1_all": 2.0 / 3, "heq": 1}},
		// People agree by less than 0.4: the question does not count.
		{[]any{"red", "green", "blue"}, "green", Row{"f1_all": 2.0 / 3}},
		// A draw, or a majority, says that there is no answer.
		{[]any{"rye", "CANNOTANSWER"}, "CANNOTANSWER", Row{"f1": 1, "f1_all": 1, "heq": 1}},
		{[]any{"rye", "CANNOTANSWER"}, "rye", Row{"f1": 0, "f1_all": 0, "heq": 0}},
		// A minority is left out.
		{[]any{"rye", "rye", "CANNOTANSWER"}, "rye", Row{"f1": 1, "f1_all": 1, "heq": 1}},
		{[]any{"the"}, "a", Row{"f1": 0, "f1_all": 0, "heq": 0}},
	} {
		row, err := QuAC(context.Background(), Item{Doc: py.DictOf("answers", c.golds)}, Outcome{Filtered: c.prediction})
		if d := cmp.Diff(c.want, row, cmp.Comparer(close)); d != "" || err != nil {
			t.Errorf("%q to %v: %s %v", c.prediction, c.golds, d, err)
		}
	}
	for _, answers := range []py.Value{nil, []any{}, []any{int64(1)}} {
		if _, err := QuAC(context.Background(), Item{Doc: py.DictOf("answers", answers)}, Outcome{Filtered: ""}); err == nil {
			t.Errorf("answers %v: no error", answers)
		}
	}
}

func TestSQuAD(t *testing.T) {
	item := Item{Doc: py.DictOf("answers", py.DictOf("text", []any{"10th century", "the year 912"}))}
	for prediction, want := range map[string]Row{
		"The 10th century.":      {"exact_match": 1, "f1": 1},
		"in the 10th or century": {"exact_match": 0, "f1": 2.0 / 3},
		"":                       {"exact_match": 0, "f1": 0},
	} {
		row, err := SQuAD(context.Background(), item, Outcome{Filtered: prediction})
		if d := cmp.Diff(want, row, cmp.Comparer(close)); d != "" || err != nil {
			t.Errorf("%q: %s %v", prediction, d, err)
		}
	}
	if _, err := SQuAD(context.Background(), Item{Doc: py.NewDict()}, Outcome{Filtered: ""}); err == nil {
		t.Error("a document without answers is no error")
	}
}
