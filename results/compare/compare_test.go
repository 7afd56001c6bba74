package compare

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/results"
)

// sample makes a run of tasks from rows of 0/1 answers, one metric acc.
func sample(name string, answers map[string][]float64) *Run {
	info := results.Run{Config: results.Config{Model: name, Mode: "exact", Numerics: "2", BOS: "auto", FewShot: "fixed"}}
	var scores []results.Score
	var outcomes []results.Outcome
	for task, row := range answers {
		sum := 0.0
		for i, v := range row {
			sum += v
			outcomes = append(outcomes, results.Outcome{
				Task: task, DocID: int32(i), DocHash: fmt.Sprint(task, i), PromptHash: fmt.Sprint("p", i), Metrics: map[string]float64{"acc": v},
			})
		}
		scores = append(scores, results.Score{
			Task: task, Kind: results.KindTask, Metric: "acc", Filter: results.NoFilter, Primary: true, Shots: 2, N: int32(len(row)),
			Value: sum / float64(len(row)), HigherIsBetter: true, TaskHash: "t", DataHash: "d", Mode: "exact", ModelHash: name,
		})
	}
	slices.SortFunc(scores, results.Score.Compare)
	return NewRun(name, info, scores, outcomes)
}

// answers are n of which the first right are 1.
func answers(n, right int) []float64 { return append(repeat(right, 1), repeat(n-right, 0)...) }

func only(t *testing.T, a, b *Run) Pair {
	t.Helper()
	r := Compare(a, b)
	if len(r.Pairs) != 1 {
		t.Fatalf("%d pairs, want 1", len(r.Pairs))
	}
	return r.Pairs[0]
}

func TestPair(t *testing.T) {
	a, b := answers(100, 60), answers(100, 60)
	for i := range 20 {
		b[99-i] = 1 // won
	}
	for i := range 4 {
		b[i] = 0 // lost
	}
	p := only(t, sample("a", map[string][]float64{"x": a}), sample("b", map[string][]float64{"x": b}))
	if p.N != 100 || *p.A != 0.6 || *p.B != 0.76 || p.Won != 20 || p.Lost != 4 || p.Verdict != Better || p.Reason != "" {
		t.Errorf("%+v", p)
	}
	// scipy.stats.binomtest(4, 24).pvalue; Bonett and Price by hand: (21-5)/102
	// and its error sqrt((26/102 - (16/102)^2)/102).
	if math.Abs(*p.P-0.0015439) > 1e-6 || *p.P != *p.PHolm {
		t.Errorf("p %v, p_holm %v", *p.P, *p.PHolm)
	}
	centre := 16.0 / 102
	half := z975 * math.Sqrt((26.0/102-centre*centre)/102)
	if math.Abs(*p.CILow-(centre-half)) > 1e-12 || math.Abs(*p.CIHigh-(centre+half)) > 1e-12 {
		t.Errorf("interval %v to %v, want %v ± %v", *p.CILow, *p.CIHigh, centre, half)
	}
}

// Items are paired by document, not by their order: the interval is that of
// the few that differ, far within the unpaired one.
func TestPairingIsKept(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var a, b []float64
	for range 400 {
		v := float64(r.IntN(2))
		a, b = append(a, v), append(b, v)
	}
	for i := 0; i < 400; i += 40 {
		b[i] = 1 - b[i]
	}
	p := only(t, sample("a", map[string][]float64{"x": a}), sample("b", map[string][]float64{"x": b}))
	unpaired := z975 * math.Sqrt(2*0.25/400)
	if half := (*p.CIHigh - *p.CILow) / 2; half > unpaired/3 || p.Won+p.Lost != 10 {
		t.Errorf("half width %v of the interval, unpaired %v; %d items differ", half, unpaired, p.Won+p.Lost)
	}
}

