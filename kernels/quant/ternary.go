package quant

import "encoding/binary"

// Formats of about one to two bits a weight. Layouts: block_iq1_s, block_iq1_m,
// block_tq1_0, block_tq2_0 and block_q1_0 in ggml-common.h.

// gridIQ1 holds -1, 0 and 1; IQ1_S and IQ1_M shift all by an eighth.
var gridIQ1 = unpackGrid[[8]float32](packedIQ1_S[:], 2, -1, 0, 1)

// shifted writes d·(value ± 1/8), minus where negative is not 0.
func shifted(dst []float32, values *[8]float32, d float32, negative uint16) {
	delta := float32(0.125)
	if negative != 0 {
		delta = -delta
	}
	y := dst[:8]
	for j, v := range values {
		y[j] = d * (v + delta)
	}
}

// decodeIQ1_S: {d, places[32], high uint16[8]}: 4 times 3 more bits of places,
// 3 bits of scale, the sign of the shift.
func decodeIQ1_S(dst []float32, src []byte) {
	for ; len(src) >= 50; dst, src = dst[superblock:], src[50:] {
		for i := range 32 {
			high := binary.LittleEndian.Uint16(src[34+i/4*2:])
			place := uint16(src[2+i]) | high>>(i%4*3)&7<<8
			shifted(dst[i*8:], &gridIQ1[place], half(src)*float32(2*(high>>12&7)+1), high>>15)
		}
	}
}

// decodeIQ1_M: {places[32], (3 more bits, sign of the shift)[32] as nibbles,
// scales uint16[4]}. Each of these holds four scales of 3 bits for 16 weights
// each, and a nibble of the superblock's binary16, the lowest first.
func decodeIQ1_M(dst []float32, src []byte) {
	for ; len(src) >= 56; dst, src = dst[superblock:], src[56:] {
		var h uint16
		for i := range 4 {
			h |= binary.LittleEndian.Uint16(src[48+2*i:]) >> 12 << (4 * i)
		}
		d := FloatFromHalf(h)
		for i := range 32 {
			high := uint16(src[32+i/2] >> (i % 2 * 4) & 15)
			scale := binary.LittleEndian.Uint16(src[48+i/8*2:]) >> (i / 2 % 4 * 3) & 7
			shifted(dst[i*8:], &gridIQ1[uint16(src[i])|high&7<<8], d*float32(2*scale+1), high>>3)
		}
	}
}

// decodeTQ1_0: {five ternary digits[48], four[4], d}: a byte is the fraction
// 0.t₀t₁t₂… in base 3, rounded up to 8 bits, so that multiplying by 3 carries
// the next digit out. Digit n of a run of bytes makes a run of weights.
func decodeTQ1_0(dst []float32, src []byte) {
	for ; len(src) >= 54; dst, src = dst[superblock:], src[54:] {
		d, y := half(src[52:]), dst
		for _, run := range []struct{ from, to, digits int }{{0, 32, 5}, {32, 48, 5}, {48, 52, 4}} {
			power := byte(1)
			for range run.digits {
				for j, q := range src[run.from:run.to] {
					y[j] = d * float32(int(uint16(q*power)*3>>8)-1)
				}
				y, power = y[run.to-run.from:], power*3
			}
		}
	}
}

// decodeTQ2_0: {2-bit[64], d}, w = d·(q-1); a pair of bits of 32 bytes makes
// 32 weights.
func decodeTQ2_0(dst []float32, src []byte) {
	for ; len(src) >= 66; dst, src = dst[superblock:], src[66:] {
		d := half(src[64:])
		for part := range 8 {
			y := dst[part*32:][:32]
			for j, q := range src[part/4*32:][:32] {
				y[j] = d * float32(int(q>>(part%4*2)&3)-1)
			}
		}
	}
}

// decodeQ1_0: {d, bits[16]} in blocks of 128, w = d where the bit is set, else
// -d.
func decodeQ1_0(dst []float32, src []byte) {
	for ; len(src) >= 18; dst, src = dst[128:], src[18:] {
		d, y := half(src), dst[:128]
		for j := range y {
			y[j] = d * float32(int(src[2+j/8]>>(j%8)&1)*2-1)
		}
	}
}
