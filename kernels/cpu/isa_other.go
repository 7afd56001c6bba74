//go:build !amd64 && !arm64

package cpu

func available() []*isa { return []*isa{&portable} }

// pause is a hint to the core in a spin loop; without one, spinning is short
// enough to do no harm.
func pause() {}
