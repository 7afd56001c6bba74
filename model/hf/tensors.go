package hf

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/safetensors"
)

// types are the elements that weights may have.
var types = map[string]quant.Type{
	"F64": quant.F64, "F32": quant.F32, "F16": quant.F16, "BF16": quant.BF16,
	"F8_E4M3": quant.F8_E4M3, "F8_E5M2": quant.F8_E5M2,
}

// converter makes GGUF tensors of those of a checkpoint. Most stay where they
// are mapped; only what must be reordered, shifted or scaled is copied.
type converter struct {
	dir    string
	file   *safetensors.File
	config *config
	family family
}

func (c *converter) tensors() ([]gguf.Tensor, error) {
	var out []gguf.Tensor
	scales := 0
	for _, t := range c.file.Tensors() {
		if isScale(t.Name) {
			scales++
			continue
		}
		if unused.MatchString(t.Name) || t.Name == "lm_head.weight" && c.config.tied(c.family) {
			continue
		}
		name, ok := ggufName(t.Name, c.family.sandwich)
		if !ok {
			return nil, fmt.Errorf("%s: tensor %.80q is no part of a %s model as supported here; its effect would be lost", c.dir, t.Name, c.config.ModelType)
		}
		g, scaled, err := c.tensor(name, t)
		if err != nil {
			return nil, fmt.Errorf("%s: tensor %.80q: %w", c.dir, t.Name, err)
		}
		if scaled {
			scales--
		}
		out = append(out, g)
	}
	if scales > 0 {
		return nil, fmt.Errorf("%s: %d scales belong to no weight; how the checkpoint is quantised is not supported", c.dir, scales)
	}
	return out, nil
}

// tensor converts one; scaled tells that it has a scale of its own.
func (c *converter) tensor(name string, t safetensors.Tensor) (g gguf.Tensor, scaled bool, err error) {
	kind, ok := types[t.DType]
	switch {
	case !ok:
		return g, false, fmt.Errorf("type %s is not supported, only F64, F32, F16, BF16, F8_E4M3 and F8_E5M2; use the checkpoint before it was quantised", t.DType)
	case len(t.Shape) < 1 || len(t.Shape) > 2 || len(t.Data) == 0:
		return g, false, fmt.Errorf("has shape %v, want one or two dimensions", t.Shape)
	}
	shape := slices.Clone(t.Shape)
	slices.Reverse(shape)
	g = gguf.Tensor{Name: name, Type: kind, Shape: shape, Data: t.Data}
	if scale, ok := c.scaleOf(t.Name); ok {
		if g, err = c.scale(g, scale); err != nil {
			return g, true, err
		}
		scaled = true
	}
	if c.family.paired {
		if g, err = c.pair(g); err != nil {
			return g, scaled, err
		}
	}
	if c.family.normPlus1 && strings.HasSuffix(name, "norm.weight") {
		g, err = plusOne(g)
	}
	return g, scaled, err
}

// pair reorders rows of queries and keys so that elements 2i and 2i+1 of a head
// turn together, which here are i and i+n/2.
func (c *converter) pair(g gguf.Tensor) (gguf.Tensor, error) {
	var heads int
	switch {
	case strings.Contains(g.Name, ".attn_q."):
		heads = c.config.Heads
	case strings.Contains(g.Name, ".attn_k."):
		heads = *c.config.KVHeads
	default:
		return g, nil
	}
	rows := g.Shape[len(g.Shape)-1]
	if rows%(2*heads) != 0 {
		return g, fmt.Errorf("has %d rows, which are not %d heads of pairs", rows, heads)
	}
	bytes := len(g.Data) / rows
	out := make([]byte, 0, len(g.Data))
	half := rows / heads / 2
	for h := range heads {
		for i := range half {
			for side := range 2 {
				from := (h*2*half + side*half + i) * bytes
				out = append(out, g.Data[from:from+bytes]...)
			}
		}
	}
	g.Data = out
	return g, nil
}

// plusOne adds 1 to a norm's weights, in float32.
func plusOne(g gguf.Tensor) (gguf.Tensor, error) {
	wide := make([]float32, g.Elements())
	if err := quant.Dequantize(wide, g.Type, g.Data); err != nil {
		return g, err
	}
	g.Type, g.Data = quant.F32, nil
	for _, w := range wide {
		g.Data = binary.LittleEndian.AppendUint32(g.Data, math.Float32bits(w+1))
	}
	return g, nil
}
