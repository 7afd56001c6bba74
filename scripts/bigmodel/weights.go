package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// A weight is a tensor that is still to be drawn.
type weight struct {
	tinymodel.Tensor
	deviation float64 // standard; 0: a gain, near 1
}

// weights lists the tensors in the order of the file. Matrices have variance
// 1/columns, so that activations keep their size; queries and keys have more,
// so that attention is not even, and the embedding too, so that logits differ.
func (s shape) weights(t quant.Type, vocabulary int) []weight {
	var out []weight
	matrix := func(name string, rows, cols int, deviation float64) {
		out = append(out, weight{tinymodel.Tensor{Name: name + ".weight", Type: t, Shape: []int{cols, rows}}, deviation})
	}
	gain := func(name string) {
		out = append(out, weight{tinymodel.Tensor{Name: name + ".weight", Type: quant.F32, Shape: []int{s.width()}}, 0})
	}
	better := func(part bool) {
		if last := &out[len(out)-1]; part && s.better != quant.F32 {
			last.Type = s.better
		}
	}
	width, keys := s.width(), s.kvHeads*s.headDim
	inner := 1 / math.Sqrt(float64(width))
	matrix("token_embd", vocabulary, width, 0.4)
	for i := range s.layers {
		blk := fmt.Sprintf("blk.%d.", i)
		gain(blk + "attn_norm")
		matrix(blk+"attn_q", width, width, 1.5*inner)
		matrix(blk+"attn_k", keys, width, 1.5*inner)
		matrix(blk+"attn_v", keys, width, inner)
		better(i%2 == 0)
		matrix(blk+"attn_output", width, width, inner)
		gain(blk + "ffn_norm")
		matrix(blk+"ffn_gate", s.ffn, width, inner)
		matrix(blk+"ffn_up", s.ffn, width, inner)
		matrix(blk+"ffn_down", width, s.ffn, 1/math.Sqrt(float64(s.ffn)))
		better(i%2 == 0)
	}
	gain("output_norm")
	matrix("output", vocabulary, width, 2*inner)
	better(true)
	return out
}

// draw writes the tensor's data and padding. Each tensor has a stream of
// random numbers of its own.
func (t weight) draw(w *bufio.Writer, seed, stream uint64) error {
	r := rand.New(rand.NewPCG(seed, stream))
	n := t.Size() / t.Type.BlockBytes()
	block := make([]byte, 0, t.Type.BlockBytes())
	for range n {
		if _, err := w.Write(t.block(block, r)); err != nil {
			return err
		}
	}
	_, err := w.Write(make([]byte, tinymodel.Padding(t.Size())))
	return err
}

// block appends one block of random weights. A quantised block's scale varies
// by half around what gives the deviation.
func (t weight) block(b []byte, r *rand.Rand) []byte {
	le := binary.LittleEndian
	scale := t.deviation * (0.5 + r.Float64())
	switch t.Type {
	case quant.Q4_0: // uniform quanta of -8 to 7 deviate by 4.6
		b = le.AppendUint16(b, tinymodel.Half(scale/4.6))
		return le.AppendUint64(le.AppendUint64(b, r.Uint64()), r.Uint64())
	case quant.Q8_0: // of -128 to 127 by 74
		b = le.AppendUint16(b, tinymodel.Half(scale/74))
		for range 4 {
			b = le.AppendUint64(b, r.Uint64())
		}
		return b
	case quant.Q4_K: // 6-bit scale times 4 bits, less as much on average, by 257
		return append(scales(b, scale/257, 7.5), random(r, 140)...)
	case quant.Q5_K: // 6-bit scale times 5 bits, likewise, by 523
		return append(scales(b, scale/523, 15.5), random(r, 172)...)
	case quant.Q6_K: // 8-bit scale times -32 to 31, by 1369
		return le.AppendUint16(append(b, random(r, 208)...), quant.HalfFromFloat(float32(scale/1369)))
	}
	v := t.deviation * r.NormFloat64()
	if t.deviation == 0 {
		v = 1 + 0.1*r.NormFloat64()
	}
	if t.Type == quant.BF16 {
		return le.AppendUint16(b, uint16(math.Float32bits(float32(v))>>16))
	}
	return le.AppendUint32(b, math.Float32bits(float32(v)))
}

// scales appends a binary16 and its multiple, the factor of the minima.
func scales(b []byte, d, multiple float64) []byte {
	b = binary.LittleEndian.AppendUint16(b, quant.HalfFromFloat(float32(d)))
	return binary.LittleEndian.AppendUint16(b, quant.HalfFromFloat(float32(d*multiple)))
}

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}
