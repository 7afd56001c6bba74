package model

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// layer is one transformer block's weights, named as in the file.
type layer struct {
	attnNorm, q, k, v, attnOutput kernels.Weight
	ffnNorm, gate, up, down       kernels.Weight
}

// weights is all of a checkpoint.
type weights struct {
	embedding  kernels.Weight
	layers     []layer
	outputNorm kernels.Weight
	output     kernels.Weight // the embedding, if tied
}

// loader takes tensors out of a file and keeps the first error.
type loader struct {
	f   *gguf.File
	b   kernels.Backend
	err error
}

// load finds and checks every tensor the forward pass needs and completes the
// configuration with what only the tensors tell.
func load(f *gguf.File, b kernels.Backend, c *Config) (weights, error) {
	l := &loader{f: f, b: b}
	if t, ok := f.Tensor("token_embd.weight"); ok && len(t.Shape) == 2 {
		c.Vocab = t.Shape[1]
	}
	w := weights{
		embedding:  l.matrix("token_embd", c.Vocab, c.Embedding),
		outputNorm: l.vector("output_norm", c.Embedding),
	}
	if _, ok := f.Tensor("output.weight"); ok {
		w.output = l.matrix("output", c.Vocab, c.Embedding)
	} else {
		c.Tied, w.output = true, w.embedding
	}
	queries, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	for i := 0; i < c.Layers && l.err == nil; i++ {
		name := func(s string) string { return fmt.Sprintf("blk.%d.%s", i, s) }
		w.layers = append(w.layers, layer{
			attnNorm:   l.vector(name("attn_norm"), c.Embedding),
			q:          l.matrix(name("attn_q"), queries, c.Embedding),
			k:          l.matrix(name("attn_k"), keys, c.Embedding),
			v:          l.matrix(name("attn_v"), keys, c.Embedding),
			attnOutput: l.matrix(name("attn_output"), c.Embedding, queries),
			ffnNorm:    l.vector(name("ffn_norm"), c.Embedding),
			gate:       l.matrix(name("ffn_gate"), c.FFN, c.Embedding),
			up:         l.matrix(name("ffn_up"), c.FFN, c.Embedding),
			down:       l.matrix(name("ffn_down"), c.Embedding, c.FFN),
		})
	}
	return w, l.err
}

// ropeFactors returns rope_freqs.weight, or nil where there is none.
func (l *loader) ropeFactors(c Config) []float32 {
	t, ok := l.f.Tensor("rope_freqs.weight")
	if !ok {
		return nil
	}
	l.check(t, 1, c.RopeDim/2)
	factors := make([]float32, c.RopeDim/2)
	if l.err == nil {
		if err := quant.Dequantize(factors, t.Type, t.Data); err != nil {
			l.fail(t.Name, "%v", err)
		}
	}
	for i, f := range factors {
		if l.err == nil && !(f > 0) {
			l.fail(t.Name, "has factor %v for pair %d, want a positive number", f, i)
		}
	}
	return factors
}

func (l *loader) vector(name string, n int) kernels.Weight { return l.matrix(name, 1, n) }

// matrix returns the weight of rows outputs and cols inputs.
func (l *loader) matrix(name string, rows, cols int) kernels.Weight {
	if l.err != nil {
		return nil
	}
	name += ".weight"
	t, ok := l.f.Tensor(name)
	if !ok {
		l.fail(name, "is missing; the file is incomplete or no %s model", l.f.Architecture())
		return nil
	}
	if l.check(t, rows, cols); l.err != nil {
		return nil
	}
	w, err := l.b.NewWeight(t.Type, rows, cols, t.Data)
	if err != nil {
		l.fail(name, "%v", err)
		return nil
	}
	return w
}

// check compares a tensor's shape, whose row length comes first.
func (l *loader) check(t gguf.Tensor, rows, cols int) {
	want := []int{cols, rows}
	ok := len(t.Shape) > 0 && t.Shape[0] == cols && t.Elements() == rows*cols
	for i, d := range t.Shape {
		ok = ok && (i > 1 && d == 1 || i <= 1 && d == want[i])
	}
	if !ok {
		l.fail(t.Name, "has shape %v, the metadata call for %v", t.Shape, want)
	}
}

func (l *loader) fail(name, format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("%s: tensor %s %s", l.f.Path, name, fmt.Sprintf(format, args...))
	}
}
