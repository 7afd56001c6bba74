//go:build cuda && linux

package cuda

import (
	"time"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// limitThreads and limitChains are those of kernel/limits.cu.
const limitThreads, limitChains = 256, 8

// Limits measures what the GPU can do, over work that takes about steps
// iterations of each thread and so many bytes of memory; the image is loaded
// for it alone.
func (b *Backend) Limits(steps, bytes int) (Limits, error) {
	data, err := image("limits")
	if err != nil {
		return Limits{}, err
	}
	m, err := b.device.Load("limits", data)
	if err != nil {
		return Limits{}, err
	}
	memory, err := b.device.Alloc(int64(bytes))
	if err != nil {
		return Limits{}, err
	}
	defer b.device.Release(memory)
	b.check(b.stream.Clear(memory, bytes))
	l := Limits{Processors: b.device.Processors}
	blocks := 8 * b.device.Processors
	warps := float64(blocks * limitThreads / 32)
	for _, k := range []struct {
		name  string
		count int
		work  float64 // of the whole launch
		to    *float64
	}{
		{"limit_bf16", steps, 2 * 16 * 8 * 16 * limitChains * float64(steps) * warps, &l.BF16},
		{"limit_f32", steps, 2 * 32 * limitChains * float64(steps) * warps, &l.F32},
		{"limit_read", bytes / 16, float64(bytes), &l.Memory},
	} {
		kernel, err := m.Kernel(k.name, limitThreads, 0)
		if err != nil {
			return l, err
		}
		seconds, err := b.best(kernel, blocks, limitArgs{out: uint64(memory), in: uint64(memory), count: int64(k.count)})
		if err != nil {
			return l, err
		}
		*k.to = k.work / seconds / 1e9
	}
	return l, nil
}

// best is the shortest time of five launches, in seconds.
func (b *Backend) best(k *driver.Kernel, blocks int, args limitArgs) (float64, error) {
	shortest := 0.0
	for i := range 6 { // the first warms up
		if err := b.Wait(); err != nil {
			return 0, err
		}
		start := time.Now()
		launch(b, k, blocks, 1, 1, &args)
		if err := b.Wait(); err != nil {
			return 0, err
		}
		if t := time.Since(start).Seconds(); i == 1 || i > 1 && t < shortest {
			shortest = t
		}
	}
	return shortest, nil
}

// Wait returns when all that was queued has run, with the first error since
// the last time. Only who measures needs it: Score waits by itself.
func (b *Backend) Wait() error { return b.wait() }
