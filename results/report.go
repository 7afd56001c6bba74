package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/llamaeval/llamaeval/results/reference"
)

// A Report is the result of one run as it is shown: `run --format json`
// prints its JSON.
type Report struct {
	Run      RunSummary
	Plan     Plan
	Scores   []Score
	Warnings []string
	Limited  bool      // only some documents were evaluated; the table says so
	Stopping *Stopping // of --sequential; nil without
	Suites   []Suite
	// Reference is what others published, shown beside the run's values;
	// nil for none.
	Reference *reference.Set
	// Compared is what became of comparing the run with another; nil for none.
	Compared Comparison
}

// A Comparison is shown below a run's own results. Its JSON is an object with
// the keys pairs and gates, which the report's takes over.
type Comparison interface {
	Tables() []Table
	MarshalJSON() ([]byte, error)
}

// RunSummary is the part of a Run that a report repeats.
type RunSummary struct {
	ID          string    `json:"id"`
	Model       string    `json:"model"`
	ModelHash   string    `json:"model_hash"`
	Device      string    `json:"device"`
	Mode        string    `json:"mode"`
	Version     string    `json:"version"`
	Started     time.Time `json:"started"`
	WallSeconds float64   `json:"wall_seconds"`
	Out         string    `json:"out"` // the results folder
}

// NewReport joins what a results folder holds to a report. out is the folder
// as the user knows it.
func NewReport(r Run, scores []Score, out string) Report {
	d := r.Config.Documents
	stopping := r.Stopping
	if stopping != nil { // the gates' last word is that of Compared
		short := *stopping
		short.Gates, stopping = nil, &short
	}
	return Report{
		Run: RunSummary{
			ID: r.ID, Model: r.Config.Model, ModelHash: r.Config.ModelHash, Device: r.Config.Device, Mode: r.Config.Mode,
			Version: r.Version, Started: r.Started, WallSeconds: r.WallSeconds, Out: out,
		},
		Plan: r.Plan, Scores: scores, Warnings: r.Warnings,
		Suites: r.Suites, Limited: d.Limit != 0 || len(d.Items) > 0 || d.Shard != "", Stopping: stopping,
	}
}

// MarshalJSON writes empty lists, never null.
func (r Report) MarshalJSON() ([]byte, error) {
	out := struct {
		Run       RunSummary     `json:"run"`
		Plan      Plan           `json:"plan"`
		Scores    []Score        `json:"scores"`
		Suites    []any          `json:"suites,omitempty"`
		Reference *referenceJSON `json:"reference,omitempty"`
		Warnings  []string       `json:"warnings"`
		Stopping  *Stopping      `json:"sequential,omitempty"`
		comparisonJSON
	}{Run: r.Run, Plan: r.Plan, Scores: append([]Score{}, r.Scores...), Suites: suitesJSON(r.Suites, r.Scores), Warnings: append([]string{}, r.Warnings...), Stopping: r.Stopping}
	if set := r.Reference; set != nil {
		out.Reference = &referenceJSON{set.Name, set.Source, set.Notes, publishedCells(*set, r.Scores)}
	}
	if r.Compared != nil {
		data, err := r.Compared.MarshalJSON()
		if err == nil {
			err = json.Unmarshal(data, &out.comparisonJSON)
		}
		if err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(out)
	return b.Bytes(), err
}

type comparisonJSON struct {
	Pairs json.RawMessage `json:"pairs,omitempty"`
	Gates json.RawMessage `json:"gates,omitempty"`
}

// referenceJSON is what was published, restricted to what the run measured.
type referenceJSON struct {
	Name   string          `json:"name"`
	Source string          `json:"source"`
	Notes  []string        `json:"notes"`
	Values []publishedCell `json:"values"`
}

// Write prints the report in one of Formats: the scores, then each suite,
// then what was published. CSV has the scores only, published ones among them.
func (r Report) Write(w io.Writer, format string) error {
	scores := r.Table()
	if format == "csv" && r.Reference != nil {
		scores = withPublished(scores, r.Run.Model, *r.Reference, r.Scores)
	}
	tables := []Table{scores}
	if format != "csv" && format != "json" {
		for _, s := range r.Suites {
			tables = append(tables, s.table(r.Run.Model, r.Scores, scores.Notes))
		}
		if r.Reference != nil {
			tables = append(tables, published(*r.Reference, r.Scores)...)
		}
		if r.Compared != nil {
			tables = append(tables, r.Compared.Tables()...)
		}
	}
	for _, t := range tables {
		if err := t.Write(w, format); err != nil {
			return err
		}
	}
	return nil
}

// Table lays the scores out for a reader, one metric a line.
func (r Report) Table() Table {
	t := Table{
		Columns: []Column{
			{Name: "task"}, {Name: "version", Right: true, Spare: true}, {Name: "filter"}, {Name: "shots", Right: true}, {Name: "metric"},
			{Name: "value", Right: true}, {Name: "± stderr", Right: true}, {Name: "n", Right: true},
		},
		Value: r,
	}
	sample := slices.ContainsFunc(r.Scores, func(s Score) bool { return s.Sample })
	if sample {
		t.Columns = append(t.Columns, Column{Name: "data", Noted: true})
		t.Notes = append(t.Notes, "Scored on the embedded sample, not the benchmark.")
	}
	for _, s := range r.Scores {
		name := s.Task
		if s.Kind == KindGroup {
			name += " (group)"
		}
		arrow := " ↓"
		if s.HigherIsBetter {
			arrow = " ↑"
		}
		row := []string{
			name, s.Version, s.Filter, shots(s.Shots), s.Metric + arrow,
			number(&s.Value), number(s.StdErr), items(s),
		}
		if sample {
			row = append(row, data(s))
		}
		t.Rows = append(t.Rows, row)
	}
	if n := r.Stopping; n != nil && n.Saved > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("Stopped early: %d of %d documents, in the random order of seed %d, until the gates were decided. Values and errors of such a run are no substitute for those of a whole one.", n.Used, n.Planned, n.Seed))
	}
	if r.Limited {
		t.Notes = append(t.Notes, "Limited run: only some documents of each task were evaluated.")
	}
	return t
}

// items are the documents behind a score.
func items(s Score) string {
	if s.StoppedEarly {
		return fmt.Sprintf("%d of %d", s.N, s.Planned)
	}
	return strconv.Itoa(int(s.N))
}

// data says in every format which data a score is of.
func data(s Score) string {
	if s.Sample {
		return "sample, not the benchmark"
	}
	return "benchmark"
}

// shots are those of a task, or "-" for a group whose tasks differ.
func shots(n int32) string {
	if n < 0 {
		return "-"
	}
	return strconv.Itoa(int(n))
}

// number formats a value for a reader: four decimals, as the field does.
func number(v *float64) string {
	switch {
	case v == nil || math.IsNaN(*v):
		return "-"
	case math.IsInf(*v, 0) || math.Abs(*v) >= 1e9:
		return strconv.FormatFloat(*v, 'g', 5, 64)
	}
	return strconv.FormatFloat(*v, 'f', 4, 64)
}
