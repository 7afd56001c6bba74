package results

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/results/reference"
)

// suiteReport is a limited run of parts of llama2 and of safety.
func suiteReport(t *testing.T, published bool) Report {
	t.Helper()
	score := func(task, kind, metric string, shots, n int32, value, stderr float64) Score {
		s := Score{Task: task, Kind: kind, Version: "1", Metric: metric, Filter: NoFilter, Primary: true, Shots: shots, N: n, Value: value, HigherIsBetter: true}
		s.SetStdErr(stderr, kind == KindTask)
		return s
	}
	r := report()
	r.Scores = []Score{
		score("gsm8k", KindTask, "exact_match", 8, 50, 0.02, 0.02),
		score("llama2/code", KindGroup, "mean", -1, 100, 0.06, 0.031),
		score("llama2/math", KindGroup, "mean", -1, 400, 0.0142, 0.011),
		score("math", KindGroup, "exact_match", 4, 350, 0.0085, math.NaN()),
		score("toxigen", KindTask, "acc", 0, 50, 0.44, 0.07),
	}
	r.Suites = []Suite{
		{Title: "Llama 2 suite", Rows: []SuiteRow{
			{Task: "llama2/code", Kind: KindGroup, Label: "Code", Members: []SuiteRow{{Task: "mbpp", Kind: KindTask, Label: "mbpp"}}},
			{Task: "llama2/math", Kind: KindGroup, Label: "Math", Members: []SuiteRow{
				{Task: "gsm8k", Kind: KindTask, Label: "gsm8k"},
				{Task: "math", Kind: KindGroup, Label: "a label that is longer than the table has room for"},
			}},
		}},
		{Title: "Safety", Note: strings.Repeat("Another measure. ", 6), Rows: []SuiteRow{{Task: "toxigen", Kind: KindTask, Label: "toxigen"}}},
	}
	if published {
		set, err := reference.Load("llama2-paper")
		if err != nil {
			t.Fatal(err)
		}
		r.Reference = &set
	}
	return r
}

func TestSuiteReport(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			if err := suiteReport(t, true).Write(&b, format); err != nil {
				t.Fatal(err)
			}
			golden(t, "suite."+format, b.Bytes())
		})
	}
}

// Everything fits a narrow terminal.
func TestSuiteWidth(t *testing.T) {
	var b bytes.Buffer
	if err := suiteReport(t, true).Write(&b, "table"); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 100 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}

// A column stands beside the run's own only where the run has one, and
// published values never meet those of the safety tasks.
func TestPublishedColumns(t *testing.T) {
	r := suiteReport(t, true)
	var b bytes.Buffer
	if err := r.Write(&b, "json"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Suites    []struct{ Title string }
		Reference struct {
			Values []struct {
				Model, Task    string
				Value, Printed float64
				StdErr         *float64
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, v := range got.Reference.Values {
		seen[v.Task]++
		if v.Task == "llama2/math" && v.Model == "Llama 2 7B" && (v.Value != 0.0855 || v.Printed != 0.146) {
			t.Errorf("%+v", v)
		}
	}
	// Twelve open models; GSM8K of table 4 beside table 25.
	if len(got.Suites) != 2 || len(seen) != 4 || seen["llama2/code"] != 12 || seen["llama2/math"] != 12 || seen["math"] != 12 || seen["gsm8k"] != 12+5 {
		t.Errorf("%d suites, values %v", len(got.Suites), seen)
	}
	r.Scores = r.Scores[4:]
	if tables := published(*r.Reference, r.Scores); len(tables) != 0 {
		t.Errorf("%d tables for a run of toxigen", len(tables))
	}
}
