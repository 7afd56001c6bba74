package model_test

import (
	"math"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
)

func TestOpenRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		options tinymodel.Options
		open    model.Options
		want    string
	}{
		"architecture": {options: tinymodel.Options{Metadata: map[string]any{"general.architecture": "mamba"}}, want: `architecture "mamba" is not supported: it needs layers with a recurrent state (state-space, linear attention or convolutions); a server that runs it can be evaluated, with --model openai:http://HOST:PORT/v1#NAME; supported are: ernie4_5, gemma, gemma2, gemma3, llama, phi3, qwen2, qwen3`},
		"experts":      {options: tinymodel.Options{Metadata: map[string]any{"llama.expert_count": uint32(8)}}, want: "mixture of experts"},
		"yarn":         {options: tinymodel.Options{Metadata: map[string]any{"llama.rope.scaling.type": "yarn"}}, want: "llama.rope.scaling.factor is missing"},
		"dynamic":      {options: tinymodel.Options{Metadata: map[string]any{"llama.rope.scaling.type": "dynamic"}}, want: `"dynamic"; only none, linear and yarn`},
		"longrope":     {options: tinymodel.Options{Metadata: map[string]any{"llama.rope.scaling.type": "longrope"}}, want: "longrope, whose angles depend on the whole text's length"},
		"encoder":      {options: tinymodel.Options{Metadata: map[string]any{"llama.attention.causal": false}}, want: "an encoder gives no"},
		"pattern":      {options: tinymodel.Options{Metadata: map[string]any{"llama.attention.sliding_window": uint32(64), "llama.attention.sliding_window_pattern": []int32{1, 0, 1}}}, want: "sliding_window_pattern names 3 layers, there are 2"},
		"infinite":     {options: tinymodel.Options{Metadata: map[string]any{"llama.final_logit_softcapping": float32(math.Inf(1))}}, want: "softcapping is +Inf, want a positive number"},
		"no layers":    {options: tinymodel.Options{Metadata: map[string]any{"llama.block_count": nil}}, want: "llama.block_count is missing"},
		"zero heads":   {options: tinymodel.Options{Metadata: map[string]any{"llama.attention.head_count": uint32(0)}}, want: "head_count is 0"},
		"heads":        {options: tinymodel.Options{Metadata: map[string]any{"llama.attention.head_count_kv": uint32(3)}}, want: "cannot share 3 key-value heads"},
		"rotary":       {options: tinymodel.Options{Metadata: map[string]any{"llama.rope.dimension_count": uint32(18)}}, want: "18 rotary elements"},
		"missing":      {options: tinymodel.Options{Omit: []string{"blk.1.ffn_up.weight"}}, want: "tensor blk.1.ffn_up.weight is missing"},
		"unknown":      {options: tinymodel.Options{Untied: true, Rename: map[string]string{"output.weight": "blk.1.attn_sinks.weight"}}, want: "tensor blk.1.attn_sinks.weight is no part"},
		"bias":         {options: tinymodel.Options{Untied: true, Rename: map[string]string{"output.weight": "blk.1.attn_q.bias"}}, want: "tensor blk.1.attn_q.bias has shape"},
		"fewer layers": {options: tinymodel.Options{Metadata: map[string]any{"llama.block_count": uint32(1)}}, want: "tensor blk.1.attn_norm.weight is no part"},
		"shape": {options: tinymodel.Options{Edit: func(s *tinymodel.Tensor) {
			if s.Name == "blk.0.attn_k.weight" {
				s.Shape = []int{32, 64}
			}
		}}, want: "tensor blk.0.attn_k.weight has shape [32 64], the metadata call for [64 32]"},
		"type": {options: tinymodel.Options{Edit: func(s *tinymodel.Tensor) {
			if s.Name == "blk.0.attn_norm.weight" {
				s.Type = quant.I32
			}
		}}, want: "tensor blk.0.attn_norm.weight weights of type I32 are not supported"},
		"more layers": {options: tinymodel.Options{Metadata: map[string]any{"llama.block_count": uint32(65536)}}, want: "blk.2.attn_norm.weight is missing"},
		"too many":    {options: tinymodel.Options{Metadata: map[string]any{"llama.block_count": uint32(16777216)}}, want: "claims 16777216 layers"},
		"mode":        {open: model.Options{Mode: "quick"}, want: `mode "quick" is neither`},
		"isa":         {open: model.Options{ISA: "neon"}, want: "instruction set neon"},
		"isa slip":    {open: model.Options{ISA: "axv2"}, want: "instruction set axv2: this machine and build have"},
		"threads":     {open: model.Options{Threads: -1}, want: "-1 threads"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := model.Open(tinymodel.New(t, test.options), test.open)
			if err == nil {
				m.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %q, want %q in it", err, test.want)
			}
		})
	}
}

