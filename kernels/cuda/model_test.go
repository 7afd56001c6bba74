//go:build cuda && linux

package cuda_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/cuda"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
)

// onGPU opens a model that the first GPU computes.
func onGPU(t *testing.T, path string, fast bool) *model.Model {
	t.Helper()
	m, said := onGPUNoticed(t, path, fast)
	t.Cleanup(func() {
		for _, line := range *said {
			cuda.Noticed(t)(line)
		}
	})
	return m
}

// onGPUNoticed is onGPU with what the device has to say.
func onGPUNoticed(t *testing.T, path string, fast bool) (*model.Model, *[]string) {
	t.Helper()
	if err := cuda.Available(); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_CUDA") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	mode := model.Exact
	if fast {
		mode = model.Fast
	}
	said := new([]string)
	notice := func(line string) { *said = append(*said, line) }
	return open(t, path, model.Options{Device: model.CUDA, Mode: mode, Notice: notice}), said
}

func newKV(t *testing.T, m *model.Model, pages int) *model.KV {
	t.Helper()
	kv, err := m.NewKV(pages)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

func open(t *testing.T, path string, o model.Options) *model.Model {
	t.Helper()
	m, err := model.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

var tiny = []tinymodel.Options{
	{Seed: 1, Type: quant.Q8_0},
	{Seed: 2, Type: quant.Q4_0, Heads: 3, KVHeads: 1, HeadDim: 32, Untied: true},
	{Seed: 3, HeadDim: 24},
	{Seed: 4, Architecture: "qwen2"}, // biases
	{Seed: 5, Architecture: "qwen3", HeadDim: 32},
	{Seed: 6, Architecture: "phi3", Metadata: map[string]any{"phi3.attention.sliding_window": uint32(70)}},
	{Seed: 8, Architecture: "gemma2", Type: quant.Q8_0, Metadata: map[string]any{
		"gemma2.attn_logit_softcapping": float32(3), "gemma2.final_logit_softcapping": float32(5), "gemma2.attention.sliding_window": uint32(40)}},
	{Seed: 9, Architecture: "gemma3", Layers: 6, Metadata: map[string]any{"gemma3.attention.sliding_window": uint32(50)}},
}

// score computes the tokens in steps of at most some tokens, next to another
// sequence that shares the first page, and returns what is said of each token.
func score(t *testing.T, m *model.Model, tokens []int32, step int, beside []int32) []model.Output {
	t.Helper()
	kv := newKV(t, m, 8)
	defer kv.Close()
	page := func() model.PageID {
		p, ok := kv.Alloc()
		if !ok {
			t.Fatal("no page left")
		}
		return p
	}
	var pages []model.PageID
	for range len(tokens)/model.PageTokens + 1 {
		pages = append(pages, page())
	}
	var out []model.Output
	for from := 0; from < len(tokens); from += step {
		s := model.Segment{Tokens: tokens[from:min(from+step, len(tokens))], Start: from, Pages: pages}
		for i := range s.Tokens {
			s.Outputs = append(s.Outputs, model.Output{Row: i, Target: tokens[(from+i+1)%len(tokens)], Logits: make([]float32, m.Config().Vocab)})
		}
		segments := []model.Segment{s}
		if from >= model.PageTokens && beside != nil { // the first page is there
			other := model.Segment{Tokens: beside, Start: model.PageTokens, Pages: []model.PageID{pages[0], page()}, Outputs: []model.Output{{Target: 1}}}
			segments = []model.Segment{other, s}
			beside = nil
		}
		if err := m.Forward(kv, segments); err != nil {
			t.Fatal(err)
		}
		out = append(out, segments[len(segments)-1].Outputs...)
	}
	return out
}

func tokensOf(m *model.Model, n int) []int32 {
	r := rand.New(rand.NewPCG(7, 8))
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(r.IntN(m.Config().Vocab))
	}
	return out
}

func same(a, b []model.Output) error {
	for i := range a {
		for j := range a[i].Logits {
			if math.Float32bits(a[i].Logits[j]) != math.Float32bits(b[i].Logits[j]) {
				return fmt.Errorf("token %d: logit %d is %v, want %v", i, j, a[i].Logits[j], b[i].Logits[j])
			}
		}
		if x, y := a[i], b[i]; x.LogProb != y.LogProb || x.LogSumExp != y.LogSumExp || x.Argmax != y.Argmax || x.ArgmaxLogProb != y.ArgmaxLogProb {
			return fmt.Errorf("token %d: %v, want %v", i, x.LogProb, y.LogProb)
		}
	}
	return nil
}

// In mode exact GPU and CPU give the same bits.
func TestModelEqualsCPU(t *testing.T) {
	for _, o := range tiny {
		t.Run(o.Architecture+o.Type.String(), func(t *testing.T) {
			path := tinymodel.New(t, o)
			gpu, cpu := onGPU(t, path, false), open(t, path, model.Options{Threads: 1})
			tokens := tokensOf(cpu, 150)
			want := score(t, cpu, tokens, 150, nil)
			for _, step := range []int{150, 70, 9} {
				if err := same(score(t, gpu, tokens, step, tokens[:5]), want); err != nil {
					t.Errorf("steps of %d: %v", step, err)
				}
			}
		})
	}
}

// A lost device is an error that names it, of this call and of all that follow.
func TestModelOnLostDevice(t *testing.T) {
	t.Setenv("LLAMAEVAL_EMU_FAIL", "20")
	m := onGPU(t, tinymodel.New(t, tiny[0]), false)
	kv := newKV(t, m, 1)
	page, _ := kv.Alloc()
	for range 2 {
		err := m.Forward(kv, []model.Segment{{Tokens: []int32{1}, Pages: []model.PageID{page}, Outputs: []model.Output{{Target: 1}}}})
		if !errors.Is(err, driver.ErrLost) || !strings.HasSuffix(err.Error(), ": a kernel failed (CUDA error 719)") {
			t.Errorf("got %v", err)
		}
	}
}

// Too little memory is an error too, and a smaller cache then works.
func TestModelOutOfMemory(t *testing.T) {
	m := onGPU(t, tinymodel.New(t, tiny[0]), false)
	forward := func(pages int) error {
		kv, err := m.NewKV(pages)
		if err != nil {
			return err
		}
		defer kv.Close()
		page, _ := kv.Alloc()
		return m.Forward(kv, []model.Segment{{Tokens: []int32{1}, Pages: []model.PageID{page}, Outputs: []model.Output{{Target: 1}}}})
	}
	if err := forward(1 << 20); !errors.Is(err, driver.ErrMemory) {
		t.Errorf("got %v", err)
	}
	if err := forward(2); err != nil {
		t.Error(err)
	}
}

// In mode fast a token has the same bits however it is computed, and they are
// near those of mode exact.
func TestModelFast(t *testing.T) {
	for _, o := range tiny {
		t.Run(o.Architecture+o.Type.String(), func(t *testing.T) {
			path := tinymodel.New(t, o)
			gpu, cpu := onGPU(t, path, true), open(t, path, model.Options{Threads: 1})
			tokens := tokensOf(cpu, 150)
			exact := score(t, cpu, tokens, 150, nil)
			fast := score(t, gpu, tokens, 150, nil)
			mean := 0.0
			for i := range fast {
				mean += math.Abs(fast[i].LogProb-exact[i].LogProb) / float64(len(fast))
			}
			t.Logf("log-probabilities differ by %.2e on average", mean)
			if mean == 0 || mean > 0.07 { // 0.05 on the CPU, for logits that vary by 4
				t.Errorf("log-probabilities differ by %v on average from mode exact", mean)
			}
			for _, step := range []int{70, 9} {
				if err := same(score(t, gpu, tokens, step, tokens[:5]), fast); err != nil {
					t.Errorf("steps of %d: %v", step, err)
				}
			}
		})
	}
}
