package divergence

import (
	"context"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/results/divergence"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/runner/progress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, o tinymodel.Options, threads int) *runner.Local {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := tinymodel.Write(path, o); err != nil {
		t.Fatal(err)
	}
	l, err := runner.OpenLocal(path, runner.LocalOptions{Mode: model.Exact, Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Hash() // it is computed beside
		l.Close()
	})
	return l
}

func pairOf(t *testing.T, threads int) (base, next *runner.Local) {
	return open(t, tinymodel.Options{Seed: 1}, threads), open(t, tinymodel.Options{Seed: 1, Type: quant.Q4_0}, threads)
}

func quiet(o progress.Options) *progress.P {
	o.Out, o.Quiet = io.Discard, true
	return progress.New(o)
}

func corpus(rule divergence.Rule, window int) Corpus {
	return Corpus{Rule: rule, Context: window, Documents: []Document{
		{"doc 0", strings.Repeat("The cat and the hen sat on the thing. ", 9)},
		{"doc 1", "short"},
		{"doc 2", strings.Repeat("An old barn, a wet wall; all the others ran in.\n", 7)},
	}}
}

func tally(t *testing.T, base, next *runner.Local, c Corpus, o Options) *divergence.Tally {
	t.Helper()
	o.Progress = quiet
	if o.Memory == 0 {
		o.Memory = 1 << 30
	}
	out, err := Run(context.Background(), base, next, c, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What is scored, and all of its values, are those of a plain loop that feeds
// one token after the other and keeps every logit.
func TestRunIsThePlainLoop(t *testing.T) {
	base, next := pairOf(t, 2)
	want := &divergence.Tally{}
	for d, i := range []int{0, 2} { // "short" has no second half
		ids := base.Tokenizer.Encode(corpus("", 0).Documents[i].Text, true)
		for ; len(ids) > 0; ids = ids[min(64, len(ids)):] {
			piece := ids[:min(64, len(ids))]
			p, q := everyLogit(t, base.Model, piece), everyLogit(t, next.Model, piece)
			var tokens []divergence.Token
			for at := 33; at < len(piece); at++ { // predicted from 32 tokens or more before the last
				tokens = append(tokens, compare(p[at-1], q[at-1], piece[at], make([]float64, len(p[0]))))
			}
			if len(tokens) > 0 {
				want.Add(d, len(piece), tokens)
			}
		}
	}
	got := tally(t, base, next, corpus(divergence.SecondHalf, 64), Options{})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got.Estimate(false), want.Estimate(false))
	}
	if e := got.Estimate(false); e.Clusters != 2 || e.KL.Value < 1e-3 || e.Top1.Value > 0.99 {
		t.Errorf("the two models hardly differ: %+v", e)
	}
}

func everyLogit(t *testing.T, m *model.Model, tokens []int32) [][]float32 {
	t.Helper()
	kv, err := m.NewKV(1)
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	page, _ := kv.Alloc()
	var out [][]float32
	for i, id := range tokens {
		all := make([]float32, m.Config().Vocab)
		segs := []model.Segment{{Tokens: []int32{id}, Start: i, Pages: []model.PageID{page}, Outputs: []model.Output{{Target: -1, Logits: all}}}}
		if err := m.Forward(kv, segs); err != nil {
			t.Fatal(err)
		}
		out = append(out, all)
	}
	return out
}

