package model

import (
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// linear is a matrix product with a bias, which may be nil.
type linear struct{ weight, bias kernels.Weight }

// layer is one transformer block's weights, named as in the file. Norms that
// the architecture lacks are nil.
type layer struct {
	attnNorm, queryNorm, keyNorm, attnPostNorm kernels.Weight
	q, k, v, attnOutput                        linear
	ffnNorm, ffnPostNorm                       kernels.Weight
	gate, up, down                             linear
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
	f     *gguf.File
	a     architecture
	b     kernels.Backend
	taken map[string]bool
	err   error
}

// load finds and checks every tensor the forward pass needs and completes the
// configuration with what only the tensors tell. A tensor that nothing needs
// would be left out of the computation in silence, so it is refused.
func load(f *gguf.File, a architecture, b kernels.Backend, c *Config) (weights, []float32, error) {
	l := &loader{f: f, a: a, b: b, taken: map[string]bool{}}
	if t, ok := f.Tensor("token_embd.weight"); ok && len(t.Shape) == 2 {
		c.Vocab = t.Shape[1]
	}
	w := weights{
		embedding:  l.matrix("token_embd.weight", c.Vocab, c.Embedding),
		outputNorm: l.vector("output_norm.weight", c.Embedding),
	}
	if l.has("output.weight") {
		w.output = l.matrix("output.weight", c.Vocab, c.Embedding)
	} else {
		c.Tied, w.output = true, w.embedding
	}
	for i := 0; i < c.Layers && l.err == nil; i++ {
		w.layers = append(w.layers, l.layer(fmt.Sprintf("blk.%d.", i), c))
	}
	factors := l.ropeFactors(*c)
	for _, t := range f.Tensors() {
		if !l.taken[t.Name] {
			l.fail(t.Name, "is no part of architecture %s as supported here; its effect would be lost", c.Architecture)
		}
	}
	return w, factors, l.err
}

// layer takes the tensors whose names begin with blk.
func (l *loader) layer(blk string, c *Config) layer {
	queries, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	w := layer{
		attnNorm:   l.vector(blk+"attn_norm.weight", c.Embedding),
		attnOutput: l.linear(blk, "attn_output", queries, c.Embedding)[0],
		ffnNorm:    l.vector(blk+"ffn_norm.weight", c.Embedding),
		down:       l.linear(blk, "ffn_down", c.FFN, c.Embedding)[0],
	}
	if l.has(blk + "attn_qkv.weight") {
		qkv := l.linear(blk, "attn_qkv", c.Embedding, queries, keys, keys)
		w.q, w.k, w.v = qkv[0], qkv[1], qkv[2]
	} else {
		w.q = l.linear(blk, "attn_q", c.Embedding, queries)[0]
		w.k = l.linear(blk, "attn_k", c.Embedding, keys)[0]
		w.v = l.linear(blk, "attn_v", c.Embedding, keys)[0]
	}
	if l.a.fusedGate {
		both := l.linear(blk, "ffn_up", c.Embedding, c.FFN, c.FFN)
		w.gate, w.up = both[0], both[1]
	} else {
		w.gate = l.linear(blk, "ffn_gate", c.Embedding, c.FFN)[0]
		w.up = l.linear(blk, "ffn_up", c.Embedding, c.FFN)[0]
	}
	if l.a.headNorms {
		w.queryNorm = l.vector(blk+"attn_q_norm.weight", c.HeadDim)
		w.keyNorm = l.vector(blk+"attn_k_norm.weight", c.HeadDim)
	}
	if l.a.postNorms {
		w.attnPostNorm = l.vector(blk+"post_attention_norm.weight", c.Embedding)
		w.ffnPostNorm = l.vector(blk+"post_ffw_norm.weight", c.Embedding)
	}
	return w
}

// linear takes a matrix of so many inputs, which holds one or several products
// of so many outputs each, and the biases that the architecture has or allows.
func (l *loader) linear(blk, name string, inputs int, outputs ...int) []linear {
	out := make([]linear, len(outputs))
	weights := l.parts(blk+name+".weight", inputs, outputs)
	needed, allowed := l.a.biases[name]
	if name == "attn_qkv" {
		needed, allowed = l.a.biases["attn_q"]
	}
	var biases []kernels.Weight
	if needed || allowed && l.has(blk+name+".bias") {
		biases = l.parts(blk+name+".bias", 1, outputs)
	}
	for i := range out {
		out[i].weight = weights[i]
		if biases != nil {
			out[i].bias = biases[i]
		}
	}
	return out
}

// parts cuts a tensor of `cols` columns into weights of so many rows each. Of
// biases, of one column, each becomes one row.
func (l *loader) parts(name string, cols int, rows []int) []kernels.Weight {
	out := make([]kernels.Weight, len(rows))
	total := 0
	for _, n := range rows {
		total += n
	}
	bias := strings.HasSuffix(name, ".bias")
	t := l.take(name)
	if bias {
		l.check(t, 1, total)
	} else {
		l.check(t, total, cols)
	}
	done := 0
	for i, n := range rows {
		if l.err != nil {
			return out
		}
		data := t.Data[len(t.Data)/total*done : len(t.Data)/total*(done+n)]
		if bias {
			out[i] = l.weight(t, 1, n, data)
		} else {
			out[i] = l.weight(t, n, cols, data)
		}
		done += n
	}
	return out
}

// ropeFactors returns rope_freqs.weight, or nil where there is none.
func (l *loader) ropeFactors(c Config) []float32 {
	const name = "rope_freqs.weight"
	if !l.has(name) {
		return nil
	}
	t := l.take(name)
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
	t := l.take(name)
	l.check(t, rows, cols)
	return l.weight(t, rows, cols, t.Data)
}

func (l *loader) weight(t gguf.Tensor, rows, cols int, data []byte) kernels.Weight {
	if l.err != nil {
		return nil
	}
	w, err := l.b.NewWeight(t.Type, rows, cols, data)
	if err != nil {
		l.fail(t.Name, "%v", err)
		return nil
	}
	return w
}

func (l *loader) has(name string) bool {
	_, ok := l.f.Tensor(name)
	return ok
}

// take returns a tensor, which must be there.
func (l *loader) take(name string) gguf.Tensor {
	t, ok := l.f.Tensor(name)
	if !ok {
		l.fail(name, "is missing; the file is incomplete or no %s model", l.f.Architecture())
	}
	l.taken[name] = true
	return t
}

// check compares a tensor's shape, whose row length comes first.
func (l *loader) check(t gguf.Tensor, rows, cols int) {
	if l.err != nil {
		return
	}
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
