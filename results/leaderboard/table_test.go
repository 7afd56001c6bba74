package leaderboard

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/reference"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// hostileBoard has two protocols, ties, published rows, a missing cell, and
// names that are made to break tables.
func hostileBoard(t *testing.T) Board {
	t.Helper()
	run := func(model string, k int, change func(*results.Config)) fake {
		return fake{model: model, change: change, tasks: []fakeTask{
			{name: "gsm8k", outcomes: right(k, 100)}, {name: "piqa", outcomes: right(50, 100)},
			{name: "an|awkward<b>_name_of_a_task", outcomes: right(k/2, 50)},
		}}
	}
	shots := 3
	a, b := run(`<script>alert("x")</script>|a`, 80, nil), run(`b_%$&#{}~^\`, 40, nil)
	b.tasks = b.tasks[:2]
	c := run("c", 42, func(c *results.Config) { c.Shots = &shots })
	var dirs []string
	for i, f := range []fake{a, b, run("c", 41, nil), c} {
		dirs = append(dirs, f.write(t, fmt.Sprint("run", i)))
	}
	set, err := reference.Load("llama2-paper")
	if err != nil {
		t.Fatal(err)
	}
	board, err := Build(dirs, &set)
	if err != nil {
		t.Fatal(err)
	}
	for i := range board.Sections { // temporary folders differ
		for k := range board.Sections[i].Rows {
			if r := &board.Sections[i].Rows[k]; r.Dir != "" {
				r.Dir = filepath.Base(r.Dir)
			}
		}
	}
	return board
}

func TestFormats(t *testing.T) {
	board := hostileBoard(t)
	for _, format := range append(results.Formats(), Formats()...) {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			if err := board.Write(&b, format); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "board."+format)
			if *update {
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v: run the test with -update", err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
			if format == "table" {
				for line := range strings.Lines(b.String()) {
					if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 100 {
						t.Errorf("%d characters: %s", n, line)
					}
				}
			}
		})
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := hostileBoard(t).Write(&b, "json"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rows []struct {
			Model, Protocol string
			Published       bool
			Cells           map[string]struct {
				Value  float64
				CILow  *float64 `json:"ci_low"`
				CIHigh *float64 `json:"ci_high"`
				Rank   *int
				Best   bool
			}
		}
		Protocols []struct{ Hash string }
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	best := 0
	for _, r := range got.Rows {
		for task, c := range r.Cells {
			if (c.Rank == nil) != r.Published || c.CILow == nil || c.CIHigh == nil {
				t.Errorf("%s %s: %+v", r.Model, task, c)
			}
			if c.Best {
				best++
			}
		}
		if gsm := r.Cells["gsm8k"]; r.Model == "GPT-4" && gsm.Value != 0.92 {
			t.Errorf("%+v", gsm)
		}
	}
	if len(got.Protocols) != 2 || got.Protocols[0].Hash == got.Protocols[1].Hash || best != 2 {
		t.Errorf("protocols %v, %d best", got.Protocols, best)
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := hostileBoard(t).Write(&b, "csv"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if rows[0][0] != "model" || rows[1][0] != `<script>alert("x")</script>|a` || len(rows[0]) != 4+3*5 {
		t.Errorf("%q", rows[:2])
	}
}

// A protocol is what must be equal: the model, threads and paths are not.
func TestProtocols(t *testing.T) {
	base := func() fake {
		return fake{model: "m", tasks: []fakeTask{{name: "t", outcomes: right(5, 10)}, {name: "u", outcomes: right(5, 10)}}}
	}
	two := 2
	different := map[string]func(*fake){
		"shots":      func(f *fake) { f.change = func(c *results.Config) { c.Shots = &two } },
		"rule":       func(f *fake) { f.change = func(c *results.Config) { c.FewShot = "reference" } },
		"chat":       func(f *fake) { f.change = func(c *results.Config) { c.Chat = true } },
		"bos":        func(f *fake) { f.change = func(c *results.Config) { c.BOS = "off" } },
		"mode":       func(f *fake) { f.change = func(c *results.Config) { c.Mode = "fast" } },
		"numerics":   func(f *fake) { f.change = func(c *results.Config) { c.Numerics = "1" } },
		"generation": func(f *fake) { f.change = func(c *results.Config) { c.Generation = map[string]any{"n": 2} } },
		"limit":      func(f *fake) { f.change = func(c *results.Config) { c.Documents.Limit = 10 } },
		"data":       func(f *fake) { f.tasks[1].data = "another" },
		"metric":     func(f *fake) { f.tasks[0].metric = "acc_norm" },
	}
	for name, change := range different {
		f := base()
		change(&f)
		if b := build(t, base(), f); len(b.Sections) != 2 || b.Sections[0].Protocol == b.Sections[1].Protocol {
			t.Errorf("%s: %d sections", name, len(b.Sections))
		}
	}
	same := base()
	same.model, same.tasks = "another", same.tasks[:1]
	same.change = func(c *results.Config) {
		c.ISA, c.ModelHash, c.ChatTemplate, c.TokenizerHash = "neon", "x", "y", "z"
		c.Generation = map[string]any{}
	}
	b := build(t, base(), same)
	if len(b.Sections) != 1 || b.Sections[0].Protocol != build(t, base()).Sections[0].Protocol {
		t.Errorf("%d sections", len(b.Sections))
	}
}

func TestErrors(t *testing.T) {
	dir := fake{model: "m", tasks: []fakeTask{{name: "t", outcomes: right(1, 2)}}}.write(t, "run")
	unfinished := t.TempDir()
	if err := results.WriteRun(unfinished, results.Run{}); err != nil {
		t.Fatal(err)
	}
	for want, dirs := range map[string][]string{
		"is given twice":                       {dir, dir + "/"},
		"no results here":                      {t.TempDir()},
		"unfinished run":                       {dir, unfinished},
		"scores.parquet is not the file that":  {damagedCopy(t)},
		"samples.parquet is not the file that": {fake{model: "n", tasks: []fakeTask{{name: "t", outcomes: right(1, 2)}}}.write(t, "run"), cutSamples(t)},
	} {
		if _, err := Build(dirs, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func damagedCopy(t *testing.T) string {
	dir := fake{model: "m", tasks: []fakeTask{{name: "t", outcomes: right(1, 2)}}}.write(t, "run")
	overwrite(t, filepath.Join(dir, results.ScoresFile))
	return dir
}

func cutSamples(t *testing.T) string {
	dir := fake{model: "m", tasks: []fakeTask{{name: "t", outcomes: right(1, 2)}}}.write(t, "run")
	overwrite(t, filepath.Join(dir, results.SamplesFile))
	return dir
}

func overwrite(t *testing.T, path string) {
	if err := os.WriteFile(path, []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestBroken(t *testing.T) {
	for name, want := range map[string]string{
		"piqa": "piqa", "llama2/commonsense": "llama2/\ncommonsense", "mmlu_high_school_physics": "mmlu_high_\nschool_physics",
		"one_word_that_is_longer_than_lines_are": "one_word_that_\nis_longer_than_\nlines_are", "": "",
	} {
		if got := broken(name, 16); got != want {
			t.Errorf("%q", got)
		}
	}
}

// A terminal gets as many columns as fit its lines.
func TestWidth(t *testing.T) {
	f := fake{model: "m"}
	for i := range 12 {
		f.tasks = append(f.tasks, fakeTask{name: fmt.Sprintf("task_number_%d", i), outcomes: right(5, 10)})
	}
	board := build(t, f)
	tables := map[int]int{}
	for _, width := range []int{60, 80, 200} {
		board.Width = width
		var b bytes.Buffer
		if err := board.Write(&b, "table"); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("%d characters for %d: %s", n, width, line)
			}
		}
		tables[width] = strings.Count(b.String(), "┌")
	}
	if tables[200] >= tables[80] || tables[80] > tables[60] {
		t.Errorf("tables by width: %v", tables)
	}
}
