// Package reference holds values that others published, to be shown beside a
// run's own. Each set is one embedded file: tables as printed, in percent,
// with the number of items behind each benchmark.
package reference

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
)

// A Set is what one publication reports.
type Set struct {
	Name     string   `json:"name"` // of --reference
	Title    string   `json:"title"`
	Source   string   `json:"source"`
	Notes    []string `json:"notes"`     // what a reader of any value must know
	RuleNote string   `json:"rule_note"` // stands before values shown by their rule
	Tables   []Table  `json:"tables"`
}

// A Table is one of the publication's. Where a benchmark stands in several
// columns, the first one is the setting that means are made of.
type Table struct {
	Number  int      `json:"number"`
	Caption string   `json:"caption"`
	Shown   bool     `json:"shown"` // printed; the others are for means, JSON and CSV
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
}

// A Column is a benchmark, or a mean over others of the set.
type Column struct {
	Task    string   `json:"task"` // our name of the task or group
	Label   string   `json:"label"`
	Metric  string   `json:"metric"`
	Shots   *int     `json:"shots"`   // nil: they differ, or are not stated
	N       int      `json:"n"`       // items; 0 for a mean
	Members []string `json:"members"` // tasks whose plain mean it is
}

// A Row is one model; nil is a value that is not reported.
type Row struct {
	Model  string     `json:"model"`
	Values []*float64 `json:"values"`
}

// A Cell is one published value, in percent.
type Cell struct {
	Value  float64
	StdErr float64
	N      int // items behind it
	// Printed is what the publication has where that is not what its own
	// rule gives; Value then follows the rule.
	Printed *float64
}

//go:embed llama2-paper.json
var llama2 []byte

var sets = map[string]func() (Set, error){
	"llama2-paper": sync.OnceValues(func() (Set, error) { return parse(llama2) }),
}

// Load returns a set by its name.
func Load(name string) (Set, error) {
	load := sets[name]
	if load == nil {
		return Set{}, fmt.Errorf("no reference %q: use llama2-paper", name)
	}
	return load()
}

func parse(data []byte) (Set, error) {
	var s Set
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("reference: %w", err)
	}
	for _, t := range s.Tables {
		for _, r := range t.Rows {
			if len(r.Values) != len(t.Columns) {
				return s, fmt.Errorf("reference %s, table %d: %s has %d values for %d columns", s.Name, t.Number, r.Model, len(r.Values), len(t.Columns))
			}
		}
	}
	return s, nil
}

// Tasks lists the tasks and groups that the printed tables have values for.
func (s Set) Tasks() []string {
	var out []string
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			if t.Shown {
				out = append(out, c.Task)
			}
		}
	}
	return out
}

// ruleTolerance is half of the last printed digit, in percent.
const ruleTolerance = 0.0501

// Cell returns the value of a row in a column of t, false where none is
// reported. Standard errors are binomial, 100·sqrt(p(1-p)/n); that of a mean
// of k members is the root of the sum of their squares, over k. A mean that
// its members do not give is replaced by the one they give.
func (s Set) Cell(t Table, row, column int) (Cell, bool) {
	v, c := t.Rows[row].Values[column], t.Columns[column]
	if v == nil {
		return Cell{}, false
	}
	if len(c.Members) == 0 {
		p := *v / 100
		return Cell{Value: *v, StdErr: 100 * math.Sqrt(p*(1-p)/float64(c.N)), N: c.N}, true
	}
	mean, squares, n := 0.0, 0.0, 0
	for _, task := range c.Members {
		m, ok := s.value(task, t.Rows[row].Model)
		if !ok {
			return Cell{Value: *v, StdErr: math.NaN()}, true
		}
		mean += m.Value / float64(len(c.Members))
		squares += m.StdErr * m.StdErr
		n += m.N
	}
	out := Cell{Value: *v, StdErr: math.Sqrt(squares) / float64(len(c.Members)), N: n}
	if math.Abs(mean-*v) > ruleTolerance {
		out.Value, out.Printed = math.Round(mean*100)/100, v
	}
	return out, true
}

// value finds a task's own value in the first column that has it.
func (s Set) value(task, model string) (Cell, bool) {
	for _, t := range s.Tables {
		for c, column := range t.Columns {
			if column.Task != task || t.Shown {
				continue
			}
			for r := range t.Rows {
				if t.Rows[r].Model == model {
					return s.Cell(t, r, c)
				}
			}
		}
	}
	return Cell{}, false
}

// Items says how many items stand behind a column: "HumanEval 164, MBPP 500".
func (s Set) Items(c Column) string {
	if len(c.Members) == 0 {
		return fmt.Sprintf("%s %d", c.Label, c.N)
	}
	var out []string
	for _, task := range c.Members {
		if m, ok := s.column(task); ok {
			out = append(out, s.Items(m))
		}
	}
	return strings.Join(out, ", ")
}

func (s Set) column(task string) (Column, bool) {
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			if c.Task == task && !t.Shown {
				return c, true
			}
		}
	}
	return Column{}, false
}
