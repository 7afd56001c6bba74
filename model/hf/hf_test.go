package hf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/hf"
	"github.com/llamaeval/llamaeval/model/hf/hftest"
)

const (
	heads, kvHeads, headDim = 4, 2, 16
	width, ffn              = heads * headDim, 96
)

// config is that of tinymodel's default model.
func config(vocab int, change map[string]any) map[string]any {
	c := map[string]any{
		"model_type": "llama", "hidden_size": width, "intermediate_size": ffn, "num_hidden_layers": 2,
		"num_attention_heads": heads, "num_key_value_heads": kvHeads, "vocab_size": vocab, "hidden_act": "silu",
		"max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true,
		"bos_token_id": 1, "eos_token_id": []int{2, 3},
	}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// theirs maps GGUF's names to transformers', spelled out a second time.
func theirs(name string) string {
	name = strings.TrimSuffix(name, ".weight")
	for from, to := range map[string]string{
		"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
		"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
		"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
		"ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
	} {
		var layer int
		if name == from {
			return to + ".weight"
		}
		if n, _ := fmt.Sscanf(name, "blk.%d.", &layer); n == 1 && strings.TrimPrefix(name, fmt.Sprintf("blk.%d.", layer)) == from {
			return fmt.Sprintf("model.layers.%d.%s.weight", layer, to)
		}
	}
	panic(name)
}

// halves undoes the order of rotary pairs: row 2i+s of a head goes to s·n/2+i.
func halves(data []byte, heads int) []byte {
	out, row := make([]byte, len(data)), len(data)/(heads*headDim)
	for h := range heads {
		for r := range headDim {
			to := h*headDim + r%2*headDim/2 + r/2
			copy(out[to*row:], data[(h*headDim+r)*row:][:row])
		}
	}
	return out
}

// tiny returns tinymodel's file and the same as transformers' tensors.
func tiny(t *testing.T) (*gguf.File, map[string]hftest.Tensor) {
	t.Helper()
	f, err := gguf.Open(tinymodel.New(t, tinymodel.Options{Untied: true}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	tensors := map[string]hftest.Tensor{}
	for _, x := range f.Tensors() {
		data, shape := x.Data, []int{x.Shape[0]}
		if len(x.Shape) == 2 {
			shape = []int{x.Shape[1], x.Shape[0]}
		}
		switch {
		case strings.Contains(x.Name, "attn_q."):
			data = halves(data, heads)
		case strings.Contains(x.Name, "attn_k."):
			data = halves(data, kvHeads)
		}
		tensors[theirs(x.Name)] = hftest.Tensor{DType: "F32", Shape: shape, Data: data}
	}
	return f, tensors
}

func vocabOf(f *gguf.File) int {
	x, _ := f.Tensor("token_embd.weight")
	return x.Shape[1]
}

func TestEqualsGGUF(t *testing.T) {
	want, tensors := tiny(t)
	dir := t.TempDir()
	hftest.Write(t, dir, config(vocabOf(want), map[string]any{"tie_word_embeddings": false}), tensors)
	f, err := hf.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if len(f.Tensors()) != len(want.Tensors()) {
		t.Errorf("%d tensors, want %d", len(f.Tensors()), len(want.Tensors()))
	}
	for _, w := range want.Tensors() {
		if got, ok := f.Tensor(w.Name); !ok || got.Type != w.Type || !bytes.Equal(got.Data, w.Data) || !cmp.Equal(got.Shape, w.Shape) {
			t.Errorf("%s differs", w.Name)
		}
	}
	for _, key := range []string{"block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count", "attention.head_count_kv"} {
		a, ok := f.Uint("llama." + key)
		if b, _ := want.Uint("llama." + key); !ok || a != b {
			t.Errorf("%s is %d, want %d", key, a, b)
		}
	}
	if eos, _ := f.Int("tokenizer.ggml.eos_token_id"); eos != 2 {
		t.Errorf("eos is %d", eos)
	}
	if f.Path != dir || len(f.Paths()) != 2 {
		t.Errorf("path %s, files %v", f.Path, f.Paths())
	}
}

func TestTied(t *testing.T) {
	want, tensors := tiny(t)
	dir := t.TempDir()
	hftest.Write(t, dir, config(vocabOf(want), nil), tensors)
	f, err := hf.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, ok := f.Tensor("output.weight"); ok {
		t.Error("the output of a tied model is read")
	}
}

// Files of the tokenizer are kept as they are; ids that no token has are none.
func TestTokenizerFiles(t *testing.T) {
	want, tensors := tiny(t)
	dir := t.TempDir()
	hftest.Write(t, dir, config(vocabOf(want), map[string]any{"bos_token_id": nil, "eos_token_id": 7}), tensors)
	for name, text := range map[string]string{
		"generation_config.json": `{"bos_token_id": 4, "eos_token_id": [99999999, 5, 7]}`,
		"tokenizer_config.json":  `{"add_bos_token": false}`,
		"tokenizer.json":         `{"model": {}}`,
		"tokenizer.model":        "beside tokenizer.json it does not count",
		"chat_template.jinja":    "{{ x }}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := hf.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for key, want := range map[string]string{
		hf.TokenizerJSON: `{"model": {}}`, hf.TokenizerConfig: `{"add_bos_token": false}`, hf.SentencePiece: "", "tokenizer.chat_template": "{{ x }}",
	} {
		if got, _ := f.String(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	bos, _ := f.Int("tokenizer.ggml.bos_token_id")
	eos, _ := f.Int("tokenizer.ggml.eos_token_id")
	ends, _ := f.Ints(hf.Ends)
	if bos != 4 || eos != 7 || !cmp.Equal(ends, []int64{5, 7}) {
		t.Errorf("bos %d, eos %d, ends %v", bos, eos, ends)
	}
	if len(f.Paths()) != 7 {
		t.Errorf("files %v", f.Paths())
	}
}

func TestRope(t *testing.T) {
	want, tensors := tiny(t)
	open := func(change map[string]any) *gguf.File {
		dir := t.TempDir()
		hftest.Write(t, dir, config(vocabOf(want), change), tensors)
		f, err := hf.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	llama3 := map[string]any{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 128}
	f := open(map[string]any{"rope_scaling": llama3})
	x, ok := f.Tensor("rope_freqs.weight")
	if !ok {
		t.Fatal("no factors")
	}
	for i := range headDim / 2 {
		// As modeling_rope_utils has it, in wavelengths.
		length := 2 * math.Pi * math.Pow(10000, float64(2*i)/headDim)
		factor := 1.0
		if length > 128/1.0 {
			factor = 8
		} else if length >= 128/4.0 {
			smooth := (128/length - 1) / (4 - 1)
			factor = 1 / ((1-smooth)/8 + smooth)
		}
		if got := math.Float32frombits(binary.LittleEndian.Uint32(x.Data[4*i:])); math.Abs(float64(got)/factor-1) > 1e-6 {
			t.Errorf("factor %d is %v, want %v", i, got, factor)
		}
	}
	mustEqualConverter(t)
	f = open(map[string]any{"rope_theta": nil, "rope_parameters": map[string]any{"rope_type": "yarn", "rope_theta": 5e5, "factor": 4.0, "original_max_position_embeddings": 512, "attention_factor": 1.0}})
	base, _ := f.Float("llama.rope.freq_base")
	kind, _ := f.String("llama.rope.scaling.type")
	original, _ := f.Uint("llama.rope.scaling.original_context_length")
	attention, _ := f.Float("llama.rope.scaling.yarn_attn_factor")
	if base != 5e5 || kind != "yarn" || original != 512 || attention != 1 {
		t.Errorf("base %v, kind %s, original %d, attention %v", base, kind, original, attention)
	}
	f = open(map[string]any{"rope_scaling": map[string]any{"type": "linear", "factor": 2.0}})
	if factor, _ := f.Float("llama.rope.scaling.factor"); factor != 2 {
		t.Errorf("linear factor %v", factor)
	}
}

func TestRefuses(t *testing.T) {
	want, tensors := tiny(t)
	for name, c := range map[string]struct {
		config  map[string]any
		tensors map[string]hftest.Tensor
		want    string
	}{
		"model type":      {map[string]any{"model_type": "bert"}, nil, `model_type "bert" is not supported: it needs a decoder`},
		"width":           {map[string]any{"hidden_size": 0}, nil, "hidden_size is 0"},
		"negative":        {map[string]any{"num_key_value_heads": -2}, nil, "num_key_value_heads is -2"},
		"activation":      {map[string]any{"hidden_act": "gelu"}, nil, `hidden_act "gelu"`},
		"rope":            {map[string]any{"rope_scaling": map[string]any{"type": "dynamic", "factor": 2.0}}, nil, `rope_type "dynamic"`},
		"longrope":        {map[string]any{"rope_scaling": map[string]any{"type": "longrope"}}, nil, "longrope is not supported: its angles depend"},
		"layer types":     {map[string]any{"model_type": "gemma2", "hidden_act": "gelu_pytorch_tanh", "sliding_window": 9, "layer_types": []string{"full_attention", "chunked_attention"}}, nil, `layer_types has "chunked_attention"`},
		"rope factor":     {map[string]any{"rope_scaling": map[string]any{"type": "linear"}}, nil, "rope factor is 0"},
		"quantised":       {map[string]any{"quantization_config": map[string]any{"quant_method": "gptq"}}, nil, `quantised by "gptq"`},
		"unknown tensor":  {nil, map[string]hftest.Tensor{"model.layers.0.mlp.experts": {DType: "F32", Shape: []int{1}, Data: make([]byte, 4)}}, `"model.layers.0.mlp.experts" is no part of a llama model`},
		"integers":        {nil, map[string]hftest.Tensor{"model.norm.weight": {DType: "I8", Shape: []int{width}, Data: make([]byte, width)}}, "type I8 is not supported"},
		"stray scale":     {nil, map[string]hftest.Tensor{"model.x.weight_scale": {DType: "F32", Shape: []int{1}, Data: make([]byte, 4)}}, "1 scales belong to no weight"},
		"scale of floats": {nil, map[string]hftest.Tensor{"model.norm.weight_scale": {DType: "F32", Shape: []int{1}, Data: make([]byte, 4)}}, "weights of type F32"},
		"partial rotary":  {map[string]any{"partial_rotary_factor": 1.5}, nil, "partial_rotary_factor is 1.5"},
		"not numbers":     {map[string]any{"hidden_size": "x"}, nil, "config.json"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, all := t.TempDir(), maps.Clone(tensors)
			maps.Copy(all, c.tensors)
			hftest.Write(t, dir, config(vocabOf(want), c.config), all)
			f, err := hf.Open(dir)
			if err == nil {
				f.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

// TestFloat8 reads weights of 8 bits with the three kinds of factors.
func TestFloat8(t *testing.T) {
	want, tensors := tiny(t)
	codes := make([]byte, ffn*width)
	for i := range codes {
		codes[i] = byte(i*7) &^ 0x78 // no NaN
	}
	for name, c := range map[string]struct {
		shape  []int
		suffix string
		factor func(row, col int) int // index
	}{
		"one":    {[]int{1}, "_scale", func(_, _ int) int { return 0 }},
		"scalar": {[]int{}, "_scale", func(_, _ int) int { return 0 }},
		"rows":   {[]int{ffn, 1}, "_scale", func(row, _ int) int { return row }},
		"blocks": {[]int{3, 2}, "_scale_inv", func(row, col int) int { return row/40*2 + col/32 }},
	} {
		t.Run(name, func(t *testing.T) {
			n := 1
			for _, d := range c.shape {
				n *= d
			}
			var factors []float32
			var raw []byte
			for i := range n {
				factors = append(factors, 0.1*float32(i+1))
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(factors[i]))
			}
			const module = "model.layers.1.mlp.up_proj.weight"
			all := maps.Clone(tensors)
			all[module] = hftest.Tensor{DType: "F8_E4M3", Shape: []int{ffn, width}, Data: codes}
			all[module+c.suffix] = hftest.Tensor{DType: "F32", Shape: c.shape, Data: raw}
			dir := t.TempDir()
			hftest.Write(t, dir, config(vocabOf(want), map[string]any{"quantization_config": map[string]any{"quant_method": "fp8", "weight_block_size": []int{40, 32}}}), all)
			f, err := hf.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			x, _ := f.Tensor("blk.1.ffn_up.weight")
			got, plain := make([]float32, len(codes)), make([]float32, len(codes))
			if err := quant.Dequantize(got, x.Type, x.Data); err != nil {
				t.Fatal(err)
			}
			if err := quant.Dequantize(plain, quant.F8_E4M3, codes); err != nil {
				t.Fatal(err)
			}
			for i, v := range plain {
				if w := v * factors[c.factor(i/width, i%width)]; got[i] != w {
					t.Fatalf("weight %d is %v, want %v", i, got[i], w)
				}
			}
		})
	}
}

// TestGemmaNorms: such files hold norms less 1, and norms on both sides.
func TestGemmaNorms(t *testing.T) {
	one := func(v float32) hftest.Tensor {
		return hftest.Tensor{DType: "BF16", Shape: []int{1}, Data: []byte{0, byte(math.Float32bits(v) >> 24)}}
	}
	dir := t.TempDir()
	hftest.Write(t, dir, config(8, map[string]any{"model_type": "gemma2", "hidden_act": nil, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 64, "query_pre_attn_scalar": 64, "final_logit_softcapping": 30.0}), map[string]hftest.Tensor{
		"model.norm.weight": one(2),
		"model.layers.0.post_attention_layernorm.weight":   one(-2),
		"model.layers.0.pre_feedforward_layernorm.weight":  one(0),
		"model.layers.0.post_feedforward_layernorm.weight": one(8),
	})
	f, err := hf.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]float32{"output_norm": 3, "blk.0.post_attention_norm": -1, "blk.0.ffn_norm": 1, "blk.0.post_ffw_norm": 9} {
		x, ok := f.Tensor(name + ".weight")
		if !ok || x.Type != quant.F32 || math.Float32frombits(binary.LittleEndian.Uint32(x.Data)) != want {
			t.Errorf("%s is %v, want %v", name, x.Data, want)
		}
	}
	scale, _ := f.Float("gemma2.attention.scale")
	window, _ := f.Uint("gemma2.attention.sliding_window")
	if limit, _ := f.Float("gemma2.final_logit_softcapping"); scale != 0.125 || window != 64 || limit != 30 {
		t.Errorf("scale %v, window %d, limit %v", scale, window, limit)
	}
}

// mustEqualConverter holds the factors of Llama 3.1 8B to those that llama.cpp's
// converter computes with torch, to the bit.
func mustEqualConverter(t *testing.T) {
	t.Helper()
	want, first := []float32{1.2074839, 1.5534146, 2.026313, 2.69453, 3.6842532, 5.257327}, 29
	dir := t.TempDir()
	hftest.Write(t, dir, map[string]any{
		"model_type": "llama", "hidden_size": 128, "intermediate_size": 2, "num_hidden_layers": 1, "num_attention_heads": 1,
		"vocab_size": 2, "max_position_embeddings": 131072, "rope_theta": 5e5,
		"rope_scaling": map[string]any{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
	}, map[string]hftest.Tensor{"model.norm.weight": {DType: "F32", Shape: []int{128}, Data: make([]byte, 512)}})
	f, err := hf.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, _ := f.Tensor("rope_freqs.weight")
	for i := range 64 {
		got, w := math.Float32frombits(binary.LittleEndian.Uint32(x.Data[4*i:])), float32(1)
		switch {
		case i >= first+len(want):
			w = 8
		case i >= first:
			w = want[i-first]
		}
		if got != w {
			t.Errorf("factor %d is %v, want %v", i, got, w)
		}
	}
}