func TestVerdicts(t *testing.T) {
	many := answers(3000, 1500)
	better, worse := answers(3000, 1700), answers(3000, 1300)
	for _, tt := range []struct {
		name string
		a, b []float64
		want string
	}{
		{"better", many, better, Better},
		{"worse", many, worse, Worse},
		{"equal, many items", many, answers(3000, 1500), NotShown},
		{"equal, few items", answers(20, 10), answers(20, 10), Underpowered},
		{"one item", answers(1, 1), answers(1, 0), Underpowered},
	} {
		p := only(t, sample("a", map[string][]float64{"x": tt.a}), sample("b", map[string][]float64{"x": tt.b}))
		if p.Verdict != tt.want {
			t.Errorf("%s: %s (%s), want %s", tt.name, p.Verdict, p.Reason, tt.want)
		}
	}
	lower := func(r *Run) *Run { r.Scores[0].HigherIsBetter = false; return r }
	p := only(t, lower(sample("a", map[string][]float64{"x": many})), lower(sample("b", map[string][]float64{"x": better})))
	if p.Verdict != Worse || p.Won != 0 || p.Lost != 200 {
		t.Errorf("lower is better: %s, won %d, lost %d", p.Verdict, p.Won, p.Lost)
	}
}

// One model in one configuration differs by nothing, and the interval knows.
func TestSameModel(t *testing.T) {
	p := only(t, sample("a", map[string][]float64{"x": answers(20, 10)}), sample("a", map[string][]float64{"x": answers(20, 10)}))
	if *p.CILow != 0 || *p.CIHigh != 0 || p.Verdict != NotShown {
		t.Errorf("%+v", p)
	}
}

// Items of one passage count together: five passages that differ as a whole
// say less than fifty items would.
func TestClusters(t *testing.T) {
	run := func(name string, right int, clustered bool) *Run {
		r := sample(name, map[string][]float64{"x": answers(200, right)})
		for id, o := range r.tasks["x"] {
			if clustered {
				o.Cluster = fmt.Sprint("passage ", id/10)
			}
			r.add(o)
		}
		return r
	}
	alone := only(t, run("a", 50, false), run("b", 100, false))
	together := only(t, run("a", 50, true), run("b", 100, true))
	if !strings.Contains(together.Reason, "20 clusters") || *together.P != 2.0/32 || *alone.P > 1e-12 {
		t.Errorf("%s: p %v, without clusters %v", together.Reason, *together.P, *alone.P)
	}
	if w, v := *together.CIHigh-*together.CILow, *alone.CIHigh-*alone.CILow; w < 2.5*v {
		t.Errorf("the interval is %v wide, without clusters %v", w, v)
	}
}

// Whatever makes two scores answer different questions is found and named.
func TestNotComparable(t *testing.T) {
	for reason, change := range map[string]func(r *Run){
		"shots: 2 against 5":                      func(r *Run) { r.Scores[0].Shots = 5 },
		"mode: exact against fast":                func(r *Run) { r.Scores[0].Mode = "fast" },
		"chat: false against true":                func(r *Run) { r.Scores[0].Chat = true },
		"the embedded sample":                     func(r *Run) { r.Scores[0].Sample = true },
		"BOS: --bos auto against on":              func(r *Run) { r.Scores[0].BOS, r.Info.Config.BOS = true, "on" },
		"the task's definition differs":           func(r *Run) { r.Scores[0].TaskHash = "u" },
		"the data differ":                         func(r *Run) { r.Scores[0].DataHash = "e" },
		"numerics version: 2 against 3":           func(r *Run) { r.Info.Config.Numerics = "3" },
		"system text":                             func(r *Run) { r.Info.Config.System = "Be brief." },
		"document 3 is not the same":              func(r *Run) { o := r.tasks["x"][3]; o.DocHash = "other"; r.add(o) },
		"the prompts of 1 of 20 documents differ": func(r *Run) { o := r.tasks["x"][3]; o.PromptHash = "q"; r.add(o) },
		"document 3 has this metric in one run":   func(r *Run) { o := r.tasks["x"][3]; o.Metrics = nil; r.add(o); r.Scores[0].Value = 9.0 / 19 },
		"only a has it":                           func(r *Run) { r.Scores = nil },
		"few-shot rule: fixed against reference":  func(r *Run) { o := r.tasks["x"][3]; o.PromptHash = "q"; r.add(o); r.Info.Config.FewShot = "reference" },
		"exemplars drawn with --seed 0 against 7": func(r *Run) { o := r.tasks["x"][3]; o.PromptHash = "q"; r.add(o); r.Info.Config.Seed = 7 },
		"value is made of all items together":     func(r *Run) { r.Scores[0].Value = 0.123 },
	} {
		b := sample("b", map[string][]float64{"x": answers(20, 10)})
		change(b)
		p := only(t, sample("a", map[string][]float64{"x": answers(20, 10)}), b)
		if p.Verdict != NotComparable || !strings.Contains(p.Reason, reason) || p.Difference != nil || p.P != nil || p.CILow != nil {
			t.Errorf("%s: %s, %s", reason, p.Verdict, p.Reason)
		}
	}
	b := sample("b", map[string][]float64{"x": answers(20, 10)})
	moved := map[int32]results.Outcome{}
	for id, o := range b.tasks["x"] {
		o.DocID = id + 100
		moved[id+100] = o
	}
	b.tasks["x"] = moved
	if p := only(t, sample("a", map[string][]float64{"x": answers(20, 10)}), b); !strings.Contains(p.Reason, "no document is in both") {
		t.Error(p.Reason)
	}
}

