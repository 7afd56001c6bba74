// Package cuda computes the forward pass on an NVIDIA GPU with the kernels of
// its folder kernel. It needs the build tag cuda ("make cuda"); without it
// everything here answers ErrNotBuilt.
//
// Mode exact gives the bits that package ref defines, as the CPU does. Mode
// fast rounds the factors of the layers' products to bfloat16 and multiplies
// on tensor cores. In both a result depends on nothing else in the batch.
//
// The images of the kernels are committed, with the hashes of their sources;
// "make kernels" renews them. Tests run on the emulator of folder emu, or on a
// GPU: LLAMAEVAL_LIBCUDA says which.
package cuda

import "errors"

// ErrNotBuilt says that the program has no code for GPUs.
var ErrNotBuilt = errors.New("this program was built without CUDA: build it with make cuda, or use --device cpu")
