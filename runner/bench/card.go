package bench

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda"
	"github.com/llamaeval/llamaeval/model"
)

// A card is a GPU's backend, which computes while the program goes on.
type card interface {
	kernels.Backend
	Wait() error
	Limits(steps, bytes int) (cuda.Limits, error)
}

// The products of a layer of 7B parameters, and a step's rows of them, which
// GPUs are compared by.
const cardRows = 4096

var shapes7B = []shape{{3 * 4096, 4096}, {4096, 4096}, {2 * 11008, 4096}, {4096, 11008}}

// cardTests are the tests and a larger batch.
var cardTests = append(tests[:len(tests):len(tests)], test{64, 128, 128})

// runOnCard is Run on a GPU.
func runOnCard(o Options) (Report, error) {
	r, err := measureCard(o.Device, 1<<15, 2<<30, cardRows, shapes7B)
	if err != nil {
		return r, err
	}
	m, err := model.Open(o.Path, model.Options{Device: o.Device})
	if err != nil {
		return r, err
	}
	defer m.Close()
	return r, r.model(m, o.Text, cardTests, nil)
}

// measureCard measures a GPU's limits and its products.
func measureCard(device string, steps, bytes, rows int, shapes []shape) (Report, error) {
	var index int
	if _, err := fmt.Sscanf(device, model.CUDA+":%d", &index); err != nil {
		return Report{}, fmt.Errorf("device %s is no single GPU", device)
	}
	backend, err := cuda.Open(index, func(string) {})
	if err != nil {
		return Report{}, err
	}
	defer backend.Close()
	b := backend.(card)
	l, err := b.Limits(steps, bytes)
	if err != nil {
		return Report{}, err
	}
	r := Report{Machine: Machine{
		FMA: l.F32, BF16: l.BF16, Memory: l.Memory, Device: b.Device().Name, ISA: b.Name(), Cores: l.Processors,
	}}
	for _, mode := range []string{model.Exact, model.Fast} {
		if err := b.Fast(mode == model.Fast); err != nil {
			return r, err
		}
		for _, s := range shapes {
			row, err := product(b, s, rows, mode)
			if err != nil {
				return r, err
			}
			r.add(row)
		}
	}
	return r, nil
}
