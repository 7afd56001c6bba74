//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// weight is a checkpoint's matrix on the device, in its own format.
type weight struct {
	kind       quant.Type
	rows, cols int
	data       driver.Pointer
	wide       driver.Pointer // as floats, if there is only one row
}

func (w *weight) Rows() int { return w.rows }
func (w *weight) Cols() int { return w.cols }

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
	w := &weight{kind: t, rows: rows, cols: cols}
	if w.data, err = b.place(data); err != nil || rows > 1 {
		return w, err
	}
	wide := make([]float32, cols)
	if err := quant.Dequantize(wide, t, data); err != nil {
		return nil, err
	}
	w.wide, err = b.place(bytesOf(wide))
	return w, err
}

// place takes memory for data and sends it there.
func (b *Backend) place(data []byte) (driver.Pointer, error) {
	at, err := b.device.Alloc(int64(len(data)))
	if err != nil {
		return 0, err
	}
	return at, b.stream.Upload(at, data)
}
