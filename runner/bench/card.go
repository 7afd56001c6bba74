package bench

import (
	"fmt"
	"strings"

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

// A cardWork is how much is measured of a GPU: steps of a loop on registers,
// bytes of memory, rows and shapes of products, and tests of the model.
type cardWork struct {
	steps, bytes, rows int
	shapes             []shape
	tests              []test
}

// workFor suits a card, or an emulator of one, whose rates mean nothing.
func workFor(name string) cardWork {
	if strings.HasPrefix(name, "emulator") {
		return cardWork{2, 1 << 20, 32, []shape{{64, 32}, {32, 64}}, []test{{1, 100, 0}, {4, 8, 5}}}
	}
	return cardWork{1 << 15, 2 << 30, cardRows, shapes7B, cardTests}
}

// runOnCard is Run on a GPU.
func runOnCard(o Options) (Report, error) {
	r, work, err := measureCard(o.Device, o.Notice)
	if err != nil {
		return r, err
	}
	m, err := model.Open(o.Path, model.Options{Device: o.Device, Notice: o.Notice})
	if err != nil {
		return r, err
	}
	defer m.Close()
	if work.rows < cardRows {
		o.Text = o.Text[:min(len(o.Text), 100)]
	}
	return r, r.model(m, o, work.tests, nil)
}

// measureCard measures a GPU's limits and its products.
func measureCard(device string, notice func(string)) (r Report, work cardWork, err error) {
	var index int
	if _, err := fmt.Sscanf(device, model.CUDA+":%d", &index); err != nil {
		return r, work, fmt.Errorf("device %s is no single GPU", device)
	}
	backend, err := cuda.Open(index, notice)
	if err != nil {
		return r, work, err
	}
	defer backend.Close()
	b := backend.(card)
	work = workFor(b.Device().Name)
	l, err := b.Limits(work.steps, work.bytes)
	if err != nil {
		return r, work, err
	}
	r = Report{Machine: Machine{
		FMA: l.F32, BF16: l.BF16, Memory: l.Memory, Device: b.Device().Name, ISA: b.Name(), Cores: l.Processors,
	}}
	for _, mode := range []string{model.Exact, model.Fast} {
		if err := b.Fast(mode == model.Fast); err != nil {
			return r, work, err
		}
		for _, s := range work.shapes {
			row, err := product(b, s, work.rows, mode)
			if err != nil {
				return r, work, err
			}
			r.add(row)
		}
	}
	return r, work, nil
}
