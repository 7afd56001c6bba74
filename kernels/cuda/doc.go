// Package cuda computes the forward pass on an NVIDIA GPU with the kernels of
// its folder kernel. It needs the build tag cuda ("make cuda"); without it
// everything here answers ErrNotBuilt.
//
// Mode exact gives the bits that package ref defines, as the CPU does. Mode
// fast rounds the factors of all products to bfloat16, those of attention and
// of the output weight too, multiplies on tensor cores, and keeps keys and
// values in bfloat16. In both a result depends on nothing else in the batch.
//
// Weights stay as the file has them. Few rows read them so; for many a weight
// is made bfloat16 for one launch, and both ways give the same bits. A small
// step is a graph once its shape is known, see step.go.
//
// The images of the kernels are committed, with the hashes of their sources;
// "make kernels" renews them. Tests run on the emulator of folder emu, or on a
// GPU: LLAMAEVAL_LIBCUDA says which.
package cuda

import "errors"

// ErrNotBuilt says that the program has no code for GPUs.
var ErrNotBuilt = errors.New("this program was built without CUDA: build it with make cuda, or use --device cpu")
