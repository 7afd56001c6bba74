package scoring

import (
	"context"
	"testing"

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
	if _, err := HendrycksMath(context.Background(), Item{Doc: py.DictOf("solution", "five")}, Outcome{Filtered: "5"}); err == nil {
		t.Error("a solution without a box is no error")
	}
}
