package results

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A Table is anything that is printed as rows: scores, a list of tasks, the
// parameters of a model.
type Table struct {
	Title   string // a line above; CSV and JSON leave it out
	Columns []Column
	Rows    [][]string // cells, as many as Columns
	Marked  [][]bool   // cells that stand out, in the shape of Rows; nil: none
	Notes   []string   // lines under the table; CSV and JSON leave them out
	Tight   bool       // no frame in a terminal
	Width   int        // of the terminal, characters; 0: as it is found, else LineWidth
	Value   any        // what JSON prints; nil: a list of objects, column name to cell
}

// A Column is a heading and where its cells stand.
type Column struct {
	Name  string
	Right bool // numbers
	// Noted columns repeat what a note says. CSV has no notes, so only it
	// shows them.
	Noted bool
	Wrap  int  // of a Tight table: cells longer than this go on below; 0: never
	Spare bool // a narrow terminal does not show it
}

// formats is the one place where an output format is added.
var formats = []struct {
	name  string
	write func(io.Writer, Table) error
}{
	{"table", writeText},
	{"json", writeJSON},
	{"markdown", writeMarkdown},
	{"csv", writeCSV},
}

// Formats returns the names that Table.Write takes, the default first.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// CheckFormat returns an error that lists the formats when there is none of
// that name.
func CheckFormat(name string) error {
	for _, f := range formats {
		if f.name == name {
			return nil
		}
	}
	return fmt.Errorf("unknown format %q: choose one of %s", name, strings.Join(Formats(), ", "))
}

// Write prints the table in one of Formats.
func (t Table) Write(w io.Writer, format string) error {
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return fmt.Errorf("table row %d has %d cells for %d columns", i, len(row), len(t.Columns))
		}
	}
	for _, f := range formats {
		if f.name == format {
			return f.write(w, t)
		}
	}
	return CheckFormat(format)
}

func (t Table) header() []string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

// withNotes is the table where notes stand under it.
func (t Table) withNotes() Table {
	out := t
	out.Columns, out.Rows, out.Marked = nil, make([][]string, len(t.Rows)), make([][]bool, len(t.Rows))
	for i, c := range t.Columns {
		if c.Noted {
			continue
		}
		out.Columns = append(out.Columns, c)
		for k, row := range t.Rows {
			out.Rows[k] = append(out.Rows[k], row[i])
			out.Marked[k] = append(out.Marked[k], t.marked(k, i))
		}
	}
	return out
}

// marked reports whether a cell stands out.
func (t Table) marked(row, column int) bool { return t.Marked != nil && t.Marked[row][column] }

// changed is the table with each text changed, those that stand out then
// changed by mark.
func (t Table) changed(change, mark func(string) string) Table {
	out := t
	out.Columns, out.Rows = make([]Column, len(t.Columns)), make([][]string, len(t.Rows))
	for i, c := range t.Columns {
		out.Columns[i] = c
		out.Columns[i].Name = change(c.Name)
	}
	for i, row := range t.Rows {
		out.Rows[i] = make([]string, len(row))
		for k, cell := range row {
			if out.Rows[i][k] = change(cell); t.marked(i, k) {
				out.Rows[i][k] = mark(out.Rows[i][k])
			}
		}
	}
	return out
}

func writeText(w io.Writer, t Table) error {
	t = t.withNotes().changed(Visible, func(s string) string { return s + " *" })
	if t.Width == 0 {
		t.Width = TerminalWidth(w)
	}
	if t.Title != "" {
		if _, err := fmt.Fprintf(w, "\n%s\n", Wrap(Visible(t.Title), min(t.width(), LineWidth))); err != nil {
			return err
		}
	}
	if t.Width > 0 && !t.Tight {
		t = t.narrowed()
	}
	render := func(w io.Writer, t Table) error { return t.render(w, renderer.NewBlueprint()) }
	if t.Tight {
		render = writeTight
	}
	if err := render(w, t); err != nil {
		return err
	}
	for _, note := range t.Notes {
		if _, err := fmt.Fprintln(w, Wrap(note, min(t.width(), LineWidth))); err != nil {
			return err
		}
	}
	return nil
}

// LineWidth is where lines of text break, characters, if no terminal is
// narrower.
const LineWidth = 100

func (t Table) width() int {
	if t.Width == 0 {
		return LineWidth
	}
	return t.Width
}

// Wrap breaks a text at spaces into lines of at most so many characters; words
// that are longer stay whole.
func Wrap(text string, lineWidth int) string {
	var out strings.Builder
	width := 0
	for word := range strings.SplitSeq(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case width == 0:
		case width+1+n > lineWidth:
			out.WriteByte('\n')
			width = 0
		default:
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += n
	}
	return out.String()
}

// writeMarkdown escapes what would end a cell: the library does not.
func writeMarkdown(w io.Writer, t Table) error {
	t = t.withNotes()
	if t.Title != "" {
		if _, err := fmt.Fprintf(w, "\n**%s**\n\n", escapeMarkdown(t.Title)); err != nil {
			return err
		}
	}
	escaped := t.changed(escapeMarkdown, func(s string) string { return "**" + s + "**" })
	if err := escaped.render(w, renderer.NewMarkdown()); err != nil {
		return err
	}
	for _, note := range t.Notes {
		if _, err := fmt.Fprintf(w, "\n%s\n", escapeMarkdown(note)); err != nil {
			return err
		}
	}
	return nil
}

func (t Table) render(w io.Writer, r tw.Renderer) error {
	align := make([]tw.Align, len(t.Columns))
	for i, c := range t.Columns {
		align[i] = tw.AlignLeft
		if c.Right {
			align[i] = tw.AlignRight
		}
	}
	cells := tw.CellAlignment{PerColumn: align}
	table := tablewriter.NewTable(w,
		tablewriter.WithRenderer(r),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(cells),
		tablewriter.WithRowAlignmentConfig(cells),
	)
	table.Header(t.header())
	if err := table.Bulk(t.Rows); err != nil {
		return err
	}
	return table.Render()
}

func writeCSV(w io.Writer, t Table) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.header()); err != nil {
		return err
	}
	// WriteAll flushes and reports what the flush met.
	return c.WriteAll(t.Rows)
}

func writeJSON(w io.Writer, t Table) error {
	value := t.Value
	if value == nil {
		rows := make([]map[string]string, len(t.Rows))
		for i, row := range t.Rows {
			rows[i] = make(map[string]string, len(row))
			for j, cell := range row {
				rows[i][t.Columns[j].Name] = cell
			}
		}
		value = rows
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}
