package results

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// writeTight prints a table without a frame, for many columns in a narrow
// terminal. Cells of a column with a Wrap go on in lines below.
func writeTight(w io.Writer, t Table) error {
	t = t.fitted()
	lines := [][]string{t.header()}
	lines = append(lines, make([]string, len(t.Columns))) // the rule, once widths are known
	for _, row := range t.Rows {
		lines = append(lines, wrapped(t.Columns, row)...)
	}
	widths := make([]int, len(t.Columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, n := range widths {
		lines[1][i] = strings.Repeat("─", n)
	}
	var out strings.Builder
	for _, line := range lines {
		var text strings.Builder
		for i, cell := range line {
			blanks := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.Columns[i].Right {
				text.WriteString(blanks + cell + "  ")
			} else {
				text.WriteString(cell + blanks + "  ")
			}
		}
		out.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// leastWrap is what a narrowed column keeps, characters.
const leastWrap = 10

// fitted narrows the first column with a Wrap as far as the others need it for
// its width.
func (t Table) fitted() Table {
	first, left := -1, t.width()+2
	for i, c := range t.Columns {
		width := utf8.RuneCountInString(c.Name)
		for _, row := range t.Rows {
			width = max(width, utf8.RuneCountInString(row[i]))
		}
		switch {
		case c.Wrap > 0 && first < 0:
			first, width = i, 0
		case c.Wrap > 0:
			width = min(width, c.Wrap)
		}
		left -= width + 2
	}
	if first >= 0 {
		t.Columns = slices.Clone(t.Columns)
		t.Columns[first].Wrap = max(leastWrap, min(left, t.Columns[first].Wrap))
	}
	return t
}

// wrapped is a row as lines.
func wrapped(columns []Column, row []string) [][]string {
	out := [][]string{make([]string, len(row))}
	for i, cell := range row {
		parts := []string{cell}
		if columns[i].Wrap > 0 {
			parts = broken(cell, columns[i].Wrap)
		}
		for k, part := range parts {
			if k == len(out) {
				out = append(out, make([]string, len(row)))
			}
			out[k][i] = part
		}
	}
	return out
}

// broken cuts a text into parts of at most width runes, after a blank or one of
// "_,-/" where one stands in the later half; parts after the first are indented.
func broken(name string, width int) []string {
	const indent = "  "
	var out []string
	rest := []rune(name)
	for len(rest) > width {
		cut := width
		for i := width; i > width/2; i-- {
			if strings.ContainsRune(" _,-/", rest[i-1]) {
				cut = i
				break
			}
		}
		out = append(out, string(rest[:cut]))
		rest = append([]rune(indent), rest[cut:]...)
	}
	return append(out, string(rest))
}
