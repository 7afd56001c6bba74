//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// weight is a checkpoint's matrix on the device, in the checkpoint's format.
type weight struct {
	kind       int32 // of kindF32 and so on
	rows, cols int
	data       driver.Pointer
	wide       driver.Pointer // as floats, if there is only one row
}

func (w *weight) Rows() int { return w.rows }
func (w *weight) Cols() int { return w.cols }

// rowBytes is what a row takes on the device.
func (w *weight) rowBytes() int {
	for t, l := range layouts {
		if l.kind == w.kind {
			return w.cols / t.BlockSize() * (t.BlockBytes() + l.pad)
		}
	}
	panic("cuda: a weight of no format")
}

// layout is how blocks of a format lie on the device: as in the file, with pad
// bytes before byte at, so that all codes begin at a multiple of 4.
type layout struct {
	kind    int32
	at, pad int
}

// layouts are the formats that kernels read; F64, which no kernel needs as wide
// as it is, becomes floats.
var layouts = map[quant.Type]layout{
	quant.F32: {kind: kindF32}, quant.F16: {kind: kindF16}, quant.BF16: {kind: kindBF16},
	quant.F8_E4M3: {kind: kindE4M3}, quant.F8_E5M2: {kind: kindE5M2},
	quant.F8_E4M3_S: {kind: kindE4M3_S}, quant.F8_E5M2_S: {kind: kindE5M2_S},
	quant.Q4_0: {kindQ4_0, 2, 2}, quant.Q4_1: {kind: kindQ4_1},
	quant.Q5_0: {kindQ5_0, 2, 2}, quant.Q5_1: {kind: kindQ5_1}, quant.Q8_0: {kindQ8_0, 2, 2},
	quant.IQ4_NL: {kindIQ4_NL, 2, 2}, quant.MXFP4: {kindMXFP4, 1, 3},
	quant.Q2_K: {kind: kindQ2_K}, quant.Q3_K: {kindQ3_K, 110, 2}, quant.Q4_K: {kind: kindQ4_K},
	quant.Q5_K: {kind: kindQ5_K}, quant.Q6_K: {kindQ6_K, 210, 2}, quant.IQ4_XS: {kind: kindIQ4_XS},
	quant.IQ2_XXS: {kindIQ2_XXS, 2, 2}, quant.IQ2_XS: {kindIQ2_XS, 2, 2}, quant.IQ2_S: {kindIQ2_S, 2, 2},
	quant.IQ3_XXS: {kindIQ3_XXS, 2, 2}, quant.IQ3_S: {kindIQ3_S, 2, 2},
	quant.IQ1_S: {kindIQ1_S, 2, 2}, quant.IQ1_M: {kind: kindIQ1_M},
	quant.TQ1_0: {kindTQ1_0, 54, 2}, quant.TQ2_0: {kindTQ2_0, 66, 2},
	quant.Q1_0: {kindQ1_0, 2, 2}, quant.NVFP4: {kind: kindNVFP4},
}

// NewWeight copies a weight to the device.
func (b *Backend) NewWeight(t quant.Type, rows, cols int, data []byte) (kernels.Weight, error) {
	if !t.Supported() {
		return nil, fmt.Errorf("weights of type %v are not supported; convert the checkpoint to F16, Q8_0 or another common type", t)
	}
	stride, err := t.RowBytes(cols)
	if err != nil {
		return nil, err
	}
	if rows <= 0 || len(data)/stride != rows || len(data)%stride != 0 {
		return nil, fmt.Errorf("%d bytes of %v are not %d rows of %d weights", len(data), t, rows, cols)
	}
	w := &weight{rows: rows, cols: cols}
	l, known := layouts[t]
	block := t.BlockBytes()
	if !known || rows == 1 {
		wide := make([]float32, rows*cols)
		if err := quant.Dequantize(wide, t, data); err != nil {
			return nil, err
		}
		data, l, block = bytesOf(wide), layout{kind: kindF32}, 4
	}
	w.kind = l.kind
	if w.data, err = b.device.Alloc(int64(len(data) / block * (block + l.pad))); err != nil {
		return nil, err
	}
	if rows == 1 {
		w.wide = w.data
	} else {
		b.narrowable += w.scratch()
	}
	return w, b.ferry.carry(b.stream, w.data, data, block, l)
}
