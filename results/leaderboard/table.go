package leaderboard

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/results"
)

// Formats lists what Write takes beside results.Formats.
func Formats() []string { return []string{"latex", "html"} }

// Write prints the board in one of the formats. A terminal and a printed page
// get as many tables as the width needs.
func (b Board) Write(w io.Writer, format string) error {
	switch format {
	case "json":
		return results.Table{Value: b}.Write(w, format)
	case "csv":
		return b.csv().Write(w, format)
	case "html":
		return results.WriteHTML(w, "Leaderboard", b.tables(math.MaxInt, 0))
	case "latex":
		return results.WriteLaTeX(w, b.tables(110, 0))
	}
	width, breakAt := math.MaxInt, 0
	if format == "table" {
		width, breakAt = cmp.Or(b.Width, results.LineWidth), 16
	}
	for _, t := range b.tables(width, breakAt) {
		t.Width = min(b.Width, results.LineWidth) // long lines are hard to read
		if err := t.Write(w, format); err != nil {
			return err
		}
	}
	return nil
}

// tables lays each section out in tables of at most width characters, the
// names of columns broken into lines of breakAt (0: not at all).
func (b Board) tables(width, breakAt int) []results.Table {
	var out []results.Table
	for _, s := range b.Sections {
		out = append(out, s.tables(width, breakAt)...)
	}
	if len(out) == 0 {
		return nil
	}
	last := &out[len(out)-1]
	last.Notes = append(last.Notes, legend)
	if len(b.Sections) > 1 {
		last.Notes = append(last.Notes, fmt.Sprintf("The runs follow %d protocols: values of different tables are not comparable and not ranked together.", len(b.Sections)))
	}
	if b.Reference != nil {
		last.Notes = append(append(last.Notes, "Rows marked as published come from another evaluation, whose settings differ; they have no rank. Source: "+b.Reference.Source+"."), b.Reference.Notes...)
		if b.ruled() {
			last.Notes = append(last.Notes, "Marked †: the value that the publication's own rule gives, where it prints another.")
		}
	}
	return out
}

// ruled reports whether a published value follows the publication's rule.
func (b Board) ruled() bool {
	for _, s := range b.Sections {
		for _, r := range s.Rows {
			if slices.ContainsFunc(r.Cells, func(c *Cell) bool { return c != nil && c.ruled }) {
				return true
			}
		}
	}
	return false
}

const legend = "Value ± half of its 95% interval; values that are shares are in percent. In brackets the rank: 1 plus the number of runs that are significantly better on the documents both answered (paired tests, Holm's correction over all pairs of a column, level 5%), so that runs without a shown difference share a rank. The best value stands out only where it is significantly better than every other. Rows are in the order of their mean rank."

func (s Section) tables(width, breakAt int) []results.Table {
	labels := s.labels()
	if breakAt > 0 {
		for i, l := range labels {
			labels[i] = middleCut(l, 40)
		}
	}
	texts := make([][]string, len(s.Rows))
	for i := range s.Columns {
		share := s.share(i)
		for r, row := range s.Rows {
			texts[r] = append(texts[r], row.Cells[i].text(share))
		}
	}
	var out []results.Table
	for _, columns := range s.fitting(labels, texts, width, breakAt) {
		t := results.Table{Title: fmt.Sprintf("Protocol %.12s: %s", s.Protocol, s.Settings), Columns: []results.Column{{Name: "model"}}}
		for _, i := range columns {
			t.Columns = append(t.Columns, results.Column{Name: broken(s.Columns[i].label(), breakAt), Right: true})
		}
		for r, row := range s.Rows {
			cells, marked := []string{labels[r]}, []bool{false}
			for _, i := range columns {
				cells, marked = append(cells, texts[r][i]), append(marked, row.Cells[i] != nil && row.Cells[i].Best)
			}
			t.Rows, t.Marked = append(t.Rows, cells), append(t.Marked, marked)
		}
		out = append(out, t)
	}
	last := &out[len(out)-1]
	last.Notes = append(s.notes(), s.unranked()...)
	return out
}

// unranked says which columns rank some of their runs only.
func (s Section) unranked() []string {
	var notes []string
	for i, c := range s.Columns {
		runs, ranked := 0, 0
		for _, r := range s.Rows {
			if cell := r.Cells[i]; cell != nil && !r.Published {
				runs, ranked = runs+1, max(ranked, cell.Ranked)
			}
		}
		if ranked < runs {
			notes = append(notes, fmt.Sprintf("%s: only the best %d of %d runs by value are ranked; the others have no rank.", c.Task, ranked, runs))
		}
	}
	return notes
}

