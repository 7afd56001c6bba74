// Package tinymodel writes small random Llama checkpoints as GGUF files, so
// that tests can run the whole program in milliseconds. The same options give
// the same bytes.
package tinymodel

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// Options shape a model. The zero value is a useful model of two layers.
type Options struct {
	Seed    uint64
	Type    quant.Type // of the matrices: F32, Q8_0 or Q4_0
	Layers  int        // 2
	Heads   int        // 4
	KVHeads int        // 2
	HeadDim int        // 16
	FFN     int        // 96
	Context int        // 2048
	Untied  bool       // an output weight of its own
	// Architecture is general.architecture, llama. Of others the file has the
	// tensors that the kind named has in GGUF.
	Architecture string

	// Metadata is added to, and wins over, what the options imply: strings,
	// uint32, uint16, int32, float32, bool, []string, []int32. nil removes a key.
	Metadata map[string]any
	Tokens   map[int]string // spelled otherwise
	// Omit leaves tensors out; Rename stores them under another name.
	Omit   []string
	Rename map[string]string
	// Edit, if not nil, may change the shape or data of a tensor.
	Edit func(*Tensor)
}

// A Tensor is one entry of the file.
type Tensor struct {
	Name  string
	Type  quant.Type
	Shape []int // row length first
	Data  []byte
}

// Size is the bytes of the tensor's data, also before there are any.
func (t Tensor) Size() int {
	if t.Data != nil {
		return len(t.Data)
	}
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n / t.Type.BlockSize() * t.Type.BlockBytes()
}

func (o Options) withDefaults() Options {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	if o.Architecture == "" {
		o.Architecture = "llama"
	}
	set(&o.Layers, 2)
	set(&o.Heads, 4)
	set(&o.KVHeads, 2)
	set(&o.HeadDim, 16)
	set(&o.FFN, 96)
	set(&o.Context, 2048)
	return o
}

// New writes a model into the test's temporary folder and returns its path.
func New(t testing.TB, o Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := Write(path, o); err != nil {
		t.Fatal(err)
	}
	return path
}

// Write writes a model to path.
func Write(path string, o Options) error {
	data, err := Bytes(o)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// Bytes returns a model's file.
func Bytes(o Options) ([]byte, error) {
	o = o.withDefaults()
	tensors, err := o.tensors()
	if err != nil {
		return nil, err
	}
	return encode(o.metadata(), tensors), nil
}

// tensors draws the weights: matrices of variance 1/columns, so that
// activations keep their size, and a wider embedding, so that logits differ.
func (o Options) tensors() ([]Tensor, error) {
	if o.Type != quant.F32 && o.Type != quant.Q8_0 && o.Type != quant.Q4_0 {
		return nil, fmt.Errorf("tinymodel: cannot write weights of type %v", o.Type)
	}
	width := o.Heads * o.HeadDim
	w := &weights{r: rand.New(rand.NewPCG(o.Seed, 0))}
	w.add("token_embd", o.Type, len(vocabulary()), width, 0.4)
	for i := range o.Layers {
		o.layer(w, fmt.Sprintf("blk.%d.", i))
	}
	w.add("output_norm", quant.F32, 1, width, 0)
	if o.Untied {
		w.add("output", o.Type, len(vocabulary()), width, 0.4)
	}
	return o.edit(w.drawn), nil
}

// layer draws one layer's weights, whose names begin with blk.
func (o Options) layer(w *weights, blk string) {
	width, queries, keys := o.Heads*o.HeadDim, o.Heads*o.HeadDim, o.KVHeads*o.HeadDim
	inner := 1 / math.Sqrt(float64(width))
	w.add(blk+"attn_norm", quant.F32, 1, width, 0)
	w.add(blk+"attn_q", o.Type, queries, width, 2*inner)
	w.add(blk+"attn_k", o.Type, keys, width, 2*inner)
	w.add(blk+"attn_v", o.Type, keys, width, inner)
	w.add(blk+"attn_output", o.Type, width, queries, inner)
	w.add(blk+"ffn_norm", quant.F32, 1, width, 0)
	if o.Architecture == "phi3" {
		w.add(blk+"ffn_up", o.Type, 2*o.FFN, width, inner)
	} else {
		w.add(blk+"ffn_gate", o.Type, o.FFN, width, inner)
		w.add(blk+"ffn_up", o.Type, o.FFN, width, inner)
	}
	w.add(blk+"ffn_down", o.Type, width, o.FFN, 1/math.Sqrt(float64(o.FFN)))
	switch o.Architecture {
	case "qwen2":
		w.add(blk+"attn_q.bias", quant.F32, 1, queries, 0.3)
		w.add(blk+"attn_k.bias", quant.F32, 1, keys, 0.3)
		w.add(blk+"attn_v.bias", quant.F32, 1, keys, 0.3)
	case "qwen3", "gemma3":
		w.add(blk+"attn_q_norm", quant.F32, 1, o.HeadDim, 0)
		w.add(blk+"attn_k_norm", quant.F32, 1, o.HeadDim, 0)
	}
	if o.Architecture == "gemma2" || o.Architecture == "gemma3" {
		w.add(blk+"post_attention_norm", quant.F32, 1, width, 0)
		w.add(blk+"post_ffw_norm", quant.F32, 1, width, 0)
	}
}

// weights are drawn one after the other.
type weights struct {
	r     *rand.Rand
	drawn []Tensor
}

func (w *weights) add(name string, t quant.Type, rows, cols int, deviation float64) {
	s := Tensor{Name: name, Type: t, Shape: []int{cols, rows}}
	if !strings.HasSuffix(name, ".bias") {
		s.Name += ".weight"
	}
	if rows == 1 {
		s.Shape = s.Shape[:1]
	}
	s.Data = draw(w.r, t, rows*cols, deviation)
	w.drawn = append(w.drawn, s)
}

func (o Options) edit(tensors []Tensor) []Tensor {
	var out []Tensor
next:
	for _, t := range tensors {
		for _, name := range o.Omit {
			if t.Name == name {
				continue next
			}
		}
		if name, ok := o.Rename[t.Name]; ok {
			t.Name = name
		}
		if o.Edit != nil {
			o.Edit(&t)
		}
		out = append(out, t)
	}
	return out
}

// draw returns n weights of that standard deviation, or near 1 for 0, as a
// gain has.
func draw(r *rand.Rand, t quant.Type, n int, deviation float64) []byte {
	var out []byte
	switch t {
	case quant.F32:
		for range n {
			v := r.NormFloat64() * deviation
			if deviation == 0 {
				v = 1 + float64(0.1*r.NormFloat64())
			}
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
		}
	case quant.Q8_0: // uniform quanta of -127 to 127 deviate by 73
		for range n / 32 {
			out = binary.LittleEndian.AppendUint16(out, Half(deviation/73))
			for range 32 {
				out = append(out, byte(r.IntN(255)-127))
			}
		}
	case quant.Q4_0: // uniform quanta of -8 to 7 deviate by 4.6
		for range n / 32 {
			out = binary.LittleEndian.AppendUint16(out, Half(deviation/4.6))
			for range 16 {
				out = append(out, byte(r.Uint32()))
			}
		}
	}
	return out
}

// Half returns the binary16 at or just below a positive normal value.
func Half(x float64) uint16 {
	bits := math.Float32bits(float32(x))
	return uint16(bits>>13 - (127-15)<<10)
}
