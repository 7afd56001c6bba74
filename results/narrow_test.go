package results

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// At a terminal every table fits, down to what numbers and ten characters of
// each text need, and none loses a column that is not spare.
func TestNarrowedFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(40, 200).Draw(t, "width")
		table := Table{Width: width}
		columns := rapid.IntRange(1, 7).Draw(t, "columns")
		least := 0
		for i := range columns {
			c := Column{Name: "c", Right: rapid.Bool().Draw(t, "right"), Spare: i > 0 && rapid.Bool().Draw(t, "spare")}
			if !c.Spare {
				least += leastWrap + 2
			}
			table.Columns = append(table.Columns, c)
		}
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			var row []string
			for _, c := range table.Columns {
				most := 70
				if c.Right {
					most = leastWrap
				}
				row = append(row, strings.Repeat("x", rapid.IntRange(0, most).Draw(t, "cell")))
			}
			table.Rows = append(table.Rows, row)
		}
		var b bytes.Buffer
		if err := table.Write(&b, "table"); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(b.String(), "\n")
		for line := range strings.SplitSeq(b.String(), "\n") {
			if n := utf8.RuneCountInString(line); n > max(width, least) {
				t.Errorf("%d characters of %d: %s", n, width, line)
			}
		}
		wanted := 0
		for _, c := range table.Columns {
			if !c.Spare {
				wanted++
			}
		}
		if got := strings.Count(head, "c"); !strings.HasPrefix(head, "┌") && got < wanted {
			t.Errorf("%d columns of %d are left", got, wanted)
		}
	})
}

func TestNarrowedSaysWhatIsLeftOut(t *testing.T) {
	table := Table{Width: 40, Columns: []Column{{Name: "task"}, {Name: "source", Spare: true}}, Rows: [][]string{{"piqa", strings.Repeat("a/", 30)}}}
	var b bytes.Buffer
	if err := table.Write(&b, "table"); err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(b.String(), "\nterminal", " terminal"); !strings.HasPrefix(got, "task\n────\npiqa\n") || !strings.Contains(got, "source.\n--format csv has") {
		t.Error(got)
	}
}
