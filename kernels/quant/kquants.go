package quant

// The k-quants have superblocks of 256 weights: a binary16 scale d (and a
// scale of the minima, dmin) over small integer scales of sub-blocks of 16 or
// 32 weights. Layouts: block_q2_K to block_q6_K in ggml-common.h.

const superblock = 256

// decodeQ2_K: {scales[16], 2-bit[64], d, dmin}. A scale byte holds the
// sub-block's scale in its low and its minimum in its high nibble.
func decodeQ2_K(dst []float32, src []byte) {
	for ; len(src) >= 84; dst, src = dst[superblock:], src[84:] {
		scales, qs := src[:16], src[16:80]
		d, dmin := half(src[80:]), half(src[82:])
		for sub := range 16 { // 16 weights each; 8 sub-blocks share 32 bytes
			scale := d * float32(scales[sub]&15)
			minimum := dmin * float32(scales[sub]>>4)
			shift := sub / 2 % 4 * 2
			from := qs[sub/8*32+sub%2*16:][:16]
			y := dst[sub*16:][:16]
			for l, q := range from {
				y[l] = scale*float32(q>>shift&3) - minimum
			}
		}
	}
}

// decodeQ3_K: {high bits[32], 2-bit[64], scales[12], d}. The sixteen 6-bit
// scales, biased by 32, keep their low nibbles in bytes 0 to 7 and their high
// bit pairs in bytes 8 to 11. A high bit that is clear subtracts 4.
func decodeQ3_K(dst []float32, src []byte) {
	for ; len(src) >= 110; dst, src = dst[superblock:], src[110:] {
		high, qs, scales, d := src[:32], src[32:96], src[96:108], half(src[108:])
		for sub := range 16 {
			low := scales[sub%8] >> (sub / 8 * 4) & 15
			top := scales[8+sub%4] >> (sub / 4 * 2) & 3
			scale := d * float32(int(low|top<<4)-32)
			shift, bit := sub/2%4*2, sub/2
			from, mask := qs[sub/8*32+sub%2*16:][:16], high[sub%2*16:][:16]
			y := dst[sub*16:][:16]
			for l, q := range from {
				y[l] = scale * float32(int(q>>shift&3)+int(mask[l]>>bit&1)*4-4)
			}
		}
	}
}

// scaleMin unpacks the j-th of eight 6-bit scales and minima that Q4_K and
// Q5_K keep in 12 bytes.
func scaleMin(packed []byte, j int) (scale, minimum byte) {
	if j < 4 {
		return packed[j] & 63, packed[j+4] & 63
	}
	return packed[j+4]&15 | packed[j-4]>>6<<4, packed[j+4]>>4 | packed[j]>>6<<4
}

// decodeQ4_K: {d, dmin, scales[12], nibbles[128]}, w = d·scale·q - dmin·min.
func decodeQ4_K(dst []float32, src []byte) {
	for ; len(src) >= 144; dst, src = dst[superblock:], src[144:] {
		d, dmin, packed, qs := half(src), half(src[2:]), src[4:16], src[16:144]
		for sub := range 8 { // 32 weights each; a pair shares 32 bytes
			sc, mn := scaleMin(packed, sub)
			scale, minimum := d*float32(sc), dmin*float32(mn)
			shift := sub % 2 * 4
			y := dst[sub*32:][:32]
			for l, q := range qs[sub/2*32:][:32] {
				y[l] = scale*float32(q>>shift&15) - minimum
			}
		}
	}
}

// decodeQ5_K: {d, dmin, scales[12], fifth bits[32], nibbles[128]}.
func decodeQ5_K(dst []float32, src []byte) {
	for ; len(src) >= 176; dst, src = dst[superblock:], src[176:] {
		d, dmin, packed := half(src), half(src[2:]), src[4:16]
		fifth, qs := src[16:48], src[48:176]
		for sub := range 8 {
			sc, mn := scaleMin(packed, sub)
			scale, minimum := d*float32(sc), dmin*float32(mn)
			shift := sub % 2 * 4
			y := dst[sub*32:][:32]
			for l, q := range qs[sub/2*32:][:32] {
				y[l] = scale*float32(q>>shift&15|fifth[l]>>sub&1<<4) - minimum
			}
		}
	}
}

// decodeQ6_K: {low nibbles[128], high pairs[64], int8 scales[16], d},
// w = d·scale·(q-32).
func decodeQ6_K(dst []float32, src []byte) {
	for ; len(src) >= 210; dst, src = dst[superblock:], src[210:] {
		ql, qh, scales, d := src[:128], src[128:192], src[192:208], half(src[208:])
		for sub := range 16 {
			scale := d * float32(int8(scales[sub]))
			// Within a half of 128 weights, quarter c takes nibble c/2 of the
			// c%2-th 32 bytes and bit pair c of the 32 high bytes.
			part, c, from := sub/8, sub/2%4, sub%2*16
			low, high := ql[part*64+c%2*32+from:][:16], qh[part*32+from:][:16]
			y := dst[sub*16:][:16]
			for l := range y {
				q := low[l]>>(c/2*4)&15 | high[l]>>(c*2)&3<<4
				y[l] = scale * float32(int(q)-32)
			}
		}
	}
}
