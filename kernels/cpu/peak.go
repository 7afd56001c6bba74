package cpu

import (
	"math"
	"time"
)

// PeakFMA measures the highest rate of float32 fused multiply-adds that this
// backend's threads and instruction set can reach on registers, in GFLOP/s: the
// ceiling of everything else. It takes about d.
func (b *Backend) PeakFMA(d time.Duration) float64 {
	return b.peak(d, b.isa.peak, b.isa.peakFlops)
}

// PeakBF16 is PeakFMA for dot products of bfloat16, 0 where there are none.
func (b *Backend) PeakBF16(d time.Duration) float64 {
	if b.isa.bf16 == nil {
		return 0
	}
	return b.peak(d, b.isa.bf16.peak, b.isa.bf16.peakFlops)
}

// ReadRate measures how fast all threads read memory that no cache holds, in
// GB/s.
func (b *Backend) ReadRate() float64 {
	const floats = 32 << 20 // 128 MiB a thread
	blocks := make([][]float32, b.Threads())
	b.pool.Run(len(blocks), func(_, i int) {
		blocks[i] = make([]float32, floats)
		for k := 0; k < floats; k += 512 {
			blocks[i][k] = 1 // a page that was never written is no memory
		}
	})
	best := time.Duration(math.MaxInt64)
	for range 3 {
		start := time.Now()
		b.pool.Run(len(blocks), func(_, i int) {
			var sums [32]float32
			b.isa.sumSquares(&sums, blocks[i])
		})
		best = min(best, time.Since(start))
	}
	return float64(4*floats*len(blocks)) / best.Seconds() / 1e9
}

func (b *Backend) peak(d time.Duration, loop func(rounds int), flops int) float64 {
	rounds := 1
	for {
		start := time.Now()
		b.pool.Run(b.Threads(), func(_, _ int) { loop(rounds) })
		if t := time.Since(start); t >= d/2 {
			return float64(rounds) * float64(flops*b.Threads()) / t.Seconds() / 1e9
		}
		rounds *= 2
	}
}
