package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
)

// batchRows is how many tokens a product takes at a time, as a step does.
const batchRows = 512

// A shape is a matrix of the model: n outputs of k inputs.
type shape struct{ n, k int }

// shapes lists the products of one layer, as the forward pass does them.
func shapes(c model.Config) []shape {
	query, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	return []shape{{query + 2*kv, c.Embedding}, {c.Embedding, query}, {2 * c.FFN, c.Embedding}, {c.Embedding, c.FFN}}
}

// product times a matrix product of weights that a mode reads as they are:
// float32, or bfloat16.
func product(b kernels.Backend, s shape, rows int, mode string) (Row, error) {
	kind, size := quant.F32, 4
	if mode == model.Fast {
		kind, size = quant.BF16, 2
	}
	data := make([]byte, size*s.n*s.k)
	for i := range s.n * s.k {
		bits := math.Float32bits(float32(i%7) - 3)
		if size == 2 {
			binary.LittleEndian.PutUint16(data[2*i:], uint16(bits>>16))
		} else {
			binary.LittleEndian.PutUint32(data[4*i:], bits)
		}
	}
	w, err := b.NewWeight(kind, s.n, s.k, data)
	if err != nil {
		return Row{}, err
	}
	x, err := b.NewMatrix(rows, s.k)
	if err != nil {
		return Row{}, err
	}
	defer x.Close()
	y, err := b.NewMatrix(rows, s.n)
	if err != nil {
		return Row{}, err
	}
	defer y.Close()
	flops := 2 * float64(rows) * float64(s.n) * float64(s.k)
	c, onCard := b.(card)
	times := max(1, int(2e9/flops)) // about as much work as a step of a small model
	if onCard {
		times = 10 // launches that the wait for them does not matter to
	}
	seconds := median(func() {
		for range times {
			b.Multiply(x, rows, kernels.Product{Dst: y, Weight: w})
		}
		if onCard {
			err = errors.Join(err, c.Wait())
		}
	})
	return Row{Test: fmt.Sprintf("gemm-%dx%dx%d", rows, s.n, s.k), Mode: mode, GFlops: flops * float64(times) / seconds / 1e9}, err
}
