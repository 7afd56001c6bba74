package quant

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// encoders writes len(src) weights, whole blocks, to dst. They round as ggml's
// reference quantisers do (quantize_row_*_ref in ggml-quants.c).
var encoders = map[Type]func(dst []byte, src []float32){
	F32: encodeF32, F16: encodeF16, BF16: encodeBF16, Q4_0: encodeQ4_0, Q4_1: encodeQ4_1, Q8_0: encodeQ8_0,
}

// Targets returns the types that Quantize can write, in ggml's order.
func Targets() []Type {
	var types []Type
	for t := range encoders {
		types = append(types, t)
	}
	slices.Sort(types)
	return types
}

// ParseTarget returns the type of that name, in either case, if Quantize can
// write it.
func ParseTarget(name string) (Type, error) {
	var names []string
	for _, t := range Targets() {
		if strings.EqualFold(t.String(), name) {
			return t, nil
		}
		names = append(names, t.String())
	}
	return 0, fmt.Errorf("cannot quantise to %.40q: use one of %s", name, strings.Join(names, ", "))
}

// Quantize appends weights as whole blocks of type t. Weights that are no
// numbers, or that are too large for t, are errors.
func Quantize(dst []byte, t Type, src []float32) ([]byte, error) {
	encode, ok := encoders[t]
	if !ok {
		return nil, fmt.Errorf("quant: cannot quantise to %v", t)
	}
	size, err := t.RowBytes(len(src))
	if err != nil {
		return nil, err
	}
	most := float32(math.MaxFloat32)
	if t != F32 && t != BF16 {
		most = 65504 // of binary16
	}
	for i, w := range src {
		if !(w >= -most && w <= most) {
			return nil, fmt.Errorf("weight %d is %v, which %v cannot hold", i, w, t)
		}
	}
	n := len(dst)
	dst = slices.Grow(dst, size)[:n+size]
	encode(dst[n:], src)
	return dst, nil
}

func encodeF32(dst []byte, src []float32) {
	for i, w := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(w))
	}
}

func encodeF16(dst []byte, src []float32) {
	for i, w := range src {
		putHalf(dst[2*i:], w)
	}
}

func encodeBF16(dst []byte, src []float32) {
	for i, w := range src {
		bits := math.Float32bits(w)
		bits += 0x7fff + bits>>16&1 // to nearest, ties to even
		binary.LittleEndian.PutUint16(dst[2*i:], uint16(bits>>16))
	}
}

// encodeQ8_0: the largest magnitude becomes ±127; ties away from zero.
func encodeQ8_0(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[34:], src[32:] {
		largest := float32(0)
		for _, w := range src[:32] {
			largest = max(largest, abs(w))
		}
		d := largest / 127
		inverse := invert(d)
		putHalf(dst, d)
		for j, w := range src[:32] {
			dst[2+j] = byte(int8(math.Round(float64(w * inverse))))
		}
	}
}

// encodeQ4_0: the weight of the largest magnitude, the first of these, becomes
// -8, which the others may then not mirror.
func encodeQ4_0(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[18:], src[32:] {
		largest := src[0]
		for _, w := range src[:32] {
			if abs(w) > abs(largest) {
				largest = w
			}
		}
		d := largest / -8
		inverse := invert(d)
		putHalf(dst, d)
		for j := range 16 {
			dst[2+j] = nibble(float32(src[j]*inverse)+8.5) | nibble(float32(src[j+16]*inverse)+8.5)<<4
		}
	}
}

// encodeQ4_1: the smallest weight becomes 0, the largest 15.
func encodeQ4_1(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[20:], src[32:] {
		low, high := src[0], src[0]
		for _, w := range src[:32] { // the first of two zeros
			if w < low {
				low = w
			}
			if w > high {
				high = w
			}
		}
		d := (high - low) / 15
		inverse := invert(d)
		putHalf(dst, d)
		putHalf(dst[2:], low)
		for j := range 16 {
			dst[4+j] = nibble(float32((src[j]-low)*inverse)+0.5) | nibble(float32((src[j+16]-low)*inverse)+0.5)<<4
		}
	}
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// invert returns 1/d; 0 for 0 and where the quotient would be infinite.
func invert(d float32) float32 {
	if inverse := 1 / d; inverse >= -math.MaxFloat32 && inverse <= math.MaxFloat32 {
		return inverse
	}
	return 0
}

// nibble cuts a number that is not negative to a whole one of at most 15.
func nibble(x float32) byte { return byte(min(x, 15)) }

func putHalf(dst []byte, x float32) { binary.LittleEndian.PutUint16(dst, HalfFromFloat(x)) }

// HalfFromFloat rounds to the nearest binary16, ties to even; beyond the
// largest one lies infinity. NaN stays NaN.
func HalfFromFloat(x float32) uint16 {
	bits := math.Float32bits(x)
	sign, magnitude := uint16(bits>>16&0x8000), bits&0x7fffffff
	switch {
	case magnitude > 0x7f800000:
		return sign | 0x7e00 | uint16(magnitude>>13&0x3ff)
	case magnitude >= 0x477ff000: // rounds to 65536
		return sign | 0x7c00
	case magnitude >= 0x38800000: // a normal number: from 2^-14
		magnitude -= (127 - 15) << 23
		return sign | uint16((magnitude+0xfff+magnitude>>13&1)>>13)
	}
	// A multiple of 2^-24: adding 2^-1 leaves just these bits in a float32.
	sum := math.Float32frombits(magnitude) + 0.5
	return sign | uint16(math.Float32bits(sum)-math.Float32bits(0.5))
}
