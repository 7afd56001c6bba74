// Command bigmodel writes a big Llama checkpoint with random weights, to see
// how the program does with one: what it takes in memory, how fast it is.
//
//	go run ./scripts/bigmodel -shape 7b -type Q4_0 -seed 1 -tokenizer MODEL.gguf -o 7b.gguf
//	bin/llamaeval run --model 7b.gguf --task piqa --limit 2 --sample
//
// The vocabulary is that of the checkpoint given as -tokenizer, whose size is
// also the number of the model's tokens. The same flags give the same bytes.
// Weights are drawn so that activations and logits keep a sane size. The file
// is written as it is drawn: memory does not grow with it.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// A shape is what the weights' sizes follow from.
type shape struct {
	layers, heads, kvHeads, headDim, ffn, context int
	// better, if not F32, is the type of the output and, in every other layer,
	// of values and the feed-forward's end, as in llama.cpp's mixtures.
	better quant.Type
}

func (s shape) width() int { return s.heads * s.headDim }

// shapes are those of Llama 2 (Touvron et al. 2023) and TinyLlama (Zhang et
// al. 2024); tiny is to try programs with.
var shapes = map[string]shape{
	"13b":  {layers: 40, heads: 40, kvHeads: 40, headDim: 128, ffn: 13824, context: 4096},
	"7b":   {layers: 32, heads: 32, kvHeads: 32, headDim: 128, ffn: 11008, context: 4096},
	"tiny": {layers: 2, heads: 4, kvHeads: 2, headDim: 16, ffn: 128, context: 4096},
	"1b":   {layers: 22, heads: 32, kvHeads: 4, headDim: 64, ffn: 5632, context: 2048},
}

// types are those that weights are drawn in.
var types = []quant.Type{quant.Q4_0, quant.Q8_0, quant.F32, quant.BF16, quant.Q4_K, quant.Q5_K, quant.Q6_K}

// mixture is one of Q4_K and Q6_K.
const mixture = "Q4_K_M"

func main() {
	name := flag.String("shape", "7b", "one of "+strings.Join(slices.Sorted(maps.Keys(shapes)), ", "))
	kind := flag.String("type", "Q4_0", "of the matrices: Q4_0, Q8_0, F32, BF16, Q4_K, Q5_K, Q6_K or "+mixture)
	seed := flag.Uint64("seed", 1, "of the weights")
	vocabulary := flag.String("tokenizer", "", "checkpoint whose vocabulary is used")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if err := run(*name, *kind, *seed, *vocabulary, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bigmodel:", err)
		os.Exit(1)
	}
}

func run(name, kind string, seed uint64, vocabulary, out string) error {
	s, ok := shapes[name]
	if !ok {
		return fmt.Errorf("-shape %s: one of %s", name, strings.Join(slices.Sorted(maps.Keys(shapes)), ", "))
	}
	if kind == mixture {
		kind, s.better = quant.Q4_K.String(), quant.Q6_K
	}
	i := slices.IndexFunc(types, func(t quant.Type) bool { return t.String() == kind })
	if i < 0 {
		return fmt.Errorf("-type %s: one of %v and %s", kind, types, mixture)
	}
	if vocabulary == "" || out == "" {
		return fmt.Errorf("-tokenizer and -o are needed: see the head of the source")
	}
	f, err := gguf.Open(vocabulary)
	if err != nil {
		return err
	}
	defer f.Close()
	metadata, err := tokenizerOf(f)
	if err != nil {
		return err
	}
	metadata["general.name"] = fmt.Sprintf("Random %s seed %d", name, seed)
	return write(out, s, types[i], seed, metadata)
}

// tokenizerOf copies a checkpoint's tokenizer metadata.
func tokenizerOf(f *gguf.File) (map[string]any, error) {
	out := map[string]any{}
	for _, key := range f.Keys() {
		if !strings.HasPrefix(key, "tokenizer.") {
			continue
		}
		if v := valueOf(f, key); v != nil {
			out[key] = v
		}
	}
	if _, ok := out["tokenizer.ggml.tokens"].([]string); !ok {
		return nil, fmt.Errorf("%s has no vocabulary", f.Path)
	}
	return out, nil
}

// valueOf returns a value of a kind that tokenizers have, else nil.
func valueOf(f *gguf.File, key string) any {
	if v, ok := f.String(key); ok {
		return v
	}
	if v, ok := f.Bool(key); ok {
		return v
	}
	if v, ok := f.Uint(key); ok {
		return uint32(v)
	}
	if v, ok := f.Strings(key); ok {
		return v
	}
	if v, ok := f.Ints(key); ok {
		out := make([]int32, len(v))
		for i, n := range v {
			out[i] = int32(n)
		}
		return out
	}
	return nil
}

// write writes the checkpoint beside its name first.
func write(path string, s shape, t quant.Type, seed uint64, metadata map[string]any) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".bigmodel-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	weights := s.weights(t, len(metadata["tokenizer.ggml.tokens"].([]string)))
	tensors := make([]tinymodel.Tensor, len(weights))
	for i := range weights {
		tensors[i] = weights[i].Tensor
	}
	maps.Copy(metadata, s.metadata())
	if _, err := w.Write(tinymodel.Header(metadata, tensors)); err != nil {
		return err
	}
	for i, weight := range weights {
		if err := weight.draw(w, seed, uint64(i)); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (s shape) metadata() map[string]any {
	return map[string]any{
		"general.architecture":                   "llama",
		"llama.block_count":                      uint32(s.layers),
		"llama.context_length":                   uint32(s.context),
		"llama.embedding_length":                 uint32(s.width()),
		"llama.feed_forward_length":              uint32(s.ffn),
		"llama.attention.head_count":             uint32(s.heads),
		"llama.attention.head_count_kv":          uint32(s.kvHeads),
		"llama.attention.layer_norm_rms_epsilon": float32(1e-5),
		"llama.rope.freq_base":                   float32(10000),
		"llama.rope.dimension_count":             uint32(s.headDim),
	}
}