// What has to differ between two models is marked.
func TestMarks(t *testing.T) {
	b := sample("b", map[string][]float64{"x": answers(12, 6)})
	b.Scores[0].BOS = true
	b.Info.Config.ChatTemplate = "other"
	p := only(t, sample("a", map[string][]float64{"x": answers(20, 10)}), b)
	for _, want := range []string{"only the 12 documents of both", "as the models' tokenizers say", "chat template"} {
		if p.Verdict == NotComparable || !strings.Contains(p.Reason, want) {
			t.Errorf("%s: %q has no %q", p.Verdict, p.Reason, want)
		}
	}
	if p.N != 12 || math.Abs(*p.A-10.0/12) > 1e-12 {
		t.Errorf("n %d, a %v: not those of the shared documents", p.N, *p.A)
	}
}

// Perplexities are tested by their log-likelihoods; their interval follows
// from the delta method.
func TestPerplexity(t *testing.T) {
	perplexity := func(name string, shift float64) *Run {
		r := sample(name, map[string][]float64{"x": repeat(50, 0)})
		rng := rand.New(rand.NewPCG(2, 2))
		sum, words := 0.0, 0.0
		for id := range int32(50) {
			o := r.tasks["x"][id]
			w := float64(50 + rng.IntN(100))
			ll := -w * (2 + 0.5*rng.Float64() + shift + shift*0.2*float64(id%3))
			o.Metrics = map[string]float64{"word_perplexity": ll, "word_perplexity/weight": w}
			sum, words = sum+ll, words+w
			r.add(o)
		}
		r.Scores[0].Metric, r.Scores[0].Value, r.Scores[0].HigherIsBetter = "word_perplexity", math.Exp(-sum/words), false
		return r
	}
	a, b := perplexity("a", 0), perplexity("b", -0.01)
	p := only(t, a, b)
	if p.Verdict != Better || p.Won != 50 || *p.B != b.Scores[0].Value || *p.CIHigh >= 0 || *p.CILow >= *p.Difference || *p.P > 0.001 {
		t.Errorf("%+v", p)
	}
}

