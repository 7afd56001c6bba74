package tasks

import (
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestToxigenTarget(t *testing.T) {
	for _, c := range []struct {
		ai, human py.Value
		want      string
	}{
		{2.75, 2.75, "0"}, {3.0, 2.6, "1"}, {int64(5), 1.0, "1"}, {1.0, 1.0, "0"},
	} {
		got, err := toxigenTarget(py.DictOf("text", "x", "toxicity_ai", c.ai, "toxicity_human", c.human))
		if err != nil || py.Repr(got) != c.want {
			t.Errorf("%v and %v: %s, %v, want %s", c.ai, c.human, py.Repr(got), err, c.want)
		}
	}
	for _, doc := range []*py.Dict{py.DictOf("toxicity_ai", 1.0), py.DictOf("toxicity_ai", nil, "toxicity_human", 1.0)} {
		if _, err := toxigenTarget(doc); err == nil {
			t.Errorf("no error for %s", py.Repr(doc))
		}
	}
}
