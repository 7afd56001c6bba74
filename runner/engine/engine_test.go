package engine

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/model/tokenizer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, threads int) (*model.Model, func(int32) []byte) {
	t.Helper()
	return openWith(t, threads, tinymodel.Options{Seed: 1})
}

func openWith(t testing.TB, threads int, o tinymodel.Options) (*model.Model, func(int32) []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := tinymodel.Write(path, o); err != nil {
		t.Fatal(err)
	}
	m, err := model.Open(path, model.Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	tok, err := tokenizer.FromGGUF(m.File())
	if err != nil {
		t.Fatal(err)
	}
	return m, func(id int32) []byte { return tok.DecodeBytes([]int32{id}) }
}

// run answers all requests and checks that each is answered exactly once.
func run(t interface{ Fatalf(string, ...any) }, e *Engine, requests []Request) []Answer {
	out := make([]Answer, len(requests))
	seen := make([]int, len(requests))
	if err := e.Run(context.Background(), requests, func(i int, a Answer) error {
		out[i], seen[i] = a, seen[i]+1
		return nil
	}); err != nil {
		t.Fatalf("Run: %v", err)
	}
	for i, n := range seen {
		if n != 1 {
			t.Fatalf("request %d was answered %d times", i, n)
		}
	}
	return out
}

func equal(a, b Answer) bool {
	return slices.Equal(a.LogProbs, b.LogProbs) && a.Greedy == b.Greedy && slices.Equal(a.Tokens, b.Tokens) && a.Finish == b.Finish
}

// An answer has the same bits alone as in any company, at any batch size,
// under any memory bound that fits it, in any order.
func TestAnswersDoNotDependOnCompany(t *testing.T) {
	m, bytes := open(t, 2)
	vocab := int32(m.Config().Vocab)
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SliceOfN(rapid.Int32Range(3, vocab-1), 1, 150).Draw(t, "prefix")
		requests := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Request { return drawBranch(t, prefix, vocab) }), 1, 12).Draw(t, "requests")
		for range rapid.IntRange(0, 6).Draw(t, "samples") {
			r := requests[0]
			if r.Gen != nil {
				g := *r.Gen
				g.Seed[0] = uint64(len(requests))
				r.Gen = &g
				requests = append(requests, r)
			}
		}
		alone := make([]Answer, len(requests))
		for i, r := range requests {
			alone[i] = run(t, New(m, bytes, Options{Memory: 1 << 30}), []Request{r})[0]
		}
		// From what the longest path needs to plenty.
		pages := leastPages(m, requests) + rapid.IntRange(0, 12).Draw(t, "spare pages")
		options := Options{
			Memory:    int64(pages * m.PageBytes()),
			MaxBatch:  rapid.IntRange(1, 200).Draw(t, "batch"),
			MaxActive: rapid.IntRange(1, 8).Draw(t, "active"),
		}
		order := rapid.Permutation(seq(len(requests))).Draw(t, "order")
		shuffled := make([]Request, len(requests))
		for i, k := range order {
			shuffled[i] = requests[k]
		}
		for i, a := range run(t, New(m, bytes, options), shuffled) {
			if !equal(a, alone[order[i]]) {
				t.Fatalf("request %d: %+v, alone %+v", order[i], a, alone[order[i]])
			}
		}
	})
}

// leastPages is what requests can run in.
func leastPages(m *model.Model, requests []Request) int {
	for least := 1; ; least++ {
		if need, _ := New(m, nil, Options{}).needs(buildTrie(requests), requests, least); need <= least {
			return least
		}
	}
}

