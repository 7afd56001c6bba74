//go:build cuda && linux

package engine

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/cuda"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// bothWith opens a model on the processor and on the first GPU.
func bothWith(t *testing.T, mode string, o tinymodel.Options) (cpu, gpu *model.Model, bytes func(int32) []byte) {
	t.Helper()
	if err := cuda.Available(); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_CUDA") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := tinymodel.Write(path, o); err != nil {
		t.Fatal(err)
	}
	var both [2]*model.Model
	for i, device := range []string{model.CPU, model.CUDA} {
		m, err := model.Open(path, model.Options{Threads: 1, Device: device, Mode: mode, Notice: func(line string) { t.Log(line) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		both[i] = m
	}
	tok, err := tokenizer.FromGGUF(both[0].File())
	if err != nil {
		t.Fatal(err)
	}
	return both[0], both[1], func(id int32) []byte { return tok.DecodeBytes([]int32{id}) }
}

// On a GPU, too, pages before every layer's window are given back: a long text
// runs in few, and answers are those of a cache that keeps everything.
func TestCUDAGivesPagesBeforeWindowsBack(t *testing.T) {
	for _, window := range []uint32{1, 64, 70} {
		cpu, gpu, bytes := bothWith(t, model.Exact, tinymodel.Options{Seed: 1, Metadata: map[string]any{"llama.attention.sliding_window": window}})
		r := rand.New(rand.NewPCG(1, 2))
		var tokens []int32
		for range 420 {
			tokens = append(tokens, 3+r.Int32N(200))
		}
		requests := []Request{
			{Tokens: tokens, Scored: 300},
			{Tokens: slices.Concat(tokens[:410], []int32{7, 8, 9}), Scored: 2},
			{Tokens: tokens[:200], Gen: &Generation{MaxTokens: 5, EOS: []int32{2}, Temperature: 0.8, Seed: [2]uint64{1, 2}}},
		}
		least := leastPages(gpu, requests)
		if least > 5 {
			t.Fatalf("window %d: %d pages are asked for", window, least)
		}
		for _, pages := range []int{least, 8} {
			e := New(gpu, bytes, Options{Memory: int64(pages * gpu.PageBytes()), MaxBatch: 100})
			for i, a := range run(t, e, requests) {
				if want := keepingAll(t, cpu, bytes, requests[i]); !equal(a, want) {
					t.Errorf("window %d, %d pages: request %d: %+v, on the processor with all pages %+v", window, pages, i, a, want)
				}
			}
			if free := e.kv.Free(); free != e.pages || e.pages != pages {
				t.Errorf("window %d: %d of %d pages are free after all, of %d that there may be", window, free, e.pages, pages)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// What steps take is taken before the cache gets the rest: a run takes no more
// memory later, draws of many generations included.
func TestCUDATakesMemoryBeforeTheCache(t *testing.T) {
	for _, mode := range []string{model.Exact, model.Fast} {
		_, gpu, bytes := bothWith(t, mode, tinymodel.Options{Seed: 1})
		const active = 5
		e := New(gpu, bytes, Options{MaxBatch: 100, MaxActive: active})
		var scored, drawn []Request
		for i := range 2 * active {
			tokens := []int32{3, 4, 5, int32(10 + i)}
			scored = append(scored, Request{Tokens: tokens, Scored: 2})
			drawn = append(drawn, Request{Tokens: tokens, Gen: &Generation{MaxTokens: 4, EOS: []int32{2}, Temperature: 1, Seed: [2]uint64{1, uint64(i)}}})
		}
		room := func() int64 {
			t.Helper()
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			n, err := gpu.Room()
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, requests := range [][]Request{scored, drawn, scored} {
			run(t, e, requests[:1]) // which settles
			before := room()
			run(t, e, requests)
			if after := room(); after < before {
				t.Errorf("%s: a run took %d bytes more", mode, before-after)
			}
		}
	}
}
