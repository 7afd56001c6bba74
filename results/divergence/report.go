package divergence

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/llamaeval/llamaeval/results"
)

// A Checkpoint is one of the two models.
type Checkpoint struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Hash string `json:"hash"` // SHA-256 of the file, hex
}

// label is the name, and the file where two may have one name.
func (c Checkpoint) label() string { return fmt.Sprintf("%s (%s)", c.Name, filepath.Base(c.Path)) }

// A Text is what both have read.
type Text struct {
	Name      string `json:"name"` // a task, or a file
	Documents int    `json:"documents"`
	DataHash  string `json:"data_hash"`
	Limited   bool   `json:"limited"` // not the whole of it
	Sample    bool   `json:"sample"`
}

// A Report is the whole result, as JSON has it.
type Report struct {
	Base    Checkpoint `json:"base"`
	New     Checkpoint `json:"new"`
	Text    Text       `json:"text"`
	Context int        `json:"context"` // tokens of a window
	Rule    Rule       `json:"score"`
	Mode    string     `json:"mode"`
	Version string     `json:"version"`
	Estimates
}

// Write prints the report in one of results.Formats.
func (r Report) Write(w io.Writer, format string) error {
	t := r.table()
	if format == "csv" { // all digits, a column for each end
		t.Columns, t.Rows = r.values()
	}
	return t.Write(w, format)
}

// line is one value of the report. digits says how it is shown.
type line struct {
	name, key string
	value     Interval
	show      func(float64) string
}

func (r Report) lines() []line {
	point := func(v float64) Interval { return Interval{Value: v} }
	return []line{
		{"KL(base ‖ new), mean", "kl_mean", r.KL.Interval, nats},
		{"· median", "kl_median", point(r.KL.Median), nats},
		{"· 90%", "kl_p90", point(r.KL.P90), nats},
		{"· 99%", "kl_p99", point(r.KL.P99), nats},
		{"· 99.9%", "kl_p99_9", point(r.KL.P999), nats},
		{"· largest", "kl_max", point(r.KL.Max), nats},
		{"same likeliest token", "top1_agreement", r.Top1, percent},
		{"perplexity of base", "perplexity_base", r.BasePPL, perplexity},
		{"perplexity of new", "perplexity_new", r.NewPPL, perplexity},
		{"ratio new / base", "perplexity_ratio", r.Ratio, ratio},
		{"Δp of the right token, mean", "probability_shift", r.Shift, points},
		{"· root mean square", "probability_rms", r.RootShift, points},
	}
}

func nats(v float64) string {
	if v != 0 && v < 1e-4 {
		return strconv.FormatFloat(v, 'e', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 5, 64)
}

func percent(v float64) string    { return strconv.FormatFloat(100*v, 'f', 2, 64) + "%" }
func perplexity(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
func ratio(v float64) string      { return strconv.FormatFloat(v, 'f', 5, 64) }

func points(v float64) string {
	text := strconv.FormatFloat(100*v, 'f', 3, 64)
	if text == "-0.000" {
		text = text[1:]
	}
	return text + "%"
}

func (r Report) table() results.Table {
	t := results.Table{
		Tight:   true,
		Columns: []results.Column{{Name: "over " + count(r.Scored, "token")}, {Name: "value", Right: true}, {Name: "95% CI", Right: true}},
		Value:   r,
		Notes:   r.notes(),
	}
	for _, l := range r.lines() {
		cells := []string{l.name, l.show(l.value.Value), ""}
		if l.value.Low != nil {
			cells[2] = l.show(*l.value.Low) + " to " + l.show(*l.value.High)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// notes are lines of at most 80 characters, but for names.
func (r Report) notes() []string {
	text := fmt.Sprintf("Text: %s, %s", r.Text.Name, count(r.Text.Documents, "document"))
	if r.Text.Limited {
		text += ", limited"
	}
	if r.Text.Sample {
		text += "; the embedded sample, not the benchmark"
	}
	rule := map[Rule]string{
		SecondHalf: fmt.Sprintf("--score half: their second halves (%d of %d tokens), as llama.cpp.", r.Scored, r.Tokens),
		All:        "--score all: every token once, as perplexity tasks do.",
	}
	notes := []string{
		"base: " + r.Base.label(),
		"new: " + r.New.label(),
		text + ".",
		fmt.Sprintf("Scored in %s of up to %d tokens.", count(r.Windows, "window"), r.Context),
		rule[r.Rule],
	}
	switch {
	case r.Clusters < 2:
		notes = append(notes, "A single window has no interval: take more text.")
	case r.Clusters < 10:
		notes = append(notes, fmt.Sprintf("Intervals take the %d %ss, not tokens, as independent: few, so rough.", r.Clusters, r.ClusterKind))
	default:
		notes = append(notes, fmt.Sprintf("Intervals take the %d %ss, not tokens, as independent.", r.Clusters, r.ClusterKind))
	}
	if r.Mode == "fast" {
		notes = append(notes, "Mode fast: its own rounding is in every value.")
	}
	notes = append(notes, "KL in nats. Perplexity by token. Δp: its probability in new minus that in base.")
	if r.Base.Hash == r.New.Hash {
		notes = append(notes, "Both are one file: they cannot differ.")
	}
	return notes
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// values is a row for each value, with all digits.
func (r Report) values() ([]results.Column, [][]string) {
	var rows [][]string
	digits := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	for _, l := range r.lines() {
		rows = append(rows, []string{l.key, digits(&l.value.Value), digits(l.value.Low), digits(l.value.High)})
	}
	return []results.Column{{Name: "metric"}, {Name: "value", Right: true}, {Name: "ci_low", Right: true}, {Name: "ci_high", Right: true}}, rows
}