// Every token of the text is scored once, with the log-probability that a
// perplexity task gives it.
func TestAllIsThePerplexityTask(t *testing.T) {
	base, next := pairOf(t, 1)
	const window = 50
	c := corpus(divergence.All, window)
	want, n := [2]float64{}, 0
	for i, l := range []*runner.Local{base, next} {
		e := engine.New(l.Model, func(int32) []byte { return nil }, engine.Options{Memory: 1 << 30})
		n = 0
		for _, d := range c.Documents {
			requests, err := l.TextWindows(d.Text, window)
			if err != nil {
				t.Fatal(err)
			}
			n += len(l.Tokenizer.Encode(d.Text, true))
			if err := e.Run(context.Background(), requests, func(_ int, a engine.Answer) error {
				for _, p := range a.LogProbs {
					want[i] -= p
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		e.Close()
	}
	e := tally(t, base, next, c, Options{}).Estimate(false)
	if e.Scored != n || e.Clusters != 3 {
		t.Errorf("%d tokens scored in %d clusters, want %d in 3", e.Scored, e.Clusters, n)
	}
	for i, got := range []divergence.Interval{e.BasePPL, e.NewPPL} {
		if w := math.Exp(want[i] / float64(n)); math.Abs(got.Value/w-1) > 1e-6 {
			t.Errorf("model %d: perplexity %v, want %v", i, got.Value, w)
		}
	}
}

// No bit depends on threads, memory or how many positions are held at a time.
func TestCircumstancesDoNotShow(t *testing.T) {
	base, next := pairOf(t, 1)
	for _, rule := range []divergence.Rule{divergence.SecondHalf, divergence.All} {
		c := corpus(rule, 130)
		want := tally(t, base, next, c, Options{Threads: 1, block: 1})
		caches := int64(3 * 2 * base.Model.PageBytes())
		for _, o := range []Options{{Threads: 3}, {Threads: 2, block: 7}, {Threads: 5, block: 64}, {Memory: caches + 9000}} {
			if got := tally(t, base, next, c, o); !reflect.DeepEqual(got, want) {
				t.Errorf("score %s, %+v: other values", rule, o)
			}
		}
		base3, next3 := pairOf(t, 3)
		if got := tally(t, base3, next3, c, Options{}); !reflect.DeepEqual(got, want) {
			t.Errorf("score %s: three threads give other values", rule)
		}
	}
}

// A model is exactly like itself, and a swap turns the ratio around but gives
// another divergence.
func TestSelfAndSwap(t *testing.T) {
	base, next := pairOf(t, 2)
	c := corpus(divergence.SecondHalf, 64)
	e := tally(t, base, base, c, Options{}).Estimate(true)
	if e.KL.Value != 0 || e.KL.Max != 0 || *e.KL.High != 0 || e.Top1.Value != 1 || *e.Top1.Low != 1 || e.Ratio.Value != 1 || *e.Ratio.Low != 1 || *e.Ratio.High != 1 || e.RootShift.Value != 0 {
		t.Errorf("against itself: %+v", e)
	}
	there, back := tally(t, base, next, c, Options{}).Estimate(false), tally(t, next, base, c, Options{}).Estimate(false)
	if math.Abs(there.Ratio.Value*back.Ratio.Value-1) > 1e-12 || there.Shift.Value != -back.Shift.Value || there.BasePPL.Value != back.NewPPL.Value {
		t.Errorf("there %+v, back %+v", there, back)
	}
	if math.Abs(there.KL.Value/back.KL.Value-1) < 1e-3 {
		t.Errorf("the divergence is %v in both directions", there.KL.Value)
	}
}

func TestLimits(t *testing.T) {
	base, next := pairOf(t, 1)
	c := corpus(divergence.SecondHalf, 64)
	c.Chunks = 2
	if e := tally(t, base, next, c, Options{}).Estimate(false); e.Windows != 2 || e.Scored != 62 || e.Tokens != 128 || e.ClusterKind != "window" {
		t.Errorf("two windows: %+v", e)
	}
	c = Corpus{Rule: divergence.SecondHalf, Context: 64, Documents: []Document{{"doc 0", "short"}}}
	if _, err := Run(context.Background(), base, next, c, Options{Memory: 1 << 30, Progress: quiet}); err == nil || !strings.Contains(err.Error(), "--score all") {
		t.Errorf("a short text: %v", err)
	}
	if _, err := Run(context.Background(), base, next, corpus(divergence.All, 64), Options{Memory: 1000, Progress: quiet}); err == nil || !strings.Contains(err.Error(), "raise --memory") {
		t.Errorf("1000 bytes: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, base, next, corpus(divergence.All, 64), Options{Memory: 1 << 30, Progress: quiet}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFit(t *testing.T) {
	base, next := open(t, tinymodel.Options{Seed: 1}, 1), open(t, tinymodel.Options{Seed: 1, Context: 700}, 1)
	for _, tt := range []struct {
		rule        divergence.Rule
		asked, want int // 0: refused
	}{
		{divergence.SecondHalf, 0, 512}, {divergence.All, 0, 700}, {divergence.All, 100, 100}, {divergence.SecondHalf, 701, 0}, {divergence.SecondHalf, 3, 0},
	} {
		c := Corpus{Rule: tt.rule, Context: tt.asked}
		if err := c.Fit(base, next); err == nil != (tt.want > 0) || tt.want > 0 && c.Context != tt.want {
			t.Errorf("score %s, context %d: %d, %v, want %d", tt.rule, tt.asked, c.Context, err, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	base, next := pairOf(t, 1)
	if err := Check(base, next); err != nil {
		t.Error(err)
	}
	other := open(t, tinymodel.Options{Seed: 1, Metadata: map[string]any{"tokenizer.ggml.add_bos_token": true}}, 1)
	if err := Check(base, other); err == nil || !strings.Contains(err.Error(), "BOS") {
		t.Errorf("another rule for BOS: %v", err)
	}
}

func TestChunks(t *testing.T) {
	ids := func(from, to int32) (out []int32) {
		for ; from < to; from++ {
			out = append(out, from)
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		tokens int32
		bos    int32
		want   []window
	}{
		{"too short for a second half", 5, -1, nil},
		{"one scored token", 6, -1, []window{{tokens: ids(0, 6), first: 5}}},
		{"whole", 8, -1, []window{{tokens: ids(0, 8), first: 5}}},
		{"a last piece with two", 15, -1, []window{{tokens: ids(0, 8), first: 5}, {tokens: ids(8, 15), first: 5}}},
		{"a last piece with none", 13, -1, []window{{tokens: ids(0, 8), first: 5}}},
		{"BOS in place of the first", 8, 99, []window{{tokens: append([]int32{99}, ids(1, 8)...), first: 5}}},
	} {
		if got := chunks(ids(0, tt.tokens), 8, tt.bos); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
