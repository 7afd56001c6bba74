package quant

import "encoding/binary"

// The formats of this file have blocks of 32 weights with one scale d and, in
// the _1 variants, one minimum m, both binary16. A nibble array holds weight j
// in the low and weight j+16 in the high half of byte j.

// decodeQ4_0: {d, nibbles[16]}, w = d·(q-8).
func decodeQ4_0(dst []float32, src []byte) {
	for ; len(src) >= 18; dst, src = dst[32:], src[18:] {
		d, qs, y := half(src), src[2:18], dst[:32]
		for j, q := range qs {
			y[j] = d * float32(int(q&15)-8)
			y[j+16] = d * float32(int(q>>4)-8)
		}
	}
}

// decodeQ4_1: {d, m, nibbles[16]}, w = d·q + m. The product of 11 and 4
// significant bits is exact in float32, so the sum is rounded once and a fused
// multiply-add gives the same bits as a multiplication and an addition.
func decodeQ4_1(dst []float32, src []byte) {
	for ; len(src) >= 20; dst, src = dst[32:], src[20:] {
		d, m, qs, y := half(src), half(src[2:]), src[4:20], dst[:32]
		for j, q := range qs {
			y[j] = d*float32(q&15) + m
			y[j+16] = d*float32(q>>4) + m
		}
	}
}

// decodeQ5_0: {d, fifth bits uint32, nibbles[16]}, w = d·(q-16).
func decodeQ5_0(dst []float32, src []byte) {
	for ; len(src) >= 22; dst, src = dst[32:], src[22:] {
		d, qh, qs, y := half(src), binary.LittleEndian.Uint32(src[2:]), src[6:22], dst[:32]
		for j, q := range qs {
			lo := uint32(q&15) | qh>>j&1<<4
			hi := uint32(q>>4) | qh>>(j+16)&1<<4
			y[j] = d * float32(int(lo)-16)
			y[j+16] = d * float32(int(hi)-16)
		}
	}
}

// decodeQ5_1: {d, m, fifth bits uint32, nibbles[16]}, w = d·q + m.
func decodeQ5_1(dst []float32, src []byte) {
	for ; len(src) >= 24; dst, src = dst[32:], src[24:] {
		d, m := half(src), half(src[2:])
		qh, qs, y := binary.LittleEndian.Uint32(src[4:]), src[8:24], dst[:32]
		for j, q := range qs {
			y[j] = d*float32(uint32(q&15)|qh>>j&1<<4) + m
			y[j+16] = d*float32(uint32(q>>4)|qh>>(j+16)&1<<4) + m
		}
	}
}

// decodeQ8_0: {d, int8[32]}, w = d·q.
func decodeQ8_0(dst []float32, src []byte) {
	for ; len(src) >= 34; dst, src = dst[32:], src[34:] {
		d, qs, y := half(src), src[2:34], dst[:32]
		for j, q := range qs {
			y[j] = d * float32(int8(q))
		}
	}
}
