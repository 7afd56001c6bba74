package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/model"
)

func openWindow(t testing.TB, window int) (*model.Model, func(int32) []byte) {
	t.Helper()
	return openWith(t, 2, tinymodel.Options{Seed: 1, Metadata: map[string]any{"llama.attention.sliding_window": uint32(window)}})
}

// Where every layer has a window, pages before it are given back, and answers
// are those of a cache that keeps everything, in whatever memory and company.
func TestPagesBeforeWindowsAreGivenBack(t *testing.T) {
	models := map[int]*model.Model{}
	var bytes func(int32) []byte
	windows := []int{1, 2, 63, 64, 65, 130}
	for _, w := range windows {
		models[w], bytes = openWindow(t, w)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := models[rapid.SampledFrom(windows).Draw(t, "window")]
		vocab := int32(m.Config().Vocab)
		prefix := rapid.SliceOfN(rapid.Int32Range(3, vocab-1), 1, 300).Draw(t, "prefix")
		requests := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Request { return drawBranch(t, prefix, vocab) }), 1, 5).Draw(t, "requests")
		e := New(m, bytes, Options{
			Memory:    int64((leastPages(m, requests) + rapid.IntRange(0, 5).Draw(t, "spare pages")) * m.PageBytes()),
			MaxBatch:  rapid.IntRange(1, 200).Draw(t, "batch"),
			MaxActive: rapid.IntRange(1, 8).Draw(t, "active"),
		})
		for i, a := range run(t, e, requests) {
			if want := keepingAll(t, m, bytes, requests[i]); !equal(a, want) {
				t.Fatalf("request %d: %+v, with all pages %+v", i, a, want)
			}
		}
		if e.kv.Free() != e.pages {
			t.Fatalf("%d of %d pages are free after all", e.kv.Free(), e.pages)
		}
	})
}

// keepingAll computes a request token by token with pages that stay.
func keepingAll(t interface{ Fatalf(string, ...any) }, m *model.Model, bytes func(int32) []byte, r Request) Answer {
	n := len(r.Tokens)
	if r.Gen != nil {
		n += r.Gen.MaxTokens
	}
	kv, err := m.NewKV(pagesFor(n))
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer kv.Close()
	var pages []model.PageID
	for range pagesFor(n) {
		p, _ := kv.Alloc()
		pages = append(pages, p)
	}
	after := func(start int, tokens []int32, outputs ...model.Output) []model.Output {
		if err := m.Forward(kv, []model.Segment{{Tokens: tokens, Start: start, Pages: pages, Outputs: outputs}}); err != nil {
			t.Fatalf("%v", err)
		}
		return outputs
	}
	if r.Gen == nil {
		a := Answer{Greedy: true}
		first := len(r.Tokens) - r.Scored
		var outputs []model.Output
		for i, target := range r.Tokens[first:] {
			outputs = append(outputs, model.Output{Row: first + i - 1, Target: target})
		}
		for i, o := range after(0, r.Tokens[:len(r.Tokens)-1], outputs...) {
			a.LogProbs = append(a.LogProbs, o.LogProb)
			a.Greedy = a.Greedy && o.Argmax == r.Tokens[first+i]
		}
		return a
	}
	q := &sequence{gen: r.Gen}
	s := &scheduler{engine: New(m, bytes, Options{}), kv: kv, done: func(int, Answer) error { return nil }}
	next := after(0, r.Tokens, r.Gen.choice(len(r.Tokens)-1, 0))
	for at := len(r.Tokens); ; at++ {
		if err := s.advance(q, next[0]); err != nil {
			t.Fatalf("%v", err)
		}
		if q.ended {
			return q.answer
		}
		next = after(at, q.answer.Tokens[len(q.answer.Tokens)-1:], r.Gen.choice(0, len(q.answer.Tokens)))
	}
}

// A long text runs in the memory of a window; where one layer sees everything
// it does not.
func TestLongTextsFitWindows(t *testing.T) {
	const window = 70
	m, bytes := openWindow(t, window)
	r := rand.New(rand.NewPCG(1, 2))
	var tokens []int32
	for range 1500 {
		tokens = append(tokens, 3+r.Int32N(200))
	}
	requests := []Request{
		{Tokens: tokens, Scored: 1400},
		{Tokens: slices.Concat(tokens[:1490], []int32{7, 8, 9}), Scored: 2},
		{Tokens: tokens[:1200], Gen: &Generation{MaxTokens: 3, EOS: []int32{2}}},
	}
	if least := leastPages(m, requests); least > 5 {
		t.Fatalf("%d pages are asked for a window of %d", least, window)
	}
	for _, pages := range []int{leastPages(m, requests), 12, 60} {
		for i, a := range run(t, New(m, bytes, Options{Memory: int64(pages * m.PageBytes()), MaxBatch: 100}), requests) {
			if want := keepingAll(t, m, bytes, requests[i]); !equal(a, want) {
				t.Errorf("%d pages: request %d differs", pages, i)
			}
		}
	}
	all, _ := openWith(t, 1, tinymodel.Options{Seed: 1, Metadata: map[string]any{
		"llama.attention.sliding_window": uint32(window), "llama.attention.sliding_window_pattern": []int32{1, 0},
	}})
	if least := leastPages(all, requests); least < 24 {
		t.Errorf("%d pages are asked for, though a layer sees all 1500 tokens", least)
	}
}