func TestGroups(t *testing.T) {
	run := func(name string, x, y []float64) *Run {
		r := sample(name, map[string][]float64{"x": x, "y": y})
		rule := results.GroupRule{Group: "g", Metric: "acc", Filter: results.NoFilter, Members: []results.GroupMember{
			{Task: "x", Metric: "acc", Filter: results.NoFilter, Weight: 0.25}, {Task: "y", Metric: "acc", Filter: results.NoFilter, Weight: 0.75}}}
		r.Info.Groups = []results.GroupRule{rule}
		g := r.Scores[0]
		g.Task, g.Kind, g.Value = "g", results.KindGroup, 0.25*r.Scores[0].Value+0.75*r.Scores[1].Value
		r.Scores = append(r.Scores, g)
		return r
	}
	a := run("a", answers(100, 50), answers(300, 150))
	b := run("b", answers(100, 60), answers(300, 180))
	report := Compare(a, b)
	p := report.Pairs[2]
	if p.Kind != results.KindGroup || p.N != 400 || math.Abs(*p.Difference-0.1) > 1e-12 || p.Won != 40 || p.Lost != 0 || p.Verdict != Better {
		t.Errorf("%+v", p)
	}
	// Weighted by size it is one test of McNemar over all items.
	if want := 2 * binomialTail(0, 40); *p.P != want {
		t.Errorf("p %v, want %v", *p.P, want)
	}
	b.Info.Groups[0].Members[0].Weight = 0.5
	if p := Compare(a, b).Pairs[2]; p.Verdict != NotComparable || !strings.Contains(p.Reason, "weights") {
		t.Errorf("%s: %s", p.Verdict, p.Reason)
	}
	b.Info.Groups[0].Members[0].Weight = 0.25
	b.Scores[0].Shots = 0
	if p := Compare(a, b).Pairs[2]; p.Verdict != NotComparable || !strings.Contains(p.Reason, "task x is not comparable: shots") {
		t.Errorf("%s: %s", p.Verdict, p.Reason)
	}
}

// The JSON has the keys that scripts rely on, and null where there is no number.
func TestJSON(t *testing.T) {
	b := sample("b", map[string][]float64{"x": answers(20, 10), "z": answers(20, 10)})
	r := Compare(sample("a", map[string][]float64{"x": answers(20, 12), "y": answers(3, 1)}), b)
	g, err := ParseGate("x>=-0.5")
	if err != nil {
		t.Fatal(err)
	}
	r.Judge([]Gate{g})
	var out bytes.Buffer
	if err := r.Write(&out, "json"); err != nil {
		t.Fatal(err)
	}
	var got struct{ Pairs, Gates []map[string]any }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Pairs) != 3 || len(got.Gates) != 1 {
		t.Fatal(out.String())
	}
	for _, p := range got.Pairs {
		for _, key := range []string{"task", "metric", "filter", "n", "a", "b", "difference", "ci_low", "ci_high", "p", "p_holm", "won", "lost", "detectable", "verdict", "reason"} {
			if _, ok := p[key]; !ok {
				t.Errorf("a pair has no %s", key)
			}
		}
	}
	if math.Abs(got.Pairs[0]["difference"].(float64)+0.1) > 1e-12 || got.Pairs[1]["difference"] != nil || got.Pairs[1]["a"] == nil || got.Pairs[2]["a"] != nil {
		t.Error(out.String())
	}
	for _, key := range []string{"expression", "passed", "reason"} {
		if _, ok := got.Gates[0][key]; !ok {
			t.Errorf("a gate has no %s", key)
		}
	}
	if (Report{}).Write(&out, "json") != nil || !strings.Contains(out.String(), `"pairs": []`) || !strings.Contains(out.String(), `"gates": []`) {
		t.Error("empty lists are not written as such")
	}
}

// A terminal of 100 characters shows every line whole, names of any length too.
func TestTableWidth(t *testing.T) {
	name := "mmlu_high_school_" + strings.Repeat("macroeconomics_", 4)
	a := sample("a", map[string][]float64{name: answers(14042, 7000), "gsm8k": answers(1319, 500)})
	b := sample("b", map[string][]float64{name: answers(14042, 9000), "gsm8k": answers(1319, 400)})
	few, fewer := answers(10000, 4000), answers(10000, 4000)
	for i := range 2000 {
		fewer[3000+i] = 1 - fewer[3000+i]
	}
	for _, run := range []*Run{a, b} {
		more := sample(run.Name, map[string][]float64{"x": few, "y": answers(9, 3)})
		if run == b {
			more = sample(run.Name, map[string][]float64{"x": fewer, "y": answers(9, 9)})
			more.Scores[1].Shots = 3
		}
		run.Scores = append(run.Scores, more.Scores...)
		for task, items := range more.tasks {
			run.tasks[task] = items
		}
	}
	r := Compare(a, b)
	g, _ := ParseGate(name + ">=-0.02")
	h, _ := ParseGate("d(gsm8k)>=-0.02")
	r.Judge([]Gate{g, h})
	for _, width := range []int{0, 80, 200} {
		r.Width = width
		var out bytes.Buffer
		if err := r.Write(&out, "table"); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(out.String(), "\n") {
			if n := utf8.RuneCountInString(line); n > 100 || width == 80 && n > 80 {
				t.Errorf("%d characters for %d: %s", n, width, line)
			}
		}
	}
}

