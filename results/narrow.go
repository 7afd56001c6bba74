package results

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// TerminalWidth is how many characters fit a line of the terminal that w is; 0
// if it is none, or hardly one.
func TerminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		return 0
	}
	return width
}

// narrowed is a table with a frame as it fits t.Width: as it is if it does, else
// without the frame, then without its Spare columns, the last first, then with
// texts that go on below.
func (t Table) narrowed() Table {
	const frame, gap = 3, 2 // characters a column beside its cells
	widths := t.widths()
	if total(widths)+frame*len(widths)+1 <= t.Width {
		return t
	}
	t.Tight = true
	fits := func() bool { return total(widths)+gap*(len(widths)-1) <= t.Width }
	var left []string
	for i := len(t.Columns) - 1; i >= 0 && !fits(); i-- {
		if t.Columns[i].Spare {
			left = append(left, t.Columns[i].Name)
			t = t.without(i)
			widths = t.widths()
		}
	}
	if len(left) > 0 {
		slices.Reverse(left)
		t.Notes = append(slices.Clone(t.Notes), fmt.Sprintf("Too wide for this terminal: %s. --format csv has all columns.", strings.Join(left, ", ")))
	}
	t.Columns = slices.Clone(t.Columns)
	for !fits() {
		widest := -1
		for i, c := range t.Columns {
			if !c.Right && widths[i] > leastWrap && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // numbers alone are too wide
		}
		widths[widest]--
		t.Columns[widest].Wrap = widths[widest]
	}
	return t
}

// TightWidth is how many characters a line of the table has without a frame.
func (t Table) TightWidth() int { return total(t.widths()) + 2*(len(t.Columns)-1) }

// widths are the characters of each column's longest cell.
func (t Table) widths() []int {
	out := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = utf8.RuneCountInString(c.Name)
		for _, row := range t.Rows {
			n := utf8.RuneCountInString(row[i])
			if c.Wrap > 0 {
				n = min(n, c.Wrap)
			}
			out[i] = max(out[i], n)
		}
	}
	return out
}

func total(widths []int) (sum int) {
	for _, n := range widths {
		sum += n
	}
	return sum
}

// without is the table without a column.
func (t Table) without(column int) Table {
	t.Columns = slices.Delete(slices.Clone(t.Columns), column, column+1)
	rows, marked := make([][]string, len(t.Rows)), make([][]bool, len(t.Marked))
	for i, row := range t.Rows {
		rows[i] = slices.Delete(slices.Clone(row), column, column+1)
	}
	for i, row := range t.Marked {
		marked[i] = slices.Delete(slices.Clone(row), column, column+1)
	}
	t.Rows = rows
	if t.Marked != nil {
		t.Marked = marked
	}
	return t
}
