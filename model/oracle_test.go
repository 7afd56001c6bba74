package model_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/model"
)

// readOracle decodes the lines of a gzipped JSONL file of the shared folder.
func readOracle[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedtest.Dir(t), "oracles", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for d := json.NewDecoder(bufio.NewReader(z)); d.More(); {
		var line T
		if err := d.Decode(&line); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, line)
	}
	return out
}

func openReal(t testing.TB) *model.Model {
	t.Helper()
	m, err := model.Open(sharedtest.Model(t), model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// pagesOf allocates pages for n positions.
func pagesOf(t testing.TB, kv *model.KV, n int) []model.PageID {
	t.Helper()
	var pages []model.PageID
	for range (n + model.PageTokens - 1) / model.PageTokens {
		p, ok := kv.Alloc()
		if !ok {
			t.Fatal("no page left")
		}
		pages = append(pages, p)
	}
	return pages
}

// TestLogitsOracle compares with the reference harness in float32: each next
// token's log-probability within 2e-4, the median within 2e-5.
func TestLogitsOracle(t *testing.T) {
	type line struct {
		ID       int
		IDs      []int32     `json:"ids"`
		Next     []float64   `json:"next_logprob"`
		LSE      []float64   `json:"logsumexp"`
		TopIDs   [][]int32   `json:"top5_ids"`
		TopLogit [][]float64 `json:"top5_logits"`
	}
	lines := readOracle[line](t, "logits.jsonl.gz")
	m := openReal(t)
	var all []float64
	worstLogit := 0.0
	for _, l := range lines {
		kv := newKV(t, m, (len(l.IDs)+model.PageTokens-1)/model.PageTokens)
		seg := model.Segment{Tokens: l.IDs, Pages: pagesOf(t, kv, len(l.IDs))}
		for i := range l.IDs {
			o := model.Output{Row: i, Target: -1, Logits: make([]float32, m.Config().Vocab)}
			if i+1 < len(l.IDs) {
				o.Target = l.IDs[i+1]
			}
			seg.Outputs = append(seg.Outputs, o)
		}
		if err := m.Forward(kv, []model.Segment{seg}); err != nil {
			t.Fatal(err)
		}
		kv.Close()
		for i, o := range seg.Outputs {
			if o.Target >= 0 {
				d := math.Abs(o.LogProb - l.Next[i])
				all = append(all, d)
				if d > 2e-4 {
					t.Errorf("text %d token %d: log-probability %.6f, want %.6f", l.ID, i+1, o.LogProb, l.Next[i])
				}
			}
			if d := math.Abs(o.LogSumExp - l.LSE[i]); d > 1e-3 {
				t.Errorf("text %d token %d: logsumexp %.6f, want %.6f", l.ID, i, o.LogSumExp, l.LSE[i])
			}
			for j, id := range l.TopIDs[i] {
				d := math.Abs(float64(o.Logits[id]) - l.TopLogit[i][j])
				worstLogit = max(worstLogit, d)
				if d > 1e-3 {
					t.Errorf("text %d token %d: logit of %d is %.6f, want %.6f", l.ID, i, id, o.Logits[id], l.TopLogit[i][j])
				}
			}
			if id := l.TopIDs[i][0]; o.Argmax != id && l.TopLogit[i][0]-l.TopLogit[i][1] > 1e-3 {
				t.Errorf("text %d token %d: argmax %d, want %d", l.ID, i, o.Argmax, id)
			}
		}
	}
	slices.Sort(all)
	median := all[len(all)/2]
	t.Logf("%d tokens: median difference %.2e, largest %.2e; largest logit difference %.2e", len(all), median, all[len(all)-1], worstLogit)
	if median > 2e-5 {
		t.Errorf("median difference %.2e, want at most 2e-5", median)
	}
}

// TestGreedyOracle continues prompts greedily, all in one batch, until the
// reference's two best logits were too close to call.
func TestGreedyOracle(t *testing.T) {
	type line struct {
		ID     int
		Prompt []int32   `json:"prompt_ids"`
		Gen    []int32   `json:"gen_ids"`
		Margin []float64 `json:"top1_top2_margin"`
	}
	lines := readOracle[line](t, "greedy.jsonl.gz")
	m := openReal(t)
	pages := 0
	for _, l := range lines {
		pages += (len(l.Prompt)+len(l.Gen))/model.PageTokens + 1
	}
	kv := newKV(t, m, pages)
	defer kv.Close()
	segs := make([]model.Segment, len(lines))
	for i, l := range lines {
		segs[i] = model.Segment{
			Tokens: l.Prompt, Pages: pagesOf(t, kv, len(l.Prompt)+len(l.Gen)),
			Outputs: []model.Output{{Row: len(l.Prompt) - 1, Target: -1}},
		}
	}
	compared := 0
	open := make([]bool, len(lines))
	for i := range open {
		open[i] = true
	}
	for step := 0; slices.Contains(open, true); step++ {
		if err := m.Forward(kv, segs); err != nil {
			t.Fatal(err)
		}
		for i, l := range lines {
			got := segs[i].Outputs[0].Argmax
			if open[i] && l.Margin[step] >= 1e-3 {
				compared++
				if got != l.Gen[step] {
					t.Errorf("prompt %d step %d: token %d, want %d (margin %.4f)", l.ID, step, got, l.Gen[step], l.Margin[step])
					open[i] = false
				}
			} else {
				open[i] = false
			}
			if step+1 >= len(l.Gen) {
				open[i] = false
			}
			if open[i] {
				segs[i].Start += len(segs[i].Tokens)
				segs[i].Tokens, segs[i].Outputs[0].Row = []int32{got}, 0
			}
		}
	}
	t.Logf("%d steps compared", compared)
}
