package cuda

// The parameters of the kernels, as kernel/args.h has them; addresses are
// those of the device.

type normArgs struct {
	out, half, x, gain uint64
	rows, cols         int32
	eps                float32
	_                  uint32
}