// labels are the rows' names: where runs share a model's, their folder tells
// them apart.
func (s Section) labels() []string {
	count := map[string]int{}
	for _, r := range s.Rows {
		if !r.Published {
			count[r.Model]++
		}
	}
	out := make([]string, len(s.Rows))
	for i, r := range s.Rows {
		switch {
		case r.Published:
			out[i] = r.Model + " (published)"
		case count[r.Model] > 1:
			out[i] = fmt.Sprintf("%s (%s)", r.Model, filepath.ToSlash(r.Dir))
		default:
			out[i] = r.Model
		}
	}
	return out
}

// middleCut shortens a text to n characters, keeping both ends.
func middleCut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n/2]) + "…" + string(r[len(r)-(n-n/2-1):])
}

// fitting picks columns in groups that fit the width.
func (s Section) fitting(labels []string, texts [][]string, width, breakAt int) [][]int {
	const frame = 3
	first := longest(append(labels, "model"))
	var out [][]int
	used := 0
	for i, c := range s.Columns {
		need := longest(strings.Split(broken(c.label(), breakAt), "\n"))
		for r := range texts {
			need = max(need, utf8.RuneCountInString(texts[r][i]))
		}
		if need += frame; len(out) == 0 || width != math.MaxInt && used+need > width {
			out, used = append(out, nil), first+frame+1
		}
		out[len(out)-1] = append(out[len(out)-1], i)
		used += need
	}
	if len(out) == 0 {
		return [][]int{nil}
	}
	return out
}

func longest(texts []string) int {
	n := 0
	for _, t := range texts {
		n = max(n, utf8.RuneCountInString(t))
	}
	return n
}

func (c Column) label() string {
	if c.HigherIsBetter {
		return c.Task
	}
	return c.Task + " ↓"
}

// broken breaks a name behind "_" and "/" into lines of about n characters.
func broken(s string, n int) string {
	if n == 0 {
		return s
	}
	var out strings.Builder
	line := 0
	for _, word := range strings.SplitAfter(strings.ReplaceAll(s, "/", "/_"), "_") {
		word = strings.ReplaceAll(word, "/_", "/")
		if size := utf8.RuneCountInString(word); line > 0 && line+size > n {
			out.WriteByte('\n')
			line = 0
		}
		out.WriteString(word)
		line += utf8.RuneCountInString(word)
	}
	return out.String()
}

// text is a cell for a reader, of a column of shares or of others.
func (c *Cell) text(share bool) string {
	if c == nil {
		return "-"
	}
	write := func(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }
	switch {
	case math.Abs(c.Value) >= 1e6:
		write = func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	case share:
		write = func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) }
	case math.Abs(c.Value) >= 10:
		write = func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
	}
	out := write(c.Value)
	if c.CILow != nil && c.CIHigh != nil {
		out += " ± " + write((*c.CIHigh-*c.CILow)/2)
	}
	if c.ruled {
		out = "†" + out
	}
	if c.Ranked > 1 {
		out += fmt.Sprintf(" (%d)", c.Rank)
	}
	return out
}

// share reports whether a column's values are shares of something good.
func (s Section) share(column int) bool {
	return s.Columns[column].HigherIsBetter && !slices.ContainsFunc(s.Rows, func(r Row) bool {
		c := r.Cells[column]
		return c != nil && (c.Value < 0 || c.Value > 1)
	})
}

// notes say what the columns are.
func (s Section) notes() []string {
	var order []string
	members := map[string][]string{}
	for _, c := range s.Columns {
		what := c.Metric
		if c.Filter != results.NoFilter {
			what += ", " + c.Filter
		}
		if c.Shots >= 0 {
			what += fmt.Sprintf(", %d shots", c.Shots)
		}
		if members[what] == nil {
			order = append(order, what)
		}
		members[what] = append(members[what], c.Task)
	}
	var parts []string
	for _, what := range order {
		parts = append(parts, what+": "+strings.Join(members[what], " "))
	}
	var out []string
	if len(parts) > 0 {
		out = append(out, strings.Join(parts, "; ")+".")
	}
	if slices.ContainsFunc(s.Columns, func(c Column) bool { return c.Sample }) {
		out = append(out, "Scored on the embedded sample, not the benchmark.")
	}
	if d := s.Settings.Documents; d.Limit != 0 || len(d.Items) > 0 || d.Shard != "" {
		out = append(out, "Limited runs: only some documents of each task were evaluated.")
	}
	if s.Settings.Documents.Sequential != nil {
		out = append(out, "Runs that stop early evaluate the documents that their gates need: their values lean towards what stopped them.")
	}
	return out
}
