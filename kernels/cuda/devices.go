//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// Built says whether the program has code for GPUs.
const Built = true

// Devices lists the GPUs that the driver shows, or says why there are none.
func Devices() ([]Info, error) {
	all, err := driver.Devices()
	var out []Info
	for _, d := range all {
		out = append(out, Info{
			Index: d.Index, Name: d.Name, Capability: fmt.Sprintf("%d.%d", d.Major, d.Minor), Memory: d.Memory,
			Driver: fmt.Sprintf("%d.%d", d.Driver/1000, d.Driver%1000/10), Usable: d.Major >= 8,
		})
	}
	return out, err
}

// Open takes the GPU with this number into use. notice is told, in a line, what
// a user should know.
func Open(index int, notice func(string)) (kernels.Backend, error) {
	b, err := New(index, notice)
	if err != nil {
		return nil, err
	}
	return b, nil
}
