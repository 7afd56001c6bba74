package tasks

import (
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestMathDocs(t *testing.T) {
	docs, err := mapDocs(mathDoc)([]*py.Dict{
		py.DictOf("problem", "p", "solution", `so $\boxed{x^{2}}$`),
		py.DictOf("problem", "p", "answer", "old", "solution", `\boxed{7}`, "level", int64(3)), // MATH-500
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`{'problem': 'p', 'solution': 'so $\\boxed{x^{2}}$', 'answer': 'x^{2}'}`,
		`{'problem': 'p', 'answer': '7', 'solution': '\\boxed{7}', 'level': 3}`,
	} {
		if got := py.Repr(docs[i]); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for _, doc := range []*py.Dict{py.DictOf("solution", "no box"), py.DictOf("problem", "p")} {
		if _, err := mapDocs(mathDoc)([]*py.Dict{doc}); err == nil {
			t.Errorf("no error for %s", py.Repr(doc))
		}
	}
}
