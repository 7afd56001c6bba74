package quant

import (
	"encoding/binary"
	"math"
)

// The formats of this file look a nibble up in a table of sixteen values
// instead of reading it as a number.

// Nonlinear is kvalues_iq4nl of ggml-common.h.
var Nonlinear = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

// fp4 holds twice the values of the E2M1 format of the OCP Microscaling
// specification, so that they are integers; the scale is halved in return.
var fp4 = [16]float32{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

// decodeIQ4_NL: {d, nibbles[16]} in blocks of 32.
func decodeIQ4_NL(dst []float32, src []byte) {
	for ; len(src) >= 18; dst, src = dst[32:], src[18:] {
		lookup(dst, src[2:18], half(src), &Nonlinear)
	}
}

// decodeIQ4_XS: {d, high scale bits uint16, low scale nibbles[4],
// nibbles[128]} in superblocks of 256; the eight scales are biased by 32.
func decodeIQ4_XS(dst []float32, src []byte) {
	for ; len(src) >= 136; dst, src = dst[superblock:], src[136:] {
		d, high, low, qs := half(src), binary.LittleEndian.Uint16(src[2:]), src[4:8], src[8:136]
		for sub := range 8 {
			scale := int(low[sub/2]>>(sub%2*4)&15) | int(high>>(sub*2)&3)<<4
			lookup(dst[sub*32:], qs[sub*16:][:16], d*float32(scale-32), &Nonlinear)
		}
	}
}

// decodeMXFP4: {e, nibbles[16]} in blocks of 32, w = 2^(e-127)·E2M1.
func decodeMXFP4(dst []float32, src []byte) {
	for ; len(src) >= 17; dst, src = dst[32:], src[17:] {
		lookup(dst, src[1:17], halvedE8M0(src[0]), &fp4)
	}
}

// decodeNVFP4: {E4M3 scales[4], nibbles[32]} in blocks of 64, a scale and 8
// bytes for 16 weights each. ggml gives the unsigned E4M3 code 0x7f, a NaN
// elsewhere, the value 0.
func decodeNVFP4(dst []float32, src []byte) {
	for ; len(src) >= 36; dst, src = dst[64:], src[36:] {
		for sub := range 4 {
			d := float32(0)
			if code := src[sub]; code != 0x7f {
				d = unsignedE4M3(code) * 0.5
			}
			y := dst[sub*16:][:16]
			for j, q := range src[4+sub*8:][:8] {
				y[j] = d * fp4[q&15]
				y[j+8] = d * fp4[q>>4]
			}
		}
	}
}

// halvedE8M0 returns 2^(e-128), which for e below 2 is a subnormal float32.
func halvedE8M0(e byte) float32 {
	if e < 2 {
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}

// lookup writes 32 weights: nibble j of the low halves, then of the high ones.
func lookup(dst []float32, qs []byte, d float32, table *[16]float32) {
	y := dst[:32]
	for j, q := range qs {
		y[j] = d * table[q&15]
		y[j+16] = d * table[q>>4]
	}
}
