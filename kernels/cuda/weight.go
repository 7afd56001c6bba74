//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// weight is a checkpoint's matrix on the device.
type weight struct {
	kind       int32 // of kindF32 and so on
	rows, cols int
	data       driver.Pointer
	wide       driver.Pointer // as floats, if there is only one row
	half       driver.Pointer // in bfloat16, once that was wanted
}

func (w *weight) Rows() int { return w.rows }
func (w *weight) Cols() int { return w.cols }

// kinds are the formats that kernels read; others are widened to floats.
var kinds = map[quant.Type]int32{quant.F32: kindF32, quant.F16: kindF16, quant.BF16: kindBF16}

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
	kind, known := kinds[t]
	if !known || rows == 1 {
		wide := make([]float32, rows*cols)
		if err := quant.Dequantize(wide, t, data); err != nil {
			return nil, err
		}
		data, kind = bytesOf(wide), kindF32
	}
	w.kind = kind
	if w.data, err = b.keep(data); err != nil {
		return nil, err
	}
	if rows == 1 {
		w.wide = w.data
	}
	return w, nil
}

// keep takes memory for data and sends it there.
func (b *Backend) keep(data []byte) (driver.Pointer, error) {
	at, err := b.device.Alloc(int64(len(data)))
	if err != nil {
		return 0, err
	}
	return at, b.stream.Upload(at, data)
}
