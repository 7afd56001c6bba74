package cuda

import "fmt"

// An Info describes a GPU.
type Info struct {
	Index      int
	Name       string
	Capability string // compute capability, as in 9.0
	Memory     int64  // bytes
	Driver     string // newest version of CUDA that the driver knows
	Usable     bool   // whether there are kernels for it
}

// Available says why no GPU can be used, or returns nil.
func Available() error {
	all, err := Devices()
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Usable {
			return nil
		}
	}
	return fmt.Errorf("none of the %d GPUs has compute capability 8.0 or newer", len(all))
}

// Limits is what a GPU can do at most, as measured.
type Limits struct {
	F32, BF16  float64 // GFLOP/s of products on registers: plain, and on tensor cores
	Memory     float64 // GB/s read
	Processors int
}
