package browse

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/results"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// folder makes results of every kind of task.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rows := []results.Sample{
		{
			Task: "choice", DocID: 0, Doc: `{"q": "2 < 3"}`, Contexts: []string{"Question: x\nAnswer:"}, Continuations: []string{" yes", " no"},
			LogLikelihoods: []float64{-1.25, -2.5}, IsGreedy: []bool{true, false}, TokenLogProbs: [][]float32{{-1.25}, {-2, -0.5}}, TokenIDs: [][]int32{{1}, {2, 3}},
			Target: []string{" yes"}, Metrics: map[string]float64{"acc": 1, "acc_norm": 0},
		},
		{
			Task: "choice", DocID: 3, Doc: `{}`, Contexts: []string{"One", "Two"}, Continuations: []string{" same", " same"},
			LogLikelihoods: []float64{math.Inf(-1), -2.5}, Target: []string{" other"}, Metrics: map[string]float64{"acc": 0}, TruncatedTokens: 4,
		},
		{
			Task: "gen_f1", DocID: 0, Shots: 2, Doc: "no JSON", Contexts: []string{strings.Repeat("shot ", 200) + "\nQ: last?\nA:"},
			Generations: []string{" 42\x1b[2J\n", "43"}, Finish: []string{"stop", "length"}, TokenLogProbs: [][]float32{slices.Repeat([]float32{-0.25}, 70), {float32(math.NaN())}},
			Filtered: map[string][]string{"strict": {"42"}, "loose": nil}, Target: []string{"a \"b\"", "c"}, Metrics: map[string]float64{"f1,strict": 0.5, "f1,loose": math.NaN()},
		},
		{Task: "text", DocID: 0, Doc: "{}", Continuations: []string{"a text"}, LogLikelihoods: []float64{-9}, Metrics: map[string]float64{"word_perplexity": -9}},
	}
	score := func(task, metric, filter string, higher bool) results.Score {
		return results.Score{Task: task, Kind: results.KindTask, Metric: metric, Filter: filter, Primary: true, HigherIsBetter: higher}
	}
	err := results.WriteSamples(dir, func(yield func(results.Sample, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err == nil {
		err = results.WriteScores(dir, []results.Score{score("choice", "acc", "none", true), score("gen_f1", "f1", "strict", true), score("text", "word_perplexity", "none", false)})
	}
	if err == nil {
		err = results.WriteRun(dir, results.Run{Finished: time.Unix(1, 0), Groups: []results.GroupRule{{Group: "both", Members: []results.GroupMember{{Task: "choice"}, {Task: "text"}}}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string, s Selection) *Browser {
	t.Helper()
	b, err := Open(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := WriteText(&b, open(t, folder(t), Selection{}).Items(), 0); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(b.String(), '\x1b') {
		t.Error("a model's answer steers the terminal")
	}
	path := filepath.Join("testdata", "samples.txt")
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
}

// In a terminal no line is longer than it, unless a word is, and nothing but
// blanks and line ends changes.
func TestTextInTerminal(t *testing.T) {
	text := func(width int) string {
		var b bytes.Buffer
		if err := WriteText(&b, open(t, folder(t), Selection{}).Items(), width); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	words := func(s string) []string { return strings.Fields(strings.NewReplacer("─", "", "│", "").Replace(s)) }
	narrow := text(40)
	if diff := cmp.Diff(words(text(0)), words(narrow)); diff != "" {
		t.Error(diff)
	}
	for l := range strings.SplitSeq(narrow, "\n") {
		if n := utf8.RuneCountInString(l); n > 40 && len(strings.Fields(l)) > 1 && !strings.HasPrefix(l, "── ") {
			t.Errorf("%d characters: %s", n, l)
		}
	}
}

func TestSelections(t *testing.T) {
	dir := folder(t)
	for _, test := range []struct {
		s    Selection
		want string
	}{
		{Selection{}, "choice/0/right choice/3/wrong gen_f1/0/partly right text/0/not judged"},
		{Selection{Wrong: true}, "choice/3/wrong gen_f1/0/partly right"},
		{Selection{Tasks: []string{"text", "gen*"}}, "gen_f1/0/partly right text/0/not judged"},
		{Selection{Tasks: []string{"both"}, Wrong: true}, "choice/3/wrong"},
	} {
		var got []string
		for it, err := range open(t, dir, test.s).Items() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, it.Task+"/"+string(rune('0'+it.DocID))+"/"+string(it.Verdict))
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%+v: %s", test.s, s)
		}
	}
	for want, s := range map[string]Selection{
		`has no task chioce (did you mean choice?)`: {Tasks: []string{"chioce"}},
		"no answer of these tasks":                  {Tasks: []string{"text"}, Wrong: true},
	} {
		if _, err := Open(dir, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	var b bytes.Buffer
	if err := WriteText(&b, open(t, dir, Selection{Tasks: []string{"text"}}).Items(), 0); err != nil || !strings.Contains(b.String(), "not judged") {
		t.Error(b.String(), err)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, open(t, folder(t), Selection{}).Items()); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Samples []struct {
			Task           string
			Verdict        string
			Doc            any
			LogLikelihoods []*float64
			TokenLogProbs  [][]*float32 `json:"token_logprobs"`
			Continuations  []string
			Metrics        map[string]*float64
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, b.String())
	}
	s := got.Samples
	if len(s) != 4 || s[1].LogLikelihoods[0] != nil || s[2].TokenLogProbs[1][0] != nil || s[2].Metrics["f1,loose"] != nil || s[2].Continuations == nil || s[2].Doc != "no JSON" {
		t.Errorf("%s", b.String())
	}
	b.Reset()
	if err := WriteJSON(&b, open(t, folder(t), Selection{Tasks: []string{"text"}}).Items()); err != nil || !json.Valid(b.Bytes()) {
		t.Error(err, b.String())
	}
}

func TestTable(t *testing.T) {
	table, err := Table(open(t, folder(t), Selection{Wrong: true}).Items())
	if err != nil || len(table.Rows) != 2 {
		t.Fatal(table.Rows, err)
	}
	if got := table.Rows[1]; got[6] != " 42\x1b[2J\n\n43" || got[4] != "0.5" {
		t.Errorf("%q", got)
	}
	for _, format := range results.Formats() {
		if err := table.Write(new(bytes.Buffer), format); err != nil {
			t.Error(err)
		}
	}
}
