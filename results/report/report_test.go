package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/results"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// number is written only; reading makes the tests' comparison possible.
func (n *number) UnmarshalJSON(data []byte) error {
	if text := strings.Trim(string(data), `"`); text != string(data) {
		*n = number(map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[text])
		return nil
	}
	return json.Unmarshal(data, (*float64)(n))
}

func (p *logProb) UnmarshalJSON(data []byte) error {
	var n number
	err := n.UnmarshalJSON(data)
	*p = logProb(n)
	return err
}

// Every sample is found again in the page with all that it holds, over the
// borders of chunks.
func TestEverySampleIsInThePage(t *testing.T) {
	f := fixture{model: "m", mode: "exact", choices: 2*chunkItems + 3, generations: 5, right: even}
	d := decode(t, makePage(t, Options{}, f.write(t)))
	if len(d.chunks) != 3 {
		t.Errorf("%d chunks", len(d.chunks))
	}
	got, n := d.items(t), 0
	for s := range f.samples() {
		a := newChunkAnswer(answered{0, s})
		a.Contexts, a.Continuations = s.Contexts, s.Continuations
		want := chunkItem{Doc: s.Doc, Cluster: s.Cluster, Answers: []chunkAnswer{a}}
		if diff := cmp.Diff(want, got[n]); diff != "" {
			t.Fatalf("%s %d: %s", s.Task, s.DocID, diff)
		}
		n++
	}
	if n != len(got) {
		t.Errorf("%d items for %d samples", len(got), n)
	}
}

// The shots that all prompts share are stored once a chunk.
func TestSharedStart(t *testing.T) {
	f := fixture{model: "m", choices: 4, right: even}
	d := decode(t, makePage(t, Options{}, f.write(t)))
	if want := `["` + strings.ReplaceAll(shots, "\n", `\n`) + `"]`; d.chunks[0][0] != want {
		t.Errorf("starts %s, want %s", d.chunks[0][0], want)
	}
	if strings.Contains(d.chunks[0][1], "1 + 1?") {
		t.Error("an item repeats the shots")
	}
}

func TestStartsAreCutAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\né")), 0, 8, -1)
		var list []item
		for i := range rapid.IntRange(1, 4).Draw(t, "items") {
			s := results.Sample{Task: rapid.SampledFrom([]string{"t", "u"}).Draw(t, "task"), DocID: int32(i), Contexts: rapid.SliceOfN(text, 0, 3).Draw(t, "contexts")}
			list = append(list, item{[]answered{{0, s}}})
		}
		p := newStarts(list)
		for _, it := range list {
			start, rest := p.cut(it.samples[0])
			prefix := ""
			if start != nil {
				prefix = p.texts[*start]
			}
			for k, context := range it.first().Contexts {
				if prefix+rest[k] != context {
					t.Fatalf("%q + %q is not %q", prefix, rest[k], context)
				}
			}
		}
	})
}

// What stands in results never becomes markup, and the policy names the one
// script and the one style there are.
func TestHostileText(t *testing.T) {
	const evil = "</script><script>alert('evil')</script><!--<script>]]>\u2028\x00\xff\"'&amp;"
	f := fixture{model: evil, mode: evil, choices: 3, generations: 2, right: even, change: func(s *results.Sample) {
		s.Doc, s.Cluster = evil, evil
		for _, list := range [][]string{s.Contexts, s.Continuations, s.Generations, s.Target, s.Finish} {
			for i := range list {
				list[i] += evil
			}
		}
		s.Filtered = map[string][]string{evil: {evil}}
		s.Metrics[evil] = math.Inf(-1)
	}}
	page := makePage(t, Options{Spelling: func(results.Run) func(int32) string { return func(int32) string { return evil } }}, f.write(t))
	if bytes.Contains(page, []byte("<script>alert")) || bytes.Contains(page, []byte("<!--")) {
		t.Error("text of the results stands in the page as it is")
	}
	blocks := len(block.FindAll(page, -1))
	if n := bytes.Count(page, []byte("<script")); n != blocks+2 || bytes.Count(page, []byte("</script")) != n {
		t.Errorf("%d script elements, want %d blocks, the head and the script", n, blocks)
	}
	for _, want := range []string{"default-src 'none'; script-src '" + sourceHash(script()) + "'; style-src '" + sourceHash(asset("page.css")) + "'"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
	for _, never := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http:", "https:"} {
		if strings.Contains(strings.ReplaceAll(script(), "http://www.w3.org/2000/svg", ""), never) {
			t.Errorf("the script has %s", never)
		}
	}
	if it := decode(t, page).items(t)[0]; it.Cluster != strings.ToValidUTF8(evil, "\ufffd") {
		t.Errorf("got %q", it.Cluster)
	}
}

