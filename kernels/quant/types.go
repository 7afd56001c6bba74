// Package quant turns blocks of quantised weights into float32, exactly as the
// ggml formats define them. A type is one row of the table in this file plus
// one decoding function; everything else (sizes, names, row lengths) follows
// from the row.
//
// Decoding is exact in the sense that the result does not depend on the
// machine: a half-precision scale has 11 significant bits and no format below
// multiplies it by more than 13 further bits, so each product d·q fits the 24
// bits of a float32 and only the final addition of a minimum rounds. A fused
// multiply-add and a multiplication followed by an addition therefore agree.
package quant

import "fmt"

// Type is the number by which a GGUF file names a tensor's format; the values
// are those of enum ggml_type.
type Type uint32

// The types that occur in files, by their ggml numbers. Those without a
// decoder are listed so that a file holding them can still be described.
const (
	F32     Type = 0
	F16     Type = 1
	Q4_0    Type = 2
	Q4_1    Type = 3
	Q5_0    Type = 6
	Q5_1    Type = 7
	Q8_0    Type = 8
	Q8_1    Type = 9
	Q2_K    Type = 10
	Q3_K    Type = 11
	Q4_K    Type = 12
	Q5_K    Type = 13
	Q6_K    Type = 14
	Q8_K    Type = 15
	IQ2_XXS Type = 16
	IQ2_XS  Type = 17
	IQ3_XXS Type = 18
	IQ1_S   Type = 19
	IQ4_NL  Type = 20
	IQ3_S   Type = 21
	IQ2_S   Type = 22
	IQ4_XS  Type = 23
	I8      Type = 24
	I16     Type = 25
	I32     Type = 26
	I64     Type = 27
	F64     Type = 28
	IQ1_M   Type = 29
	BF16    Type = 30
	TQ1_0   Type = 34
	TQ2_0   Type = 35
	MXFP4   Type = 39
	NVFP4   Type = 40
	Q1_0    Type = 41
)

// Types that are none of ggml's: what safetensors files hold beside floats. _S
// have a scale a block, see decodeScaledF8.
const (
	F8_E4M3   Type = 64
	F8_E5M2   Type = 65
	F8_E4M3_S Type = 66
	F8_E5M2_S Type = 67
)

// format is what the package knows of one type. decode writes
// len(src)/blockBytes blocks into dst; Dequantize has checked both lengths.
type format struct {
	name       string
	blockSize  int // weights per block
	blockBytes int
	decode     func(dst []float32, src []byte)
}

// formats is indexed by Type; block layouts are those of ggml-common.h.
var formats = [...]format{
	F32:     {"F32", 1, 4, decodeF32},
	F16:     {"F16", 1, 2, decodeF16},
	BF16:    {"BF16", 1, 2, decodeBF16},
	F64:     {"F64", 1, 8, decodeF64},
	Q4_0:    {"Q4_0", 32, 18, decodeQ4_0},
	Q4_1:    {"Q4_1", 32, 20, decodeQ4_1},
	Q5_0:    {"Q5_0", 32, 22, decodeQ5_0},
	Q5_1:    {"Q5_1", 32, 24, decodeQ5_1},
	Q8_0:    {"Q8_0", 32, 34, decodeQ8_0},
	Q2_K:    {"Q2_K", 256, 84, decodeQ2_K},
	Q3_K:    {"Q3_K", 256, 110, decodeQ3_K},
	Q4_K:    {"Q4_K", 256, 144, decodeQ4_K},
	Q5_K:    {"Q5_K", 256, 176, decodeQ5_K},
	Q6_K:    {"Q6_K", 256, 210, decodeQ6_K},
	IQ4_NL:  {"IQ4_NL", 32, 18, decodeIQ4_NL},
	IQ4_XS:  {"IQ4_XS", 256, 136, decodeIQ4_XS},
	MXFP4:   {"MXFP4", 32, 17, decodeMXFP4},
	NVFP4:   {"NVFP4", 64, 36, decodeNVFP4},
	Q1_0:    {"Q1_0", 128, 18, decodeQ1_0},
	Q8_1:    {"Q8_1", 32, 36, nil},
	Q8_K:    {"Q8_K", 256, 292, nil},
	IQ2_XXS: {"IQ2_XXS", 256, 66, decodeIQ2_XXS},
	IQ2_XS:  {"IQ2_XS", 256, 74, decodeIQ2_XS},
	IQ2_S:   {"IQ2_S", 256, 82, decodeIQ2_S},
	IQ3_XXS: {"IQ3_XXS", 256, 98, decodeIQ3_XXS},
	IQ3_S:   {"IQ3_S", 256, 110, decodeIQ3_S},
	IQ1_S:   {"IQ1_S", 256, 50, decodeIQ1_S},
	IQ1_M:   {"IQ1_M", 256, 56, decodeIQ1_M},
	TQ1_0:   {"TQ1_0", 256, 54, decodeTQ1_0},
	TQ2_0:   {"TQ2_0", 256, 66, decodeTQ2_0},
	I8:      {"I8", 1, 1, nil},
	I16:     {"I16", 1, 2, nil},
	I32:     {"I32", 1, 4, nil},
	I64:     {"I64", 1, 8, nil},

	F8_E4M3:   {"F8_E4M3", 1, 1, decodeF8_E4M3},
	F8_E5M2:   {"F8_E5M2", 1, 1, decodeF8_E5M2},
	F8_E4M3_S: {"F8_E4M3_S", 32, 36, decodeF8_E4M3_S},
	F8_E5M2_S: {"F8_E5M2_S", 32, 36, decodeF8_E5M2_S},
}

