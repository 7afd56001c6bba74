package cpu

import "time"

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
