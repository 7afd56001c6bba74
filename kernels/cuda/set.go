//go:build cuda && linux

package cuda

import "github.com/llamaeval/llamaeval/kernels/cuda/driver"

// kernelSet is every kernel, loaded.
type kernelSet struct {
	rmsNorm *driver.Kernel
}

// rowWarps is how many rows a block of rows.cu takes, a warp each.
const rowWarps = 4

// loadKernels loads the images. The driver compiles them the first time and
// keeps the result.
func loadKernels(d *driver.Device) (*kernelSet, error) {
	s := &kernelSet{}
	for _, source := range []struct {
		image   string
		kernels []kernelOf
	}{
		{"rows", []kernelOf{{&s.rmsNorm, "rms_norm", 32 * rowWarps, 0}}},
	} {
		data, err := image(source.image)
		if err != nil {
			return nil, err
		}
		m, err := d.Load(source.image, data)
		if err != nil {
			return nil, err
		}
		for _, k := range source.kernels {
			if *k.to, err = m.Kernel(k.name, k.threads, k.shared); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// kernelOf says where a kernel goes, and its block's threads and bytes of
// shared memory.
type kernelOf struct {
	to              **driver.Kernel
	name            string
	threads, shared int
}