// Samples of several models are joined by document, and by nothing else.
func TestModelsAreJoined(t *testing.T) {
	a := fixture{model: "a", choices: 4, right: even}
	b := fixture{model: "b", choices: 3, generations: 2, right: byThrees, change: func(s *results.Sample) {
		if s.DocID == 1 {
			s.DocHash = "another question"
		}
		if s.DocID == 2 {
			s.Contexts = []string{"asked otherwise"}
		}
	}}
	d := decode(t, makePage(t, Options{}, a.write(t), b.write(t)))
	want := map[string]string{
		"chunks": "[0]", "tasks": `["choices","sums"]`, "starts": "[0,5]", "docs": "[0,1,1,2,3,0,1]",
		"values": "[[1,0,false,1,0,false,false],[1,false,0,0,false,1,0]]",
	}
	for name, text := range want {
		if got := string(d.index[name]); got != text {
			t.Errorf("%s: %s, want %s", name, got, text)
		}
	}
	it := d.items(t)[0]
	if len(it.Answers) != 2 || it.Answers[1].Contexts != nil {
		t.Errorf("an equal prompt is stored twice: %+v", it)
	}
	if it = d.items(t)[3]; !cmp.Equal(it.Answers[1].Contexts, []string{"asked otherwise"}) {
		t.Errorf("another prompt: %+v", it.Answers[1])
	}
	if notes := d.head.Tasks[0].Notes; !cmp.Equal(notes, []string{"number of documents differs: 4, 3"}) {
		t.Errorf("notes %q", notes)
	}
}

func TestLabels(t *testing.T) {
	run := func(model, mode, dir string) stored {
		return stored{dir: dir, run: results.Run{Config: results.Config{Model: model, Mode: mode}}}
	}
	for _, tt := range []struct {
		runs []stored
		want []string
	}{
		{[]stored{run("a", "exact", "x"), run("b", "fast", "y")}, []string{"a", "b"}},
		{[]stored{run("a", "exact", "x"), run("a", "fast", "y"), run("b", "fast", "z")}, []string{"a, exact", "a, fast", "b"}},
		{[]stored{run("a", "exact", "p/x"), run("a", "exact", "p/y")}, []string{"a, x", "a, y"}},
		{[]stored{run("a", "exact", "p/x"), run("a", "exact", "q/x")}, []string{"a, p/x", "a, q/x"}},
		{[]stored{run("a", "exact", "x"), run("a", "exact", "x")}, []string{"a", "a (2)"}},
	} {
		var models []model
		for _, r := range tt.runs {
			models = append(models, model{runs: []stored{r}})
		}
		label(models)
		for i, m := range models {
			if m.label != tt.want[i] {
				t.Errorf("label %d of %q is %q", i, tt.want, m.label)
			}
		}
	}
}

// Runs of one configuration on different tasks are one model.
func TestRunsOfOneModel(t *testing.T) {
	a := fixture{model: "a", choices: 2, right: even}.write(t)
	b := fixture{model: "a", generations: 2, right: even}.write(t)
	d := decode(t, makePage(t, Options{}, a, b, a))
	if len(d.head.Models) != 2 || len(d.head.Models[0].Runs) != 2 {
		t.Errorf("models: %+v", d.head.Models)
	}
	if got := string(d.index["values"]); got != "[[1,0,1,0],[1,0,false,false]]" {
		t.Errorf("values %s", got)
	}
}

func TestGoldenData(t *testing.T) {
	exact := fixture{model: "m", mode: "exact", choices: 2, generations: 1, right: even}.write(t)
	spell := func(id int32) string { return map[int32]string{10: " a", 11: " brown", 13: "\xe2\x96"}[id] }
	d := decode(t, makePage(t, Options{Spelling: func(results.Run) func(int32) string { return spell }}, exact))
	d.head.Models[0].Runs[0].Folder = "DIR"
	var b strings.Builder
	write := func(v any) {
		data, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(data, '\n'))
	}
	write(d.head)
	write(d.index)
	for _, lines := range d.chunks {
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	write(d.tokens)
	path := filepath.Join("testdata", "page.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

// The page of one configuration is the same, byte for byte.
func TestPageIsDeterministic(t *testing.T) {
	dir := fixture{model: "m", choices: 300, generations: 10, right: even}.write(t)
	if !bytes.Equal(makePage(t, Options{}, dir), makePage(t, Options{}, dir)) {
		t.Error("two pages of the same results differ")
	}
}

func TestNothingToShow(t *testing.T) {
	unfinished := t.TempDir()
	if err := results.WriteRun(unfinished, results.Run{Started: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	damaged := fixture{model: "m", choices: 3, right: even}.write(t)
	if err := os.Truncate(filepath.Join(damaged, results.SamplesFile), 100); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{t.TempDir(): "no results here", unfinished: "unfinished run", damaged: "is not the file that its run wrote"} {
		folder := t.TempDir()
		path := filepath.Join(folder, "report.html")
		if _, err := WriteFile(path, []string{dir}, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// Prompts with the same shots cost little, and memory does not grow with
// their text.
func TestSizeAndMemoryAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes many samples")
	}
	const n = 6000
	long := strings.Repeat("one of the worked examples before the question; ", 160) + "\n"
	f := fixture{model: "m", choices: n, right: even, change: func(s *results.Sample) {
		s.Contexts = []string{long + s.Contexts[0]}
	}}
	dir := f.write(t)
	var w heapWatcher
	if _, err := Write(&w, []string{dir}, Options{}); err != nil {
		t.Fatal(err)
	}
	if w.most > 150<<20 {
		t.Errorf("%d MiB of heap", w.most>>20)
	}
	if w.bytes > n*150 {
		t.Errorf("%d bytes for a sample with a prompt of %d", w.bytes/n, len(long))
	}
}

// A heapWatcher notes the largest heap at any write.
type heapWatcher struct {
	bytes int
	most  uint64
}

func (w *heapWatcher) Write(p []byte) (int, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.bytes, w.most = w.bytes+len(p), max(w.most, m.HeapInuse)
	return len(p), nil
}
