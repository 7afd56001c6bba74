package model_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/cpu"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
	"pgregory.net/rapid"
)

func open(t testing.TB, path string, o model.Options) *model.Model {
	t.Helper()
	m, err := model.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func randomTokens(r *rand.Rand, n, vocab int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(r.IntN(vocab))
	}
	return out
}

// eachRow asks for all logits after every token.
func eachRow(tokens []int32, vocab int) []model.Output {
	out := make([]model.Output, len(tokens))
	for i := range out {
		out[i] = model.Output{Row: i, Target: tokens[(i+1)%len(tokens)], Logits: make([]float32, vocab)}
	}
	return out
}

// alone computes a sequence in one segment with pages of its own.
func alone(t testing.TB, m *model.Model, tokens []int32) []model.Output {
	t.Helper()
	kv := newKV(t, m, len(tokens)/model.PageTokens+1)
	defer kv.Close()
	s := model.Segment{Tokens: tokens, Pages: pagesOf(t, kv, len(tokens)), Outputs: eachRow(tokens, m.Config().Vocab)}
	if err := m.Forward(kv, []model.Segment{s}); err != nil {
		t.Fatal(err)
	}
	return s.Outputs
}

// mustAgree compares outputs to the last bit, row by row.
func mustAgree(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want []model.Output) {
	t.Helper()
	for i := range got {
		g, w := got[i], want[i]
		if !slices.Equal(g.Logits, w.Logits) || g.LogProb != w.LogProb || g.LogSumExp != w.LogSumExp || g.Argmax != w.Argmax || g.ArgmaxLogProb != w.ArgmaxLogProb {
			t.Fatalf("%s: row %d: %v %v %v, want %v %v %v", what, i, g.LogProb, g.LogSumExp, g.Argmax, w.LogProb, w.LogSumExp, w.Argmax)
		}
	}
}

// Any cut of a prompt into steps, next to any other sequence, on any number of
// threads, with pages in any order gives the bits of the prompt alone.
func TestForwardIsInvariant(t *testing.T) {
	for _, mode := range []string{model.Exact, model.Fast} {
		t.Run(mode, func(t *testing.T) { forwardIsInvariant(t, mode) })
	}
}

func forwardIsInvariant(t *testing.T, mode string) {
	path := tinymodel.New(t, tinymodel.Options{Type: quant.Q8_0})
	m := open(t, path, model.Options{Threads: 1})
	if err := m.SetMode(mode); err != nil {
		t.Skip(err)
	}
	vocab := m.Config().Vocab
	var threaded []*model.Model
	for _, n := range []int{1, 2, 5} {
		threaded = append(threaded, open(t, path, model.Options{Threads: n, Mode: mode}))
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		m2 := rapid.SampledFrom(threaded).Draw(rt, "model")
		a, b := randomTokens(r, 1+r.IntN(170), vocab), randomTokens(r, 1+r.IntN(90), vocab)
		want := [2][]model.Output{alone(t, m, a), alone(t, m, b)}
		kv := newKV(t, m2, 8)
		defer kv.Close()
		for range r.IntN(4) { // pages need not be in order
			kv.Alloc()
		}
		sequences := [2][]int32{a, b}
		pages := [2][]model.PageID{pagesOf(t, kv, len(a)), pagesOf(t, kv, len(b))}
		var done [2]int
		for done[0] < len(a) || done[1] < len(b) {
			var segs []model.Segment
			for i, s := range sequences {
				n := min(len(s)-done[i], r.IntN(80))
				if n == 0 {
					continue
				}
				part := s[done[i] : done[i]+n]
				outputs := eachRow(part, vocab)
				for j := range outputs {
					outputs[j].Target = s[(done[i]+j+1)%len(s)]
				}
				segs = append(segs, model.Segment{Tokens: part, Start: done[i], Pages: pages[i], Outputs: outputs})
			}
			if err := m2.Forward(kv, segs); err != nil {
				rt.Fatalf("%v", err)
			}
			for _, s := range segs {
				i := 0
				if &s.Pages[0] == &pages[1][0] {
					i = 1
				}
				mustAgree(rt, "cut and batched", s.Outputs, want[i][s.Start:])
				done[i] += len(s.Tokens)
			}
		}
	})
}

