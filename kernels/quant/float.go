package quant

import (
	"encoding/binary"
	"math"
)

// FloatFromHalf widens an IEEE 754 binary16 value exactly, subnormals,
// infinities and NaN payloads included.
func FloatFromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	magnitude := uint32(h & 0x7fff)
	switch {
	case magnitude >= 0x7c00: // infinity or NaN: all exponent bits stay set
		return math.Float32frombits(sign | 0x7f800000 | magnitude<<13)
	case magnitude >= 0x0400: // normal: rebias the exponent from 15 to 127
		return math.Float32frombits(sign | (magnitude<<13 + (127-15)<<23))
	}
	// Subnormal: the magnitude counts units of 2^-24, which float32 holds as
	// a normal number. The sign is set on the bits so that -0 survives.
	return math.Float32frombits(sign | math.Float32bits(float32(magnitude)*0x1p-24))
}

// half reads the little-endian binary16 at the start of b.
func half(b []byte) float32 { return FloatFromHalf(binary.LittleEndian.Uint16(b)) }

func decodeF32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decodeF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = half(src[2*i:])
	}
}

// decodeBF16: bfloat16 is the upper half of a float32.
func decodeBF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
	}
}

// decodeF64 rounds to nearest even, the one decoder that loses bits.
func decodeF64(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
	}
}
