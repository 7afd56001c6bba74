package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// MarshalJSON writes pairs and gates, as `compare --format json` has them.
func (r Report) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // gates are full of > and <
	err := e.Encode(struct {
		Pairs []Pair      `json:"pairs"`
		Gates []Judgement `json:"gates"`
	}{append([]Pair{}, r.Pairs...), append([]Judgement{}, r.Gates...)})
	return b.Bytes(), err
}

// Write prints the report in one of results.Formats. CSV has the pairs only.
func (r Report) Write(w io.Writer, format string) error {
	tables := r.Tables()
	switch format {
	case "json":
		tables = []results.Table{{Value: r}}
	case "csv":
		tables = []results.Table{r.all()}
	}
	for _, t := range tables {
		if err := t.Write(w, format); err != nil {
			return err
		}
	}
	return nil
}

// Tables lays the report out for a reader: a table for each run, then the
// gates.
func (r Report) Tables() []results.Table {
	var out []results.Table
	for _, run := range r.Runs {
		if r.Base != nil {
			out = append(out, r.table(run))
		}
	}
	if len(r.Gates) > 0 {
		out = append(out, r.gates())
	}
	return out
}

// nameWidth leaves a line of a comparison within 100 characters.
const nameWidth = 24

// table is one run beside the base. Shares are in percent.
func (r Report) table(run *Run) results.Table {
	t := results.Table{
		Title: fmt.Sprintf("%s (%s) against %s (%s)", run.Name, run.Info.Config.Model, r.Base.Name, r.Base.Info.Config.Model),
		Tight: true, Width: min(r.Width, results.LineWidth),
		Columns: []results.Column{
			{Name: "task", Wrap: nameWidth}, {Name: "n", Right: true}, {Name: "base", Right: true}, {Name: "new", Right: true},
			{Name: "difference, 95% CI", Right: true}, {Name: "p Holm", Right: true}, {Name: "won/lost", Right: true},
			{Name: "least", Right: true}, {Name: "verdict"},
		},
	}
	task := ""
	var reasons reasonList
	counts, alone := map[string]int{}, map[string][]string{}
	for _, p := range r.of(run) {
		if p.alone != "" {
			if p.Primary {
				alone[p.alone] = append(alone[p.alone], p.label())
			}
			continue
		}
		t.Rows = append(t.Rows, p.cells(task))
		task = p.Kind + p.Task
		counts[p.Verdict]++
		if p.Reason != "" && (p.Primary || p.Verdict != NotComparable) {
			reasons = reasons.add(p.Reason, p.label())
		}
	}
	t.Notes = reasons.notes()
	legend := "Shares in percent, differences in points. p Holm: corrected for the number of tasks."
	legend += " least: the smallest difference found with a power of 80%."
	if r.Width > 0 && r.Width < results.LineWidth {
		narrow(&t)
		legend = "Shares in percent, differences in points. p: corrected for the number of tasks (Holm). +/-: items won and lost."
	}
	if counts[Underpowered] > 0 {
		legend += fmt.Sprintf(" underpowered: a difference of %g points may well be missed.", 100*relevant)
	}
	t.Notes = append([]string{legend}, t.Notes...)
	for _, folder := range slices.Sorted(maps.Keys(alone)) {
		names := alone[folder]
		if n := len(names); n > 5 {
			names = append(names[:5:5], fmt.Sprintf("%d more", n-5))
		}
		t.Notes = append(t.Notes, fmt.Sprintf("Only in %s: %s.", folder, strings.Join(names, ", ")))
	}
	return t
}

// A reasonList is what is said of pairs, in the order in which it comes up.
type reasonList []struct {
	reason string
	labels []string
}

func (l reasonList) add(reason, label string) reasonList {
	for i := range l {
		if l[i].reason == reason {
			if !slices.Contains(l[i].labels, label) {
				l[i].labels = append(l[i].labels, label)
			}
			return l
		}
	}
	return append(l, struct {
		reason string
		labels []string
	}{reason, []string{label}})
}

// notes are lines for a table; many pairs of one reason share a line.
func (l reasonList) notes() []string {
	const most = 3
	var out []string
	for _, r := range l {
		if n := len(r.labels); n > most {
			out = append(out, fmt.Sprintf("%s and %d more: %s.", strings.Join(r.labels[:most], ", "), n-most, r.reason))
			continue
		}
		for _, label := range r.labels {
			out = append(out, label+": "+r.reason+".")
		}
	}
	return out
}

