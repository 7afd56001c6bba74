package cpu

import "time"

// PeakFMA measures the highest rate of float32 fused multiply-adds that this
// backend's threads and instruction set can reach on registers, in GFLOP/s: the
// ceiling of everything else. It takes about d.
func (b *Backend) PeakFMA(d time.Duration) float64 {
	rounds := 1
	for {
		start := time.Now()
		b.pool.Run(b.Threads(), func(_, _ int) { b.isa.peak(rounds) })
		if t := time.Since(start); t >= d/2 {
			return float64(rounds) * float64(b.isa.peakFlops*b.Threads()) / t.Seconds() / 1e9
		}
		rounds *= 2
	}
}
