package results

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/results/reference"
)

// tableWidth is what a table beside published values keeps to, characters.
const tableWidth = 80

// published lays the run's values out above those of a publication, a model a
// row, in as many tables as the width needs.
func published(set reference.Set, scores []Score) []Table {
	var out []Table
	for _, t := range set.Tables {
		if !t.Shown {
			continue
		}
		for _, columns := range fitting(t, scores) {
			out = append(out, comparison(set, t, columns, scores))
		}
	}
	if len(out) > 0 {
		last := &out[len(out)-1]
		last.Notes = append(append(last.Notes, "Source: "+set.Source+"."), set.Notes...)
	}
	return out
}

// fitting picks the columns that the run has values for, in groups that fit
// the width.
func fitting(t reference.Table, scores []Score) [][]int {
	const first, least, frame = len("shots, published") + 4, len("10.0 ± 10.0"), 3
	var out [][]int
	width := tableWidth
	for i, c := range t.Columns {
		if _, ok := ownScore(scores, c.Task); !ok {
			continue
		}
		need := max(least, len(c.Label)) + frame
		if width+need > tableWidth {
			out, width = append(out, nil), first
		}
		out[len(out)-1] = append(out[len(out)-1], i)
		width += need
	}
	return out
}

// ownScore is the run's primary score of a task or group.
func ownScore(scores []Score, task string) (Score, bool) {
	if s, ok := primary(scores, task, KindGroup); ok {
		return s, true
	}
	return primary(scores, task, KindTask)
}

// comparison makes one table: the run, the published models, and how many
// items and shots stand behind either.
func comparison(set reference.Set, t reference.Table, columns []int, scores []Score) Table {
	out := Table{
		Title:   fmt.Sprintf("%s, table %d: %s (%% ± standard error, settings differ)", set.Title, t.Number, t.Caption),
		Columns: []Column{{Name: ""}},
	}
	own, ownN, n := []string{"this run"}, []string{"n, this run"}, []string{"n, published"}
	ownShots, publishedShots := []string{"shots, this run"}, []string{"shots, published"}
	var items []string
	for _, i := range columns {
		c := t.Columns[i]
		s, _ := ownScore(scores, c.Task)
		out.Columns = append(out.Columns, Column{Name: c.Label, Right: true})
		own = append(own, valueAndError(100*s.Value, 1, scaled(s.StdErr)))
		ownN, ownShots = append(ownN, strconv.Itoa(int(s.N))), append(ownShots, shots(s.Shots))
		n, publishedShots = append(n, publishedItems(set, t, i)), append(publishedShots, statedShots(c))
		if len(c.Members) > 0 {
			items = append(items, c.Label+": "+set.Items(c))
		}
	}
	out.Rows = append(out.Rows, own)
	var ruled []string
	for r, row := range t.Rows {
		cells := []string{row.Model}
		for _, i := range columns {
			cell, ok := set.Cell(t, r, i)
			text := "-"
			if ok {
				text = valueAndError(cell.Value, -1, cell.StdErr)
			}
			if cell.Printed != nil {
				text = "†" + text
				ruled = append(ruled, fmt.Sprintf("%s %s", row.Model, decimals(*cell.Printed, -1)))
			}
			cells = append(cells, text)
		}
		out.Rows = append(out.Rows, cells)
	}
	out.Rows = append(out.Rows, ownN, n, ownShots, publishedShots)
	if len(ruled) > 0 {
		out.Notes = append(out.Notes, set.RuleNote+" "+strings.Join(ruled, ", ")+".")
	}
	if len(items) > 0 {
		out.Notes = append(out.Notes, "Published n: "+strings.Join(items, "; ")+".")
	}
	return out
}

// publishedItems is the number of items behind a column of any model.
func publishedItems(set reference.Set, t reference.Table, column int) string {
	for r := range t.Rows {
		if c, ok := set.Cell(t, r, column); ok {
			return strconv.Itoa(c.N)
		}
	}
	return "-"
}

func statedShots(c reference.Column) string {
	if c.Shots == nil {
		return "-"
	}
	return strconv.Itoa(*c.Shots)
}

// scaled is a standard error in percent, NaN without one.
func scaled(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return 100 * *v
}

// valueAndError writes percents; digits -1 keeps those a value was printed
// with, at least one.
func valueAndError(value float64, digits int, stderr float64) string {
	if math.IsNaN(value) {
		return "-"
	}
	if math.IsNaN(stderr) {
		return decimals(value, digits)
	}
	return decimals(value, digits) + " ± " + decimals(stderr, 1)
}

func decimals(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if digits < 0 && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