func TestForwardRefuses(t *testing.T) {
	m := open(t, tinymodel.New(t, tinymodel.Options{Context: 100}), model.Options{Threads: 1})
	kv := newKV(t, m, 2)
	page, _ := kv.Alloc()
	one := []model.PageID{page}
	for name, test := range map[string]struct {
		segment model.Segment
		want    string
	}{
		"empty":   {model.Segment{Pages: one}, "no tokens"},
		"token":   {model.Segment{Tokens: []int32{1 << 20}, Pages: one}, "token 1048576 is not in the vocabulary"},
		"pages":   {model.Segment{Tokens: []int32{1}, Start: 64, Pages: one}, "1 pages do not reach position 64"},
		"context": {model.Segment{Tokens: []int32{1}, Start: 100, Pages: one}, "outside of the context of 100"},
		"free":    {model.Segment{Tokens: []int32{1}, Pages: []model.PageID{page + 1}}, "is not allocated"},
		"row":     {model.Segment{Tokens: []int32{1}, Pages: one, Outputs: []model.Output{{Row: 1}}}, "output of row 1"},
		"target":  {model.Segment{Tokens: []int32{1}, Pages: one, Outputs: []model.Output{{Target: -2}}}, "target -2"},
		"logits":  {model.Segment{Tokens: []int32{1}, Pages: one, Outputs: []model.Output{{Logits: make([]float32, 3)}}}, "room for 3 logits"},
	} {
		err := m.Forward(kv, []model.Segment{test.segment})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, want %q in it", name, err, test.want)
		}
	}
}

// A page may be left out where no layer's window reaches it, and not before.
func TestForwardTakesNoPageBeforeWindows(t *testing.T) {
	for _, test := range []struct {
		pattern      []int32
		start        int
		missing, err bool
	}{
		{start: 133, missing: true},
		{start: 132, missing: true, err: true},
		{start: 132},
		{pattern: []int32{1, 0}, start: 133, missing: true, err: true},
	} {
		metadata := map[string]any{"llama.attention.sliding_window": uint32(70)}
		if test.pattern != nil {
			metadata["llama.attention.sliding_window_pattern"] = test.pattern
		}
		m := open(t, tinymodel.New(t, tinymodel.Options{Metadata: metadata}), model.Options{Threads: 1})
		kv := newKV(t, m, 3)
		pages := pagesOf(t, kv, 3*model.PageTokens)
		if test.missing {
			pages[0] = model.NoPage
		}
		err := m.Forward(kv, []model.Segment{{Tokens: []int32{1}, Start: test.start, Pages: pages, Outputs: []model.Output{{Target: 1}}}})
		if (err != nil) != test.err || err != nil && !strings.Contains(err.Error(), "page -1 is not allocated") {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// A checkpoint with a weight that is no number must not score anything.
func TestForwardReportsNonFinite(t *testing.T) {
	path := tinymodel.New(t, tinymodel.Options{Edit: func(s *tinymodel.Tensor) {
		if s.Name == "blk.1.ffn_down.weight" {
			copy(s.Data, []byte{0, 0, 0xc0, 0x7f})
		}
	}})
	m := open(t, path, model.Options{})
	kv := newKV(t, m, 1)
	s := model.Segment{Tokens: []int32{5}, Pages: pagesOf(t, kv, 1), Outputs: []model.Output{{Target: 6}}}
	if err := m.Forward(kv, []model.Segment{s}); err == nil || !strings.Contains(err.Error(), "position 0 are not finite") {
		t.Errorf("error is %v", err)
	}
}
