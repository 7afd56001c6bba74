package results

import (
	"math"
	"strconv"
)

// A Suite is a group of tasks that is shown as a table of its own.
type Suite struct {
	Title string     `json:"title"`
	Note  string     `json:"note,omitempty"`
	Rows  []SuiteRow `json:"rows"`
}

// A SuiteRow is a task or group of a suite with what its value is made of.
type SuiteRow struct {
	Task    string     `json:"task"`
	Kind    string     `json:"kind"` // KindTask or KindGroup
	Label   string     `json:"label"`
	Members []SuiteRow `json:"members,omitempty"`
}

// maxLabel keeps a suite's table within a narrow terminal, characters.
const maxLabel = 32

// table lays a suite out for a model: each row with its primary value and 95% interval,
// its members below it.
func (s Suite) table(model string, scores []Score, notes []string) Table {
	t := Table{
		Title: s.Title + ": " + model,
		Columns: []Column{
			{Name: ""}, {Name: "shots", Right: true}, {Name: "metric"},
			{Name: "value", Right: true}, {Name: "95% interval", Right: true}, {Name: "n", Right: true},
		},
		Notes: append([]string{"Values that are shares are in percent."}, notes...),
	}
	if s.Note != "" {
		t.Notes = append(t.Notes, s.Note)
	}
	for _, row := range s.Rows {
		t.Rows = append(t.Rows, row.cells(scores, ""))
		for _, m := range row.Members {
			t.Rows = append(t.Rows, m.cells(scores, "· "))
		}
	}
	return t
}

func (r SuiteRow) cells(scores []Score, indent string) []string {
	label := []rune(r.Label)
	if len(label) > maxLabel {
		label = append(label[:maxLabel-1], '…')
	}
	s, ok := primary(scores, r.Task, r.Kind)
	if !ok {
		return []string{indent + string(label), "", "", "-", "", ""}
	}
	metric := s.Metric
	if !s.HigherIsBetter {
		metric += " ↓"
	}
	value, interval := s.readable()
	return []string{indent + string(label), shots(s.Shots), metric, value, interval, strconv.Itoa(int(s.N))}
}

// primary finds the primary score of a task or group.
func primary(scores []Score, task, kind string) (Score, bool) {
	for _, s := range scores {
		if s.Task == task && s.Kind == kind && s.Primary {
			return s, true
		}
	}
	return Score{}, false
}

// share reports whether the score is a share of something good, which is
// shown in percent.
func (s Score) share() bool { return s.HigherIsBetter && s.Value >= 0 && s.Value <= 1 }

// readable writes the value and its interval.
func (s Score) readable() (value, interval string) {
	write := func(v float64) string { return number(&v) }
	if s.share() {
		write = percent
	}
	if s.CILow == nil || s.CIHigh == nil {
		return write(s.Value), "-"
	}
	return write(s.Value), write(*s.CILow) + " to " + write(*s.CIHigh)
}

// percent writes a share with one decimal.
func percent(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	if s := strconv.FormatFloat(100*v, 'f', 1, 64); s != "-0.0" {
		return s
	}
	return "0.0"
}

// suiteValue is a suite's row with its value, as `run --format json` has it;
// score is null where there is none.
type suiteValue struct {
	Label   string       `json:"label"`
	Score   *Score       `json:"score"`
	Members []suiteValue `json:"members,omitempty"`
}

func suiteValues(rows []SuiteRow, scores []Score) []suiteValue {
	out := []suiteValue{}
	for _, r := range rows {
		v := suiteValue{Label: r.Label}
		if s, ok := primary(scores, r.Task, r.Kind); ok {
			v.Score = &s
		}
		if len(r.Members) > 0 {
			v.Members = suiteValues(r.Members, scores)
		}
		out = append(out, v)
	}
	return out
}

// suitesJSON are suites with their values.
func suitesJSON(suites []Suite, scores []Score) []any {
	var out []any
	for _, s := range suites {
		out = append(out, struct {
			Title string       `json:"title"`
			Note  string       `json:"note,omitempty"`
			Rows  []suiteValue `json:"rows"`
		}{s.Title, s.Note, suiteValues(s.Rows, scores)})
	}
	return out
}
