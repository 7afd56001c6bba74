package results

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTightTable(t *testing.T) {
	var b bytes.Buffer
	table := Table{
		Tight:   true,
		Columns: []Column{{Name: "task", Wrap: 13}, {Name: "ñ", Right: true}, {Name: "what"}},
		Rows:    [][]string{{"mmlu_abstract_algebra", "1", "ż"}, {"piqa", "123", ""}},
	}
	if err := table.Write(&b, "table"); err != nil {
		t.Fatal(err)
	}
	want := `task             ñ  what
─────────────  ───  ────
mmlu_abstract    1  ż
  _algebra
piqa           123
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// The first column that may wrap leaves the others their room.
func TestTightTableFits(t *testing.T) {
	var b bytes.Buffer
	long := strings.Repeat("ab_", 12)
	table := Table{
		Tight:   true,
		Columns: []Column{{Name: "task", Wrap: 24}, {Name: "a"}, {Name: "b"}},
		Rows:    [][]string{{long, strings.Repeat("x", 40), strings.Repeat("y", 40)}},
	}
	if err := table.Write(&b, "table"); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > LineWidth {
			t.Errorf("%d characters: %s", n, line)
		}
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