// JUnit XML is read back as what was meant, whatever stands in a name.
func TestJUnit(t *testing.T) {
	name := `a<b>&"c"` + "\x01|"
	a, b := sample("a", map[string][]float64{name: answers(400, 300), "y": answers(9, 5)}), sample("b", map[string][]float64{name: answers(400, 200), "y": answers(9, 5)})
	b.Scores[1].Shots = 7
	r := Compare(a, b)
	read := func() junitSuites {
		var out bytes.Buffer
		if err := r.WriteJUnit(&out); err != nil {
			t.Fatal(err)
		}
		var s junitSuites
		d := xml.NewDecoder(&out)
		if err := d.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Token(); err != io.EOF && err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := read()
	cases := s.Suites[0].Cases
	if s.Tests != 2 || s.Failures != 1 || s.Suites[0].Skipped != 1 || cases[0].Failure == nil || cases[1].Skipped == nil ||
		cases[0].Name != strings.ReplaceAll(name, "\x01", "\uFFFD") {
		t.Errorf("%+v", s)
	}
	g, _ := ParseGate("d(y)>=-0.1")
	r.Judge([]Gate{g})
	s = read()
	if s.Tests != 1 || s.Failures != 1 || s.Suites[0].Cases[0].Name != "d(y)>=-0.1" || !strings.Contains(s.Suites[0].Cases[0].Failure.Message, "shots: 2 against 7") {
		t.Errorf("%+v", s)
	}
}

// A document without a number in one run is no pair, whatever their sum is.
func TestNoNumber(t *testing.T) {
	inf := math.Inf(1)
	for _, v := range [][2]float64{{math.NaN(), 1}, {1, math.NaN()}, {inf, 1}, {1, -inf}, {inf, inf}, {-inf, -inf}, {inf, -inf}} {
		a, b := sample("a", map[string][]float64{"x": {0, v[0]}}), sample("b", map[string][]float64{"x": {0, v[1]}})
		p := newPair(a, b, a.Scores[0])
		if items, reason := p.pair(a, b, shape{mean: true}); items != nil || !strings.Contains(reason, "document 1 has no number") {
			t.Errorf("%v: %v, %q", v, items, reason)
		}
	}
}

// Documents with a cluster's name are one unit, those without one their own.
func TestNewClusters(t *testing.T) {
	for _, tt := range []struct {
		names []string
		of    []int32
		n     int
		sums  []float64 // of units whose documents differ by 1, 2, 4 ...
	}{
		{[]string{"", "a", "", "a", "b"}, []int32{-1, 0, -1, 0, 1}, 2, []float64{1, 4, 10, 16}},
		{[]string{"a", "b"}, []int32{0, 1}, 2, []float64{1, 2}},
		{[]string{"", ""}, nil, 0, []float64{1, 2}},
		{nil, nil, 0, nil},
	} {
		c := NewClusters(tt.names)
		if !slices.Equal(c.of, tt.of) || c.n != tt.n {
			t.Errorf("%q: %v, %d", tt.names, c.of, c.n)
		}
		u := newUnits(c)
		for i := range tt.names {
			u.add(i, float64(int(1)<<i))
		}
		var sums []float64
		for _, x := range u.all() {
			sums = append(sums, x.sum)
		}
		if !slices.Equal(sums, tt.sums) {
			t.Errorf("%q: units %v, want %v", tt.names, sums, tt.sums)
		}
	}
}

// The legend says what underpowered means where a row is.
func TestLegend(t *testing.T) {
	for right, want := range map[int]bool{15: true, 0: false} {
		var b bytes.Buffer
		r := Compare(sample("a", map[string][]float64{"x": answers(30, 14)}), sample("b", map[string][]float64{"x": answers(30, right)}))
		if err := r.Write(&b, "table"); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(strings.Fields(b.String()), " "), "points may well be missed") != want {
			t.Errorf("%d right:\n%s", right, &b)
		}
	}
}
