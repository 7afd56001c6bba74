package quant

import (
	"encoding/binary"
	"math/bits"
)

// The IQ formats of this file store, for each 8 or 4 weights, the place of
// their magnitudes in a code book (grids.go), and their signs apart. Scales are
// odd multiples of a fraction of the superblock's binary16. Layouts:
// block_iq2_xxs to block_iq3_s in ggml-common.h.

// Code books with the factor of the scale that is common to all blocks: a
// quarter of the half-integers for IQ2, half of them for IQ3_XXS.
var (
	gridIQ2_XXS = unpackGrid[[8]float32](packedIQ2_XXS[:], 2, 0x08, 0x19, 0x2b)
	gridIQ2_XS  = unpackGrid[[8]float32](packedIQ2_XS[:], 2, 0x08, 0x19, 0x2b)
	gridIQ2_S   = unpackGrid[[8]float32](packedIQ2_S[:], 2, 0x08, 0x19, 0x2b)
	gridIQ3_XXS = unpackGrid[[4]float32](packedIQ3_XXS[:], 3, 0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3e)
	gridIQ3_S   = unpackGrid[[4]float32](packedIQ3_S[:], 3, 1, 3, 5, 7, 9, 11, 13, 15)
)

// unpackGrid turns indices of some bits into the values they stand for.
func unpackGrid[V [4]float32 | [8]float32](packed []uint16, width int, values ...float32) []V {
	grid := make([]V, len(packed))
	for i, word := range packed {
		for j := range len(grid[i]) {
			grid[i][j] = values[int(word)>>(width*j)&(1<<width-1)]
		}
	}
	return grid
}

// evenSigns completes 7 signs with an eighth that makes their number even.
func evenSigns(seven uint32) byte {
	s := byte(seven & 127)
	return s | byte(bits.OnesCount8(s)&1)<<7
}

// signed writes d·values with the signs in the bits, the first the lowest.
func signed(dst, values []float32, d float32, signs byte) {
	dst = dst[:len(values)]
	for j, v := range values {
		if signs>>j&1 != 0 {
			v = -v
		}
		dst[j] = d * v
	}
}

// quarter is the scale of the IQ2 formats: a nibble and a half, over four.
func quarter(d float32, nibble byte) float32 { return d * (float32(nibble) + 0.5) * 0.25 }

// decodeIQ2_XXS: {d, 8 × {places[4], signs and scale uint32}}.
func decodeIQ2_XXS(dst []float32, src []byte) {
	for ; len(src) >= 66; dst, src = dst[superblock:], src[66:] {
		for sub := range 8 {
			at := src[2+sub*8:]
			word := binary.LittleEndian.Uint32(at[4:])
			d := quarter(half(src), byte(word>>28))
			for i := range 4 {
				signed(dst[sub*32+i*8:], gridIQ2_XXS[at[i]][:], d, evenSigns(word>>(7*i)))
			}
		}
	}
}

// decodeIQ2_XS: {d, (place 9 bits, signs 7 bits)[32], scale nibbles[8]}.
func decodeIQ2_XS(dst []float32, src []byte) {
	for ; len(src) >= 74; dst, src = dst[superblock:], src[74:] {
		for i := range 32 {
			d := quarter(half(src), src[66+i/4]>>(i/2%2*4)&15)
			q := binary.LittleEndian.Uint16(src[2+2*i:])
			signed(dst[i*8:], gridIQ2_XS[q&511][:], d, evenSigns(uint32(q>>9)))
		}
	}
}

// decodeIQ2_S: {d, places[32], signs[32], high bit pairs[8], scale nibbles[8]}.
func decodeIQ2_S(dst []float32, src []byte) {
	for ; len(src) >= 82; dst, src = dst[superblock:], src[82:] {
		for i := range 32 {
			d := quarter(half(src), src[74+i/4]>>(i/2%2*4)&15)
			place := int(src[2+i]) | int(src[66+i/4]>>(i%4*2)&3)<<8
			signed(dst[i*8:], gridIQ2_S[place][:], d, src[34+i])
		}
	}
}

// decodeIQ3_XXS: {d, places[64], signs and scale uint32[8]}.
func decodeIQ3_XXS(dst []float32, src []byte) {
	for ; len(src) >= 98; dst, src = dst[superblock:], src[98:] {
		for sub := range 8 {
			word := binary.LittleEndian.Uint32(src[66+4*sub:])
			d := half(src) * (float32(word>>28) + 0.5) * 0.5
			for i := range 8 {
				signs := evenSigns(word>>(i/2*7)) >> (i % 2 * 4)
				signed(dst[sub*32+i*4:], gridIQ3_XXS[src[2+sub*8+i]][:], d, signs)
			}
		}
	}
}

// decodeIQ3_S: {d, places[64], ninth bits[8], signs[32], scale nibbles[4]}.
func decodeIQ3_S(dst []float32, src []byte) {
	for ; len(src) >= 110; dst, src = dst[superblock:], src[110:] {
		for i := range 64 {
			d := half(src) * float32(1+2*(src[106+i/16]>>(i/8%2*4)&15))
			place := int(src[2+i]) | int(src[66+i/8]>>(i%8)&1)<<8
			signed(dst[i*4:], gridIQ3_S[place][:], d, src[74+i/2]>>(i%2*4))
		}
	}
}
