package hf

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/safetensors"
)

// Weights of 8 bits come with factors, to be multiplied with: one for all, one
// a row, or one a block of weight_block_size. They go into the blocks of types
// F8_E4M3_S and F8_E5M2_S.

// scaleNames end the names of factors, beside "weight".
var scaleNames = []string{"_scale_inv", "_scale"}

func isScale(name string) bool {
	return strings.HasSuffix(name, ".weight_scale_inv") || strings.HasSuffix(name, ".weight_scale")
}

func (c *converter) scaleOf(weight string) (safetensors.Tensor, bool) {
	for _, end := range scaleNames {
		if s, ok := c.file.Tensor(weight + end); ok {
			return s, true
		}
	}
	return safetensors.Tensor{}, false
}

func (c *converter) scale(g gguf.Tensor, s safetensors.Tensor) (gguf.Tensor, error) {
	to := map[quant.Type]quant.Type{quant.F8_E4M3: quant.F8_E4M3_S, quant.F8_E5M2: quant.F8_E5M2_S}[g.Type]
	kind, ok := types[s.DType]
	if to == 0 || !ok || len(g.Shape) != 2 {
		return g, fmt.Errorf("has %s factors of type %s for weights of type %v, which is not supported", s.Name, s.DType, g.Type)
	}
	cols, rows := g.Shape[0], g.Shape[1]
	high, wide, err := c.blocks(s.Shape, rows, cols)
	if err != nil {
		return g, err
	}
	factors := make([]float32, len(s.Data)/kind.BlockBytes())
	if err := quant.Dequantize(factors, kind, s.Data); err != nil {
		return g, err
	}
	across, size := (cols+wide-1)/wide, to.BlockSize()
	out := make([]byte, 0, len(g.Data)/size*to.BlockBytes())
	for row := range rows {
		for col := 0; col < cols; col += size {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(factors[row/high*across+col/wide]))
			out = append(out, g.Data[row*cols+col:][:size]...)
		}
	}
	g.Type, g.Data = to, out
	return g, nil
}

// blocks returns how many rows and columns share a factor.
func (c *converter) blocks(shape []int, rows, cols int) (high, wide int, err error) {
	size := quant.F8_E4M3_S.BlockSize()
	switch elements := product(shape); {
	case elements == 1:
		high, wide = rows, cols
	case elements == rows && shape[0] == rows:
		high, wide = 1, cols
	case c.config.Quantization != nil && len(c.config.Quantization.Block) == 2 && len(shape) == 2:
		high, wide = c.config.Quantization.Block[0], c.config.Quantization.Block[1]
		if high < 1 || wide < 1 || shape[0] != (rows+high-1)/high || shape[1] != (cols+wide-1)/wide {
			high = 0
		}
	}
	if high == 0 || cols%size != 0 || wide%size != 0 {
		return 0, 0, fmt.Errorf("has factors of shape %v for %d rows of %d, which is not supported", shape, rows, cols)
	}
	return high, wide, nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
