package results

import (
	"fmt"
	"strconv"

	"github.com/llamaeval/llamaeval/results/reference"
)

// publishedCell is a published value as JSON and CSV have it: a fraction,
// like the run's own scores.
type publishedCell struct {
	Model   string   `json:"model"`
	Task    string   `json:"task"`
	Metric  string   `json:"metric"`
	Shots   *int     `json:"shots"`
	N       int      `json:"n"`
	Value   float64  `json:"value"`
	StdErr  *float64 `json:"stderr"`
	Printed *float64 `json:"printed,omitempty"` // what is printed where value follows the rule instead
	Table   int      `json:"table"`
}

// publishedCells are all published values of what the run has scores for, the
// appendix included.
func publishedCells(set reference.Set, scores []Score) []publishedCell {
	out := []publishedCell{}
	for _, t := range set.Tables {
		for r, row := range t.Rows {
			for i, c := range t.Columns {
				if _, ok := ownScore(scores, c.Task); !ok {
					continue
				}
				cell, ok := set.Cell(t, r, i)
				if !ok {
					continue
				}
				p := publishedCell{
					Model: row.Model, Task: c.Task, Metric: c.Metric, Shots: c.Shots, N: cell.N,
					Value: fraction(cell.Value), Table: t.Number,
				}
				stderr := cell.StdErr / 100
				p.StdErr = finite(&stderr)
				if cell.Printed != nil {
					printed := fraction(*cell.Printed)
					p.Printed = &printed
				}
				out = append(out, p)
			}
		}
	}
	return out
}

// fraction of a percentage, without digits that the division makes up.
func fraction(percent float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(percent/100, 'f', 6, 64), 64)
	if err != nil {
		return percent / 100
	}
	return v
}

// withPublished adds columns for the model and the source to a table of
// scores, and the published values as rows. Only CSV puts both into one table.
func withPublished(t Table, model string, set reference.Set, scores []Score) Table {
	out := t
	out.Columns = append(append([]Column{}, t.Columns...), Column{Name: "model"}, Column{Name: "source"})
	out.Rows = nil
	for _, row := range t.Rows {
		out.Rows = append(out.Rows, append(append([]string{}, row...), model, "this run"))
	}
	for _, p := range publishedCells(set, scores) {
		source := fmt.Sprintf("%s table %d, settings differ", set.Name, p.Table)
		if p.Printed != nil {
			source += fmt.Sprintf(", by the paper's rule, printed %s", number(p.Printed))
		}
		byName := map[string]string{
			"task": p.Task, "shots": statedShots(reference.Column{Shots: p.Shots}), "metric": p.Metric,
			"value": number(&p.Value), "± stderr": number(p.StdErr), "n": strconv.Itoa(p.N),
			"data": "published", "model": p.Model, "source": source,
		}
		row := make([]string, len(out.Columns))
		for i, c := range out.Columns {
			row[i] = byName[c.Name]
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
