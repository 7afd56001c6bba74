package scoring

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestAGIEvalMathAgainstReference(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "agieval_math.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := py.ParseJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for _, v := range v.([]any) {
		row := v.(*py.Dict)
		text, gold := field[string](t, row, "text"), field[string](t, row, "gold")
		answer, ok, err := mathAnswer(text)
		if want, _ := row.Get("answer"); err != nil || ok != (want != nil) || ok && answer != want {
			t.Errorf("%q holds %q %v %v, want %s", text, answer, ok, err, py.Repr(want))
		}
		got, err := AGIEvalMath(context.Background(), Item{Doc: py.DictOf("answer", gold)}, Outcome{Filtered: text})
		want := number(t, row, "acc")
		if err != nil || got["acc"] != want {
			t.Errorf("%q against %q: %v %v, want %v", text, gold, got, err, want)
		}
		right += int(want)
	}
	if right < 50 {
		t.Errorf("%d are right: the fixture is cut", right)
	}
}