// narrow is the table for a terminal of fewer than 100 characters: without the
// detectable difference, the interval broken where it needs to be.
func narrow(t *results.Table) {
	const difference, p, won, least = 4, 5, 6, 7
	t.Columns[difference].Name, t.Columns[p].Name, t.Columns[won].Name = "difference, CI", "p", "+/-"
	t.Columns = slices.Delete(t.Columns, least, least+1)
	for i, row := range t.Rows {
		row = slices.Delete(row, least, least+1)
		if row[least] == words(NotComparable) {
			row[least] = "incomparable"
		}
		t.Rows[i] = row
	}
	if t.TightWidth() > t.Width {
		t.Columns[difference].Wrap = len("-10.0 (-30.6 to ")
	}
}

func (p Pair) label() string {
	name := p.Task
	if p.Kind == results.KindGroup {
		name += " (group)"
	}
	if p.Primary {
		return name
	}
	return name + " " + results.MetricKey(p.Metric, p.Filter)
}

// cells is the pair's row; a further metric of the task above stands below
// it, with a dot.
func (p Pair) cells(above string) []string {
	name := p.label()
	if above == p.Kind+p.Task {
		name = "· " + results.MetricKey(p.Metric, p.Filter)
	}
	if !p.Higher {
		name += " ↓"
	}
	show := p.writer()
	difference := "-"
	if p.Difference != nil {
		difference = plus(*p.Difference, show)
	}
	if p.CILow != nil {
		difference += fmt.Sprintf(" (%s to %s)", show(p.CILow), show(p.CIHigh))
	}
	won := "-"
	if p.Verdict != NotComparable {
		won = fmt.Sprintf("%d/%d", p.Won, p.Lost)
	}
	return []string{name, strconv.Itoa(p.N), show(p.A), show(p.B), difference, probability(p.PHolm), won, show(p.Detectable), words(p.Verdict)}
}

// writer is how the pair's numbers are shown: shares in percent.
func (p Pair) writer() func(*float64) string {
	return func(v *float64) string {
		switch {
		case v == nil:
			return "-"
		case p.share || p.Difference == nil && p.Higher && inShare(*v):
			return trimZero(strconv.FormatFloat(100**v, 'f', 1, 64))
		}
		return trimZero(strconv.FormatFloat(*v, 'g', 4, 64))
	}
}

func plus(v float64, show func(*float64) string) string {
	if v > 0 {
		return "+" + show(&v)
	}
	return show(&v)
}

// trimZero drops the sign of a zero.
func trimZero(s string) string {
	if v, err := strconv.ParseFloat(s, 64); err == nil && v == 0 && s[0] == '-' {
		return s[1:]
	}
	return s
}

// probability writes a p-value; small ones as a bound.
func probability(p *float64) string {
	switch {
	case p == nil:
		return "-"
	case *p < 0.001:
		return "<.001"
	}
	return strconv.FormatFloat(*p, 'f', 3, 64)
}

// words is a verdict as text.
func words(verdict string) string {
	switch verdict {
	case NotShown:
		return "none shown"
	case NotComparable:
		return "not comparable"
	}
	return verdict
}

// gates lists the gates.
func (r Report) gates() results.Table {
	t := results.Table{
		Title: "Gates", Tight: true, Width: min(r.Width, results.LineWidth),
		Columns: []results.Column{{Name: ""}, {Name: "gate", Wrap: 34}, {Name: "reason", Wrap: 54}},
	}
	for _, j := range r.Gates {
		state := "failed"
		if j.Passed {
			state = "passed"
		}
		reason := j.Reason
		if len(r.Runs) > 1 {
			reason = j.Run + ": " + reason
		}
		t.Rows = append(t.Rows, []string{state, j.Expression, reason})
	}
	return t
}

// all is every column of every pair, as CSV has them.
func (r Report) all() results.Table {
	var t results.Table
	for _, name := range []string{
		"base", "run", "task", "kind", "metric", "filter", "primary", "higher_is_better", "n", "a", "b", "difference",
		"ci_low", "ci_high", "p", "p_holm", "won", "lost", "detectable", "verdict", "reason",
	} {
		t.Columns = append(t.Columns, results.Column{Name: name})
	}
	full := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	for _, p := range r.Pairs {
		t.Rows = append(t.Rows, []string{
			p.Base, p.Run, p.Task, p.Kind, p.Metric, p.Filter, strconv.FormatBool(p.Primary), strconv.FormatBool(p.Higher),
			strconv.Itoa(p.N), full(p.A), full(p.B), full(p.Difference), full(p.CILow), full(p.CIHigh), full(p.P), full(p.PHolm),
			strconv.Itoa(p.Won), strconv.Itoa(p.Lost), full(p.Detectable), p.Verdict, p.Reason,
		})
	}
	return t
}

// decimals writes a value for a message.
func decimals(v float64) string {
	if math.Abs(v) >= 1000 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return trimZero(strconv.FormatFloat(v, 'f', 4, 64))
}

func signed(v float64) string { return plus(v, func(v *float64) string { return decimals(*v) }) }
