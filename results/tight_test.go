package results

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTightTable(t *testing.T) {
	var b bytes.Buffer
	table := Table{
		Tight:   true,
		Columns: []Column{{Name: "task", Wrap: 10}, {Name: "ñ", Right: true}, {Name: "what"}},
		Rows:    [][]string{{"mmlu_abstract_algebra", "1", "ż"}, {"piqa", "123", ""}},
	}
	if err := table.Write(&b, "table"); err != nil {
		t.Fatal(err)
	}
	want := `task          ñ  what
──────────  ───  ────
mmlu_abstr    1  ż
  act_
  algebra
piqa        123
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestBroken(t *testing.T) {
	for name, want := range map[string][]string{
		"":                     {""},
		"abcdefgh":             {"abcdefgh"},
		"abcde_fghij":          {"abcde_", "  fghij"},
		"a_bcdefghijklm":       {"a_bcdefg", "  hijklm"},
		"exact_match,flexible": {"exact_", "  match,", "  flexib", "  le"},
	} {
		if diff := cmp.Diff(want, broken(name, 8)); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}
