package bench

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cpu"
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

// product times a float32 matrix product.
func product(b *cpu.Backend, s shape) (Row, error) {
	data := make([]byte, 4*s.n*s.k)
	for i := range s.n * s.k {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(float32(i%7)-3))
	}
	w, err := b.NewWeight(quant.F32, s.n, s.k, data)
	if err != nil {
		return Row{}, err
	}
	x, err := b.NewMatrix(batchRows, s.k)
	if err != nil {
		return Row{}, err
	}
	y, err := b.NewMatrix(batchRows, s.n)
	if err != nil {
		return Row{}, err
	}
	flops := 2 * float64(batchRows) * float64(s.n) * float64(s.k)
	times := max(1, int(2e9/flops)) // about as much work as a step of a small model
	seconds := median(func() {
		for range times {
			b.Multiply(x, batchRows, kernels.Product{Dst: y, Weight: w})
		}
	})
	return Row{Test: fmt.Sprintf("gemm-%dx%dx%d", batchRows, s.n, s.k), Mode: model.Exact, GFlops: flops * float64(times) / seconds / 1e9}, nil
}
