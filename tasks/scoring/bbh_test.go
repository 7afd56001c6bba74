package scoring

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// bbhFixture reads what scripts/fixtures/bbh_filters.py made.
func bbhFixture(t *testing.T) *py.Dict {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "bbh_filters.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := py.ParseJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return v.(*py.Dict)
}

// TestBBHFiltersAgainstReference: where the harness's own filter fails, ours
// gives its fallback or an error.
func TestBBHFiltersAgainstReference(t *testing.T) {
	found := map[string]int{}
	for _, row := range dicts(t, bbhFixture(t), "rows") {
		name := field[string](t, row, "filter")
		f, err := NewFilter("bbh."+name, field[*py.Dict](t, row, "args"))
		if err != nil {
			t.Fatal(err)
		}
		item := Item{Doc: py.DictOf("input", field[string](t, row, "question"))}
		response := field[string](t, row, "response")
		got, err := f.Apply(item, []any{response})
		want, _ := row.Get("want")
		switch {
		case want == nil && (err != nil || py.Repr(got) == "['[invalid]']"):
		case err != nil || py.Repr(got) != py.Repr([]any{want}):
			t.Errorf("%s of %q on %s: got %s, %v, want %s", name, response, py.Repr(item.Doc), py.Repr(got), err, py.Repr(want))
		case want != "[invalid]" && want != "":
			found[name]++
		}
	}
	for _, name := range []string{"MultiChoiceRegexFilter", "MapRegexFilter", "NumberParseRegexFilter", "WordSortFilter"} {
		if found[name] < 10 {
			t.Errorf("%s finds something in %d rows only", name, found[name])
		}
	}
}

func TestWordsToNumberAgainstWord2number(t *testing.T) {
	numbers := 0
	for _, row := range dicts(t, bbhFixture(t), "words") {
		text := field[string](t, row, "text")
		got, ok := wordsToNumber(text)
		want, _ := row.Get("number")
		if ok != (want != nil) || ok && want != got {
			t.Errorf("%q: %d %v, want %s", text, got, ok, py.Repr(want))
		}
		if ok {
			numbers++
		}
	}
	if numbers < 100 {
		t.Errorf("%d numbers: the fixture is cut", numbers)
	}
}
