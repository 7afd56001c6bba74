// Package bench measures how fast a checkpoint is computed here, with the
// machine's own limits beside it, so that a figure says how much is left.
package bench

import (
	"runtime"
	"slices"
	"time"

	"github.com/llamaeval/llamaeval/kernels/cpu"
	"github.com/llamaeval/llamaeval/model"
)

// A Machine is what the processor can do at most.
type Machine struct {
	FMA    float64 `json:"fma_gflops"`  // float32 multiply-adds on registers, all threads
	Memory float64 `json:"memory_gbps"` // bytes read and written by a copy larger than the caches
	ISA    string  `json:"isa"`
	Cores  int     `json:"cores"`
}

// A Row is one measurement: the median of its rounds, after one warm-up.
type Row struct {
	Test   string  `json:"test"`
	Mode   string  `json:"mode"`
	Tokens float64 `json:"tokens_per_second,omitempty"`
	GFlops float64 `json:"gflops,omitempty"`
	Share  float64 `json:"percent_of_peak"` // arithmetic done, of Machine.FMA
}

// A Report is everything a bench prints.
type Report struct {
	Machine Machine `json:"machine"`
	Rows    []Row   `json:"rows"`
}

// rounds is how often each test is timed; the median counts.
const rounds = 3

// Run measures the machine, the matrix products at the model's shapes, and
// the model itself.
func Run(m *model.Model, threads int) (Report, error) {
	backend, err := cpu.New(threads, m.ISA())
	if err != nil {
		return Report{}, err
	}
	defer backend.Close()
	r := Report{Machine: Machine{
		FMA: peak(backend), Memory: copyRate(threads), ISA: m.ISA(), Cores: runtime.NumCPU(),
	}}
	for _, shape := range shapes(m.Config()) {
		row, err := product(backend, shape)
		if err != nil {
			return r, err
		}
		row.Share = 100 * row.GFlops / r.Machine.FMA
		r.Rows = append(r.Rows, row)
	}
	for _, t := range tests {
		row, err := t.run(m)
		if err != nil {
			return r, err
		}
		row.Share = 100 * row.Tokens * t.flops(m.Config()) / 1e9 / r.Machine.FMA
		r.Rows = append(r.Rows, row)
	}
	return r, nil
}

// peak is the best of five short loops: the clock moves.
func peak(b *cpu.Backend) float64 {
	best := 0.0
	for range 5 {
		best = max(best, b.PeakFMA(100*time.Millisecond))
	}
	return best
}

// copyRate copies blocks that no cache holds, on all threads, in GB/s.
func copyRate(threads int) float64 {
	const size = 128 << 20
	buffers := make([][2][]byte, max(1, threads))
	for i := range buffers {
		buffers[i] = [2][]byte{make([]byte, size), make([]byte, size)}
	}
	once := func() {
		done := make(chan struct{})
		for _, b := range buffers {
			go func() {
				copy(b[0], b[1])
				done <- struct{}{}
			}()
		}
		for range buffers {
			<-done
		}
	}
	seconds := median(once)
	return float64(2*size*len(buffers)) / seconds / 1e9
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
