package reference

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func paper(t *testing.T) Set {
	t.Helper()
	s, err := Load("llama2-paper")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s Set) table(number int) Table {
	return s.Tables[slices.IndexFunc(s.Tables, func(t Table) bool { return t.Number == number })]
}

// at is the printed value of a model in the n-th column of a task.
func (t Table) at(model, task string, nth int) float64 {
	for c, column := range t.Columns {
		if column.Task != task {
			continue
		}
		if nth > 0 {
			nth--
			continue
		}
		for _, r := range t.Rows {
			if r.Model == model && r.Values[c] != nil {
				return *r.Values[c]
			}
		}
	}
	return math.NaN()
}

// Table 3 follows from the appendix: plain means but for Math of Llama 2 7B
// and 13B, where the paper prints GSM8K alone.
func TestMeansFollowFromTheAppendix(t *testing.T) {
	s := paper(t)
	table := s.table(3)
	if len(table.Rows) != 12 || len(table.Columns) != 8 {
		t.Fatalf("%d models, %d columns", len(table.Rows), len(table.Columns))
	}
	var off []string
	for r, row := range table.Rows {
		for c, column := range table.Columns {
			cell, ok := s.Cell(table, r, c)
			if !ok || cell.N == 0 || math.IsNaN(cell.StdErr) {
				t.Errorf("%s %s: %+v", row.Model, column.Task, cell)
			}
			if cell.Printed != nil {
				off = append(off, fmt.Sprintf("%s %s %v printed %v", row.Model, column.Task, cell.Value, *cell.Printed))
			}
		}
	}
	want := []string{"Llama 2 7B llama2/math 8.55 printed 14.6", "Llama 2 13B llama2/math 16.3 printed 28.7"}
	if !slices.Equal(off, want) {
		t.Errorf("values that do not follow: %q, want %q", off, want)
	}
}

// MMLU is the mean over questions of its four categories, AGIEval of its eight
// tasks; Falcon 40B has the same value twice in table 24, one of them likely a
// slip.
func TestMeansOverQuestions(t *testing.T) {
	s := paper(t)
	for _, c := range []struct {
		number    int
		task      string
		tolerance float64
		n         int
		except    string
	}{
		{19, "mmlu", 0.205, 14042, ""},
		{24, "agieval", 0.1, 2546, "Falcon 40B"},
	} {
		table := s.table(c.number)
		for _, row := range table.Rows {
			sum, n := 0.0, 0
			for i, column := range table.Columns {
				sum += float64(column.N) * *row.Values[i]
				n += column.N
			}
			printed, tolerance := s.table(3).at(row.Model, c.task, 0), c.tolerance
			if c.task == "mmlu" && strings.HasPrefix(row.Model, "Llama 2") {
				tolerance = ruleTolerance
			}
			if off := math.Abs(sum/float64(n)-printed) > tolerance; n != c.n || off != (row.Model == c.except) {
				t.Errorf("table %d, %s: %.2f of %d questions, table 3 has %.1f", c.number, row.Model, sum/float64(n), n, printed)
			}
		}
	}
}

// Table 4 repeats Llama 2 70B from the other tables, questions 1-shot.
func TestClosedModels(t *testing.T) {
	s := paper(t)
	closed := s.table(4)
	for _, c := range []struct {
		task       string
		table, nth int
	}{{"mmlu", 3, 0}, {"bbh", 3, 0}, {"triviaqa", 22, 1}, {"nq_open", 22, 1}, {"gsm8k", 25, 0}, {"humaneval", 21, 0}} {
		got, want := closed.at("Llama 2 70B", c.task, 0), s.table(c.table).at("Llama 2 70B", c.task, c.nth)
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v in table 4, %v in table %d", c.task, got, want, c.table)
		}
	}
	if _, ok := s.Cell(closed, 0, 1); ok {
		t.Error("GPT-3.5 has a value for TriviaQA, which the paper does not give")
	}
}

func TestStandardErrors(t *testing.T) {
	s := paper(t)
	at := func(model, task string) Cell {
		c, ok := s.value(task, model)
		if !ok {
			t.Fatalf("no %s of %s", task, model)
		}
		return c
	}
	// 12.8% of 164 and 20.8% of 500.
	human, mbpp := at("Llama 2 7B", "humaneval"), at("Llama 2 7B", "mbpp")
	if math.Abs(human.StdErr-2.609) > 0.001 || math.Abs(mbpp.StdErr-1.815) > 0.001 {
		t.Errorf("%+v, %+v", human, mbpp)
	}
	table := s.table(3)
	row := slices.IndexFunc(table.Rows, func(r Row) bool { return r.Model == "Llama 2 7B" })
	code, _ := s.Cell(table, row, 0)
	if want := math.Hypot(human.StdErr, mbpp.StdErr) / 2; math.Abs(code.StdErr-want) > 1e-12 || code.N != 664 {
		t.Errorf("%+v, want a standard error of %v", code, want)
	}
	if got := s.Items(table.Columns[0]); got != "HumanEval 164, MBPP 500" {
		t.Error(got)
	}
}

// The judged figures of table 11 stand nowhere: the tasks of our group safety
// measure something else.
func TestNoSafety(t *testing.T) {
	for _, table := range paper(t).Tables {
		for _, c := range table.Columns {
			if strings.Contains(c.Task, "toxigen") || strings.Contains(c.Task, "truthfulqa") {
				t.Errorf("table %d has %s", table.Number, c.Task)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := Load("nowhere"); err == nil || !strings.Contains(err.Error(), "llama2-paper") {
		t.Error(err)
	}
	for _, bad := range []string{`{`, `{"name": "x", "other": 1}`, `{"tables": [{"columns": [{"task": "a"}], "rows": [{"model": "m", "values": []}]}]}`} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("%s is no error", bad)
		}
	}
}
