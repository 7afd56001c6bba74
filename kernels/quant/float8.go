package quant

import (
	"encoding/binary"
	"math"
)

// Floats of 8 bits (Micikevicius et al., "FP8 formats for deep learning",
// 2022), as safetensors files hold them. No GGUF file does.

// unsignedE4M3 is the value of the lower 7 bits; the code of all ones is not
// told apart from 480.
func unsignedE4M3(code byte) float32 {
	exponent, mantissa := uint32(code>>3&15), uint32(code&7)
	if exponent == 0 {
		return float32(mantissa) * 0x1p-9
	}
	return math.Float32frombits((exponent+127-7)<<23 | mantissa<<20)
}

// floatE4M3: no infinities, all ones is NaN ("E4M3FN").
func floatE4M3(code byte) float32 {
	w := unsignedE4M3(code)
	if code&127 == 127 {
		w = float32(math.NaN())
	}
	return math.Float32frombits(math.Float32bits(w) | uint32(code>>7)<<31)
}

// floatE5M2 is the upper byte of a binary16.
func floatE5M2(code byte) float32 { return FloatFromHalf(uint16(code) << 8) }

func float8Table(value func(byte) float32) (table [256]float32) {
	for code := range table {
		table[code] = value(byte(code))
	}
	return table
}

var tableE4M3, tableE5M2 = float8Table(floatE4M3), float8Table(floatE5M2)

func decodeF8_E4M3(dst []float32, src []byte) { decodeF8(dst, src, &tableE4M3) }
func decodeF8_E5M2(dst []float32, src []byte) { decodeF8(dst, src, &tableE5M2) }

func decodeF8(dst []float32, src []byte, table *[256]float32) {
	for i, code := range src {
		dst[i] = table[code]
	}
}

func decodeF8_E4M3_S(dst []float32, src []byte) { decodeScaledF8(dst, src, &tableE4M3) }
func decodeF8_E5M2_S(dst []float32, src []byte) { decodeScaledF8(dst, src, &tableE5M2) }

// decodeScaledF8: {scale float32, codes[32]} in blocks of 32; the product is
// rounded to float32, as it is where such checkpoints are made.
func decodeScaledF8(dst []float32, src []byte, table *[256]float32) {
	for ; len(src) >= 36; dst, src = dst[32:], src[36:] {
		d := math.Float32frombits(binary.LittleEndian.Uint32(src))
		for i, code := range src[4:36] {
			dst[i] = table[code] * d
		}
	}
}
