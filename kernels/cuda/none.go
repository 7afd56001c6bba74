//go:build !cuda || !linux

package cuda

import "github.com/llamaeval/llamaeval/kernels"

// Built says whether the program has code for GPUs.
const Built = false

// Devices says that there can be none.
func Devices() ([]Info, error) { return nil, ErrNotBuilt }

// Open says that there can be none.
func Open(int, func(string)) (kernels.Backend, error) { return nil, ErrNotBuilt }