// Rows without outputs skip the end of the last layer; that must not show.
func TestOutputsDoNotDependOnWhichRowsAsk(t *testing.T) {
	m := open(t, tinymodel.New(t, tinymodel.Options{Untied: true, Heads: 3, KVHeads: 1, HeadDim: 32}), model.Options{})
	r := rand.New(rand.NewPCG(1, 2))
	tokens := randomTokens(r, 130, m.Config().Vocab)
	want := alone(t, m, tokens)
	kv := newKV(t, m, 3)
	defer kv.Close()
	s := model.Segment{Tokens: tokens, Pages: pagesOf(t, kv, len(tokens))}
	var wish []model.Output
	for _, row := range []int{129, 3, 64, 4, 64} { // unordered, one twice
		s.Outputs = append(s.Outputs, model.Output{Row: row, Target: want[row].Target, Logits: make([]float32, m.Config().Vocab)})
		wish = append(wish, want[row])
		wish[len(wish)-1].Row = row
	}
	s.Outputs[0].Target = 7 // another target than the rest of its row
	s.Outputs = append(s.Outputs, model.Output{Row: 129, Target: want[129].Target})
	wish = append(wish, want[129])
	if err := m.Forward(kv, []model.Segment{s}); err != nil {
		t.Fatal(err)
	}
	if o := s.Outputs[0]; o.LogProb != float64(want[129].Logits[7])-want[129].LogSumExp {
		t.Errorf("log-probability of token 7 is %v", o.LogProb)
	}
	mustAgree(t, "some rows", s.Outputs[1:5], wish[1:5])
	if s.Outputs[5].LogProb != wish[5].LogProb {
		t.Errorf("second output of a row: %v, want %v", s.Outputs[5].LogProb, wish[5].LogProb)
	}
}

// Two sequences share whole pages of a prefix and branch inside another.
func TestSharedPrefixPages(t *testing.T) {
	for _, branch := range []int{64, 100, 128} {
		m := open(t, tinymodel.New(t, tinymodel.Options{Type: quant.Q4_0}), model.Options{Threads: 2})
		r := rand.New(rand.NewPCG(3, uint64(branch)))
		vocab := m.Config().Vocab
		prefix := randomTokens(r, branch, vocab)
		kv := newKV(t, m, 12)
		shared := pagesOf(t, kv, branch)
		if err := m.Forward(kv, []model.Segment{{Tokens: prefix, Pages: shared}}); err != nil {
			t.Fatal(err)
		}
		var segs []model.Segment
		var want [][]model.Output
		for range 2 {
			tail := randomTokens(r, 50, vocab)
			whole := slices.Concat(prefix, tail)
			want = append(want, alone(t, m, whole)[branch:])
			pages := slices.Clone(shared[:branch/model.PageTokens])
			for _, p := range pages {
				kv.Retain(p)
			}
			own := pagesOf(t, kv, len(whole)-len(pages)*model.PageTokens)
			if rows := branch % model.PageTokens; rows > 0 {
				kv.CopyRows(own[0], shared[len(pages)], rows)
			}
			outputs := eachRow(tail, vocab)
			outputs[49].Target = whole[0]
			segs = append(segs, model.Segment{Tokens: tail, Start: branch, Pages: append(pages, own...), Outputs: outputs})
		}
		if err := m.Forward(kv, segs); err != nil {
			t.Fatal(err)
		}
		for i := range segs {
			mustAgree(t, "branch", segs[i].Outputs, want[i])
		}
		kv.Close()
	}
}

// Every instruction set of this machine gives the same bits.
func TestInstructionSetsAgree(t *testing.T) {
	path := tinymodel.New(t, tinymodel.Options{Type: quant.Q8_0})
	var first []model.Output
	for _, isa := range cpu.Available() {
		m := open(t, path, model.Options{ISA: isa})
		got := alone(t, m, randomTokens(rand.New(rand.NewPCG(5, 6)), 90, m.Config().Vocab))
		if first == nil {
			first = got
		}
		mustAgree(t, isa, got, first)
	}
}

func TestKVCounts(t *testing.T) {
	m := open(t, tinymodel.New(t, tinymodel.Options{}), model.Options{Threads: 1})
	kv := newKV(t, m, 2)
	a, _ := kv.Alloc()
	b, _ := kv.Alloc()
	if _, ok := kv.Alloc(); ok || a == b || kv.Free() != 0 {
		t.Fatalf("pages %d and %d of 2, %d free", a, b, kv.Free())
	}
	kv.Retain(a)
	kv.Release(a)
	if kv.Free() != 0 {
		t.Fatal("a page with an owner is free")
	}
	kv.Release(a)
	if c, ok := kv.Alloc(); !ok || c != a {
		t.Fatalf("page %d, %v; want %d again", c, ok, a)
	}
	want := 2 * model.PageTokens * 2 * 16 * 2 * 4 // K and V, positions, KV heads, head dim, layers, bytes
	if m.PageBytes() != want {
		t.Errorf("a page takes %d bytes, want %d", m.PageBytes(), want)
	}
}
