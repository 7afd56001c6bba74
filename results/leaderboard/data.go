package leaderboard

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/llamaeval/llamaeval/results"
)

type cellJSON struct {
	Value  *float64 `json:"value"`
	CILow  *float64 `json:"ci_low"`
	CIHigh *float64 `json:"ci_high"`
	Rank   *int     `json:"rank"`
	Best   bool     `json:"best"`
	N      int32    `json:"n"`
	Kind   string   `json:"kind"`
	Metric string   `json:"metric"`
	Filter string   `json:"filter"`
	Shots  *int32   `json:"shots"`
}

type rowJSON struct {
	Model     string              `json:"model"`
	Out       string              `json:"out,omitempty"`
	Protocol  string              `json:"protocol"`
	Published bool                `json:"published"`
	Cells     map[string]cellJSON `json:"cells"`
}

type protocolJSON struct {
	Hash     string   `json:"hash"`
	Settings Settings `json:"settings"`
}

// MarshalJSON writes rows of cells by task, and the protocols they follow. A
// published row stands in each protocol that it is shown beside; it has no
// rank. What JSON cannot express (an infinite perplexity) is null.
func (b Board) MarshalJSON() ([]byte, error) {
	out := struct {
		Rows      []rowJSON      `json:"rows"`
		Protocols []protocolJSON `json:"protocols"`
		Reference string         `json:"reference,omitempty"`
	}{Rows: []rowJSON{}, Protocols: []protocolJSON{}}
	if b.Reference != nil {
		out.Reference = b.Reference.Name
	}
	for _, s := range b.Sections {
		out.Protocols = append(out.Protocols, protocolJSON{s.Protocol, s.Settings})
		for _, r := range s.Rows {
			row := rowJSON{r.Model, r.Dir, s.Protocol, r.Published, map[string]cellJSON{}}
			// Backwards: a group's column hides that of a task of its name.
			for i := len(s.Columns) - 1; i >= 0; i-- {
				if c := r.Cells[i]; c != nil {
					row.Cells[s.Columns[i].Task] = c.json(s.Columns[i])
				}
			}
			out.Rows = append(out.Rows, row)
		}
	}
	return json.Marshal(out)
}

func (c Cell) json(column Column) cellJSON {
	out := cellJSON{
		Value: finite(&c.Value), CILow: finite(c.CILow), CIHigh: finite(c.CIHigh), Best: c.Best, N: c.N,
		Kind: column.Kind, Metric: column.Metric, Filter: column.Filter,
	}
	if c.Rank > 0 {
		out.Rank = &c.Rank
		if column.Shots >= 0 { // a published value's are not the run's
			out.Shots = &column.Shots
		}
	}
	return out
}

func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

// csv is the whole board as one table: a run a row, for each column of any
// section its value, interval, rank, and whether it is best.
func (b Board) csv() results.Table {
	t := results.Table{Columns: []results.Column{{Name: "model"}, {Name: "out"}, {Name: "protocol"}, {Name: "source"}}}
	at := map[name]int{}
	for _, s := range b.Sections {
		for _, c := range s.Columns {
			n := name{c.Kind, c.Task}
			if _, ok := at[n]; ok {
				continue
			}
			at[n] = len(t.Columns)
			for _, suffix := range []string{"", " ci_low", " ci_high", " rank", " best"} {
				t.Columns = append(t.Columns, results.Column{Name: c.Task + suffix})
			}
		}
	}
	for _, s := range b.Sections {
		for _, r := range s.Rows {
			row := make([]string, len(t.Columns))
			row[0], row[1], row[2], row[3] = r.Model, r.Dir, s.Protocol, "run"
			if r.Published {
				row[3] = "published, settings differ"
			}
			for i, c := range r.Cells {
				if c != nil {
					copy(row[at[name{s.Columns[i].Kind, s.Columns[i].Task}]:], c.fields())
				}
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (c Cell) fields() []string {
	write := func(v *float64) string {
		if v == nil || math.IsNaN(*v) {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	out := []string{write(&c.Value), write(c.CILow), write(c.CIHigh), "", ""}
	if c.Rank > 0 {
		out[3], out[4] = strconv.Itoa(c.Rank), strconv.FormatBool(c.Best)
	}
	return out
}
