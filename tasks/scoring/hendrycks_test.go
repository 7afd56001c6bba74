package scoring

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestHendrycksMath(t *testing.T) {
	for _, c := range []struct {
		solution, answer string
		want             float64
	}{
		{`Thus it is $\boxed{\frac{1}{2}}$.`, ` $\frac12$ I think`, 1},
		{`Thus it is $\boxed{\frac{1}{2}}$.`, `0.5`, 1},
		{`Thus it is $\boxed{\frac{1}{2}}$.`, `about $0.5$ or $1$`, 0},
		{`\boxed{1}, no: \boxed{(2,3)}`, " (2, 3)\n", 1},
		{`$x = \boxed 5$`, `5`, 1},
	} {
		row, err := HendrycksMath(context.Background(), Item{Doc: py.DictOf("solution", c.solution)}, Outcome{Filtered: c.answer})
		if err != nil || row["exact_match"] != c.want {
			t.Errorf("%q to %q: %v %v, want %v", c.answer, c.solution, row, err, c.want)
		}
	}
	// Where the judges differ, and where the exact one does not know.
	for _, c := range []struct {
		answer string
		want   Row
	}{
		{`\boxed{0.25}`, Row{"exact_match": 0, ExactJudge: 1, ExactUnknown: 0}},
		{`\boxed{\frac14}`, Row{"exact_match": 1, ExactJudge: 1, ExactUnknown: 0}},
		{`\boxed{4}`, Row{"exact_match": 0, ExactJudge: 0, ExactUnknown: 0}},
		{`\boxed{a quarter of it}`, Row{"exact_match": 0, ExactJudge: 0, ExactUnknown: 1}},
	} {
		row, err := HendrycksMath(context.Background(), Item{Doc: py.DictOf("solution", c.answer)}, Outcome{Filtered: `$\frac{1}{4}$`})
		if d := cmp.Diff(c.want, row); err != nil || d != "" {
			t.Errorf("%s: %v %s", c.answer, err, d)
		}
	}
	if _, err := HendrycksMath(context.Background(), Item{Doc: py.DictOf("solution", "five")}, Outcome{Filtered: "5"}); err == nil {
		t.Error("a solution without a box is no error")
	}
}