func drawBranch(t *rapid.T, prefix []int32, vocab int32) Request {
	own := rapid.SliceOfN(rapid.Int32Range(3, vocab-1), 1, 80).Draw(t, "own")
	shared := rapid.IntRange(1, len(prefix)).Draw(t, "shared")
	tokens := slices.Concat(prefix[:shared], own)
	if !rapid.Bool().Draw(t, "generation") {
		return Request{Tokens: tokens, Scored: rapid.IntRange(1, len(own)).Draw(t, "scored")}
	}
	g := &Generation{MaxTokens: rapid.IntRange(1, 70).Draw(t, "max"), EOS: []int32{2}, Seed: [2]uint64{7, uint64(len(tokens))}}
	if rapid.Bool().Draw(t, "sampled") {
		g.Temperature, g.TopP = 0.8, 0.95
	}
	return Request{Tokens: tokens, Gen: g}
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A node that loses its pages when half of its scores are delivered does not
// deliver them again.
func TestEvictedNodeScoresOnce(t *testing.T) {
	m, bytes := open(t, 1)
	requests := []Request{
		{Tokens: []int32{3, 3, 3}, Scored: 1},
		{Tokens: []int32{3, 3, 3}, Gen: &Generation{MaxTokens: 59, EOS: []int32{2}}},
		{Tokens: []int32{3, 4, 3, 3}, Scored: 2},
	}
	for pages := 1; pages < 8; pages++ {
		for batch := 1; batch < 4; batch++ {
			e := New(m, bytes, Options{Memory: int64(pages * m.PageBytes()), MaxBatch: batch, MaxActive: 1})
			if least, _ := e.needs(buildTrie(requests), requests, pages); least <= pages {
				run(t, e, requests)
			}
		}
	}
}

// A node that waits to be computed again, and then is on the way to a node that
// was put above it, is not computed a third time.
func TestNodePushedTwice(t *testing.T) {
	m, bytes := open(t, 1)
	requests := []Request{
		{Tokens: []int32{3, 4, 3}, Scored: 1},
		{Tokens: []int32{3, 3, 4, 3, 3, 3}, Gen: &Generation{MaxTokens: 1, EOS: []int32{2}}},
		{Tokens: []int32{3, 3, 4, 4, 3}, Scored: 1},
		{Tokens: []int32{3, 5, 3}, Scored: 1},
		{Tokens: []int32{3, 3, 3}, Gen: &Generation{MaxTokens: 3, EOS: []int32{2}}},
		{Tokens: []int32{3, 3, 4, 3, 3}, Scored: 1},
	}
	run(t, New(m, bytes, Options{Memory: int64(3 * m.PageBytes()), MaxBatch: 3, MaxActive: 1}), requests)
}

// Many samples of one prompt run in the memory that one needs, with the bits
// they have when all run side by side.
func TestSamplesOfOnePromptNeedNoMoreMemory(t *testing.T) {
	m, bytes := open(t, 1)
	var requests []Request
	for i := range 40 {
		g := &Generation{MaxTokens: 100, EOS: []int32{2}, Temperature: 0.8, TopP: 0.95, Seed: [2]uint64{3, uint64(i)}}
		requests = append(requests, Request{Tokens: []int32{5, 6, 7, 8}, Gen: g})
	}
	requests = append(requests, Request{Tokens: []int32{5, 6, 7, 8, 9}, Scored: 2}, Request{Tokens: []int32{5}, Gen: requests[0].Gen})
	want := run(t, New(m, bytes, Options{Memory: 1 << 30}), requests)
	for _, pages := range []int{4, 5, 9} {
		for i, a := range run(t, New(m, bytes, Options{Memory: int64(pages * m.PageBytes())}), requests) {
			if !equal(a, want[i]) {
				t.Fatalf("%d pages: request %d differs", pages, i)
			}
		}
	}
}

// With plenty of memory each token of the trie is computed exactly once.
func TestEachTokenIsComputedOnce(t *testing.T) {
	m, bytes := open(t, 1)
	prefix := make([]int32, 200)
	for i := range prefix {
		prefix[i] = int32(3 + i%50)
	}
	var requests []Request
	for i := range 20 {
		requests = append(requests, Request{Tokens: slices.Concat(prefix, []int32{int32(100 + i), 5, 6}), Scored: 2})
	}
	computed := 0
	run(t, New(m, bytes, Options{Memory: 1 << 30, Progress: func(inputs, generated int) { computed += inputs + generated }}), requests)
	plan := MakePlan(requests)
	// Room for the prefix and for what each branch adds, however much memory
	// there may be.
	for memory, want := range map[int64]int{1 << 62: 5 + 20*2, int64(9 * m.PageBytes()): 9} {
		e := New(m, bytes, Options{Memory: memory})
		if err := e.fit(buildTrie(requests), requests); err != nil || e.pages != want {
			t.Errorf("%d bytes: %d pages, %v, want %d", memory, e.pages, err, want)
		}
		e.Close()
	}
	if want := 200 + 20*2; computed != want || plan.TokensComputed != want || plan.TokensRequested != 20*202 {
		t.Errorf("computed %d tokens, plan %+v, want %d", computed, plan, want)
	}
}

func TestTooLittleMemoryIsRefused(t *testing.T) {
	m, bytes := open(t, 1)
	e := New(m, bytes, Options{Memory: int64(m.PageBytes())})
	err := e.Run(context.Background(), []Request{{Tokens: make([]int32, 200), Scored: 1}}, func(int, Answer) error { return nil })
	if err == nil {
		t.Fatal("200 tokens fit into one page")
	}
}

// A stop string is found when it is spread over tokens, and ends the text at
// the token that completes it.
func TestStopAcrossTokens(t *testing.T) {
	q := sequence{gen: &Generation{Stop: []string{"", "ab\ncd"}}}
	for i, piece := range []string{"xa", "b", "\n", "c", "de"} {
		before := len(q.text)
		q.text = append(q.text, piece...)
		if got, want := q.stopped(before), i == 4; got != want {
			t.Errorf("after %q: stopped %v", q.text, got)
		}
	}
}
