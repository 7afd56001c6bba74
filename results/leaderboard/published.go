package leaderboard

import (
	"math"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/reference"
)

// publishedRows are the models of a publication with the values it has for
// the columns, as fractions. They have no rank: their settings differ.
func publishedRows(set reference.Set, columns []Column) []Row {
	var out []Row
	index := map[string]int{}
	for i, c := range columns {
		for _, t := range set.Tables {
			for k, column := range t.Columns {
				if column.Task != c.Task {
					continue
				}
				for r, published := range t.Rows {
					value, ok := set.Cell(t, r, k)
					if !ok {
						continue
					}
					at, known := index[published.Model]
					if !known {
						at = len(out)
						index[published.Model] = at
						out = append(out, Row{Model: published.Model, Published: true, Cells: make([]*Cell, len(columns))})
					}
					// Where it stands several times the first is the one that
					// the publication's means are made of.
					if out[at].Cells[i] == nil {
						out[at].Cells[i] = publishedCell(value)
					}
				}
			}
		}
	}
	return out
}

func publishedCell(c reference.Cell) *Cell {
	out := &Cell{Value: c.Value / 100, N: int32(c.N), stderr: c.StdErr / 100, ruled: c.Printed != nil}
	if !math.IsNaN(c.StdErr) {
		low, high := results.Interval(out.Value, out.stderr, c.N, false)
		out.CILow, out.CIHigh = &low, &high
	}
	return out
}