func (t Type) format() format {
	if int64(t) >= int64(len(formats)) {
		return format{}
	}
	return formats[t]
}

// String returns ggml's name of the type, or "type 77" for an unknown number.
func (t Type) String() string {
	if name := t.format().name; name != "" {
		return name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// Known reports whether the sizes of the type's blocks are known.
func (t Type) Known() bool { return t.format().name != "" }

// GGML reports whether the type is one of ggml's, which a GGUF file may hold.
func (t Type) GGML() bool { return t < F8_E4M3 && t.Known() }

// Supported reports whether Dequantize can decode the type.
func (t Type) Supported() bool { return t.format().decode != nil }

// BlockSize returns how many weights share a block, 0 for an unknown type.
func (t Type) BlockSize() int { return t.format().blockSize }

// BlockBytes returns the bytes of one block, 0 for an unknown type.
func (t Type) BlockBytes() int { return t.format().blockBytes }

// RowBytes returns the bytes that a row of n weights takes. Blocks do not
// cross rows, so n must be a positive multiple of the block size.
func (t Type) RowBytes(n int) (int, error) {
	f := t.format()
	if f.name == "" {
		return 0, fmt.Errorf("quant: %v is not a known tensor type", t)
	}
	if n <= 0 || n%f.blockSize != 0 {
		return 0, fmt.Errorf("quant: a row of %d weights is not a whole number of %s blocks of %d", n, f.name, f.blockSize)
	}
	blocks := n / f.blockSize
	if blocks > maxInt/f.blockBytes {
		return 0, fmt.Errorf("quant: a row of %d weights of type %s has too many bytes", n, f.name)
	}
	return blocks * f.blockBytes, nil
}

const maxInt = int(^uint(0) >> 1)

// Dequantize decodes len(dst) weights of type t from src, which must hold
// exactly their blocks. dst may span several rows that lie behind each other.
func Dequantize(dst []float32, t Type, src []byte) error {
	if len(dst) == 0 && len(src) == 0 && t.Supported() {
		return nil
	}
	want, err := t.RowBytes(len(dst))
	if err != nil {
		return err
	}
	f := t.format()
	if f.decode == nil {
		return fmt.Errorf("quant: weights of type %s cannot be decoded; requantise the checkpoint to a common type such as Q4_K or Q8_0", f.name)
	}
	if len(src) != want {
		return fmt.Errorf("quant: %d weights of type %s need %d bytes, got %d", len(dst), f.name, want, len(src))
	}
	f.decode(dst, src)
	return nil
}
