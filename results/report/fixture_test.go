package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/results"
)

// shots is what the prompts of the fixture's tasks begin with.
const shots = "Answer the question.\n\nQuestion: 1 + 1?\nAnswer: 2\n\nQuestion: 2 + 3?\nAnswer: 5\n\n"

// A fixture is a results folder with known answers: a task of choices and a
// task of generations.
type fixture struct {
	model, mode string
	choices     int
	generations int
	right       func(i int) bool
	change      func(*results.Sample)
}

func (f fixture) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := results.WriteSamples(dir, f.samples()); err != nil {
		t.Fatal(err)
	}
	if err := results.WriteScores(dir, f.scores()); err != nil {
		t.Fatal(err)
	}
	c := results.Config{Model: f.model, ModelHash: f.model, TokenizerHash: "tok", Mode: f.mode, Device: "cpu", ISA: "avx2"}
	for _, s := range f.scores() {
		c.Tasks = append(c.Tasks, results.TaskConfig{Name: s.Task})
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run := results.Run{ID: "r", Config: c, Version: "v1", Started: at, Finished: at.Add(time.Minute), Warnings: []string{"3 prompts were cut"}}
	if err := results.WriteRun(dir, run); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (f fixture) samples() iter.Seq2[results.Sample, error] {
	return func(yield func(results.Sample, error) bool) {
		for i := range f.choices + f.generations {
			s := f.choice(i)
			if i >= f.choices {
				s = f.generation(i - f.choices)
			}
			s.DocHash = fmt.Sprint(s.Task, s.DocID)
			if f.change != nil {
				f.change(&s)
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (f fixture) value(i int) float64 {
	if f.right(i) {
		return 1
	}
	return 0
}

func (f fixture) choice(i int) results.Sample {
	lls := []float64{-4.5, -3.25 - float64(i%7)/10}
	if f.right(i) {
		lls[0] = -1.5
	}
	return results.Sample{
		Task: "choices", DocID: int32(i), Shots: 2, Doc: fmt.Sprintf(`{"question": "Is %d even?"}`, i), Cluster: fmt.Sprint("subject ", i%3),
		Contexts: []string{fmt.Sprintf("%sQuestion: Which animal is number %d?\nAnswer:", shots, i)}, Continuations: []string{" a brown dog", " a cat"},
		LogLikelihoods: lls, IsGreedy: []bool{f.right(i), false}, ContextTokens: []int32{40}, ContinuationTokens: []int32{3, 2},
		TokenIDs: [][]int32{{10, 11, 12}, {10, 13}}, TokenLogProbs: [][]float32{{-0.25, -4, -0.25}, {-0.25, -3}},
		Target: []string{" a brown dog"}, Metrics: map[string]float64{"acc": f.value(i), "acc_norm": f.value(i)},
	}
}

func (f fixture) generation(i int) results.Sample {
	answer := fmt.Sprint(i + 7)
	extracted := answer
	if !f.right(i) {
		extracted = "[invalid]"
	}
	return results.Sample{
		Task: "sums", DocID: int32(i), Shots: 2, Doc: fmt.Sprintf(`{"a": %d}`, i),
		Contexts:      []string{fmt.Sprintf("%sQuestion: What is %d + 7?\nAnswer:", shots, i)},
		ContextTokens: []int32{50}, Generations: []string{" The answer is " + answer}, Finish: []string{"stop"},
		Filtered: map[string][]string{"strict": {extracted}, "loose": {answer}}, TokenIDs: [][]int32{{20, 21}}, TokenLogProbs: [][]float32{{-0.125, -1}},
		Target: []string{answer}, Metrics: map[string]float64{"exact_match,strict": f.value(i), "exact_match,loose": 1},
	}
}

func (f fixture) scores() []results.Score {
	mean := func(n int) float64 {
		sum := 0.0
		for i := range n {
			sum += f.value(i)
		}
		return sum / float64(max(1, n))
	}
	score := func(task, metric, filter string, n int) results.Score {
		s := results.Score{
			Task: task, Kind: results.KindTask, Version: "1", Metric: metric, Filter: filter, Primary: true, Shots: 2, N: int32(n),
			Value: mean(n), HigherIsBetter: true, TaskHash: "t", DataHash: "d", Model: f.model, Mode: f.mode, Device: "cpu",
		}
		s.SetStdErr(0.05, true)
		return s
	}
	var out []results.Score
	if f.choices > 0 {
		out = append(out, score("choices", "acc", results.NoFilter, f.choices))
	}
	if f.generations > 0 {
		out = append(out, score("sums", "exact_match", "strict", f.generations))
	}
	return out
}

func even(i int) bool     { return i%2 == 0 }
func byThrees(i int) bool { return i%3 == 0 }

// A decoded page: what its script sees.
type decoded struct {
	head   head
	index  map[string]json.RawMessage
	chunks [][]string // lines
	tokens json.RawMessage
}

var block = regexp.MustCompile(`<script type="application/octet-stream" id="([a-z0-9-]+)">([A-Za-z0-9+/=]*)</script>`)

func decode(t testing.TB, page []byte) decoded {
	t.Helper()
	var d decoded
	_, rest, _ := bytes.Cut(page, []byte(`<script type="application/json" id="head">`))
	text, _, _ := bytes.Cut(rest, []byte("</script>"))
	if err := json.Unmarshal(text, &d.head); err != nil {
		t.Fatalf("head: %v", err)
	}
	for _, m := range block.FindAllSubmatch(page, -1) {
		data := unpack(t, m[2])
		switch name := string(m[1]); {
		case name == "index":
			if err := json.Unmarshal(data, &d.index); err != nil {
				t.Fatal(err)
			}
		case name == "tokens":
			d.tokens = data
		case name == fmt.Sprint("chunk-", len(d.chunks)):
			d.chunks = append(d.chunks, strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"))
		default:
			t.Fatalf("block %s is out of order", name)
		}
	}
	return d
}

func unpack(t testing.TB, text []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// items decodes every item, prompts put together again.
func (d decoded) items(t testing.TB) []chunkItem {
	t.Helper()
	var out []chunkItem
	for _, lines := range d.chunks {
		var starts []string
		if err := json.Unmarshal([]byte(lines[0]), &starts); err != nil {
			t.Fatal(err)
		}
		for _, line := range lines[1:] {
			var it chunkItem
			if err := json.Unmarshal([]byte(line), &it); err != nil {
				t.Fatal(err)
			}
			for i, a := range it.Answers {
				for k := range a.Contexts {
					if a.Start != nil {
						a.Contexts[k] = starts[*a.Start] + a.Contexts[k]
					}
				}
				it.Answers[i].Start = nil
			}
			out = append(out, it)
		}
	}
	return out
}

func makePage(t testing.TB, o Options, dirs ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if _, err := WriteFile(path, dirs, o); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
