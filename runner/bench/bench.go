// Package bench measures how fast a checkpoint is computed here, with the
// machine's own limits beside it, so that a figure says how much is left.
package bench

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cpu"
	"github.com/llamaeval/llamaeval/model"
)

// A Machine is what the processor, on all threads, or the card can do at most.
type Machine struct {
	FMA    float64 `json:"fma_gflops"`            // float32 multiply-adds on registers
	BF16   float64 `json:"bf16_gflops,omitempty"` // dot products of bfloat16 on registers
	Memory float64 `json:"memory_gbps"`           // bytes read that no cache holds
	Device string  `json:"device,omitempty"`      // name of a card
	ISA    string  `json:"isa"`
	Cores  int     `json:"cores"` // of a card: multiprocessors
}

// A Row is one measurement: the median of its rounds, after one warm-up.
type Row struct {
	Test    string  `json:"test"`
	Mode    string  `json:"mode"`
	Tokens  float64 `json:"tokens_per_second,omitempty"`
	GFlops  float64 `json:"gflops"`
	Share   float64 `json:"percent_of_peak"`             // of Machine.FMA, in mode fast of Machine.BF16
	Weights float64 `json:"weights_gbps,omitempty"`      // bytes of weights passed by per second
	Memory  float64 `json:"percent_of_memory,omitempty"` // the same, of Machine.Memory
	Cache   float64 `json:"cache_gbps,omitempty"`        // bytes of keys and values read per second
	// Kernels is where the time goes, in percent of the step by kernel.
	Kernels map[string]float64 `json:"kernels,omitempty"`
}

// A Report is everything a bench prints.
type Report struct {
	Machine Machine          `json:"machine"`
	Rows    []Row            `json:"rows"`
	Error   *model.ModeError `json:"fast_error,omitempty"` // of mode fast, on the text given
}

// rounds is how often each test is timed; the median counts.
const rounds = 3

// Options say what is measured.
type Options struct {
	Path    string
	Threads int
	Device  string // as model.Options has it
	// Text is what mode fast is compared with mode exact on.
	Text []int32
	// Notice is told in a line what a user should know of the device.
	Notice func(string)
}

// Run measures the machine, the matrix products at the model's shapes, and
// the model itself in all modes that this machine has.
func Run(o Options) (Report, error) {
	if o.Device != "" && o.Device != model.CPU {
		return runOnCard(o)
	}
	w := &watch{spent: map[string]time.Duration{}}
	m, err := model.Open(o.Path, model.Options{Threads: o.Threads, Watch: func(b kernels.Backend) kernels.Backend {
		w.Backend = b
		return w
	}})
	if err != nil {
		return Report{}, err
	}
	defer m.Close()
	backend, err := cpu.New(o.Threads, m.ISA())
	if err != nil {
		return Report{}, err
	}
	defer backend.Close()
	r := Report{Machine: measure(backend)}
	for _, s := range shapes(m.Config()) {
		row, err := product(backend, s, batchRows, model.Exact)
		if err != nil {
			return r, err
		}
		r.add(row)
	}
	return r, r.model(m, o, tests, w)
}

// model runs the tests in all modes; w is nil where kernels cannot be timed. A
// test that a device's memory does not hold is left out, which is said.
func (r *Report) model(m *model.Model, o Options, tests []test, w *watch) error {
	modes := []string{model.Exact}
	if r.Machine.BF16 > 0 {
		modes = append(modes, model.Fast)
		e, err := m.CompareModes(o.Text)
		if err != nil {
			return err
		}
		r.Error = &e
	}
	for _, mode := range modes {
		if err := m.SetMode(mode); err != nil {
			return err
		}
		for _, t := range tests {
			row, err := t.run(m, mode, w)
			if errors.Is(err, kernels.ErrMemory) && o.Notice != nil {
				o.Notice(fmt.Sprintf("%s in mode %s is left out: %v", t.name(), mode, err))
				continue
			}
			if err != nil {
				return err
			}
			r.add(row)
		}
	}
	return nil
}

// add sets a row's shares of the machine's limits.
func (r *Report) add(row Row) {
	peak := r.Machine.FMA
	if row.Mode == model.Fast {
		peak = r.Machine.BF16
	}
	row.Share = 100 * row.GFlops / peak
	row.Memory = 100 * row.Weights / r.Machine.Memory
	r.Rows = append(r.Rows, row)
}

// measure takes the best of five short loops: the clock moves.
func measure(b *cpu.Backend) Machine {
	m := Machine{Memory: b.ReadRate(), ISA: b.Name(), Cores: runtime.NumCPU()}
	for range 5 {
		m.FMA = max(m.FMA, b.PeakFMA(100*time.Millisecond))
		m.BF16 = max(m.BF16, b.PeakBF16(100*time.Millisecond))
	}
	return m
}

// median times a function: one warm-up, then the middle of the rounds, in
// seconds.
func median(f func()) float64 {
	f()
	times := make([]float64, rounds)
	for i := range times {
		start := time.Now()
		f()
		times[i] = time.Since(start).Seconds()
	}
	slices.Sort(times)
	return times[rounds/2]
}
