package tinymodel

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
)

const alignment = 32 // GGUF's default

// encode returns a whole file.
func encode(metadata map[string]any, tensors []Tensor) []byte {
	b := Header(metadata, tensors)
	for _, t := range tensors {
		b = append(b, t.Data...)
		b = append(b, make([]byte, Padding(len(t.Data)))...)
	}
	return b
}

// Header returns GGUF version 3 (ggml's docs/gguf.md), keys sorted, up to the
// first tensor's data; each tensor's is followed by Padding zeros. Data may be
// absent, Size says how much it is.
func Header(metadata map[string]any, tensors []Tensor) []byte {
	le := binary.LittleEndian
	b := []byte("GGUF")
	b = le.AppendUint32(b, 3)
	b = le.AppendUint64(b, uint64(len(tensors)))
	b = le.AppendUint64(b, uint64(len(metadata)))
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		b = appendString(b, key)
		b = appendValue(b, metadata[key])
	}
	offset := 0
	for _, t := range tensors {
		b = appendString(b, t.Name)
		b = le.AppendUint32(b, uint32(len(t.Shape)))
		for _, d := range t.Shape {
			b = le.AppendUint64(b, uint64(d))
		}
		b = le.AppendUint32(b, uint32(t.Type))
		b = le.AppendUint64(b, uint64(offset))
		offset += t.Size() + Padding(t.Size())
	}
	return append(b, make([]byte, Padding(len(b)))...)
}

// Padding is how many bytes follow n bytes of data.
func Padding(n int) int { return (alignment - n%alignment) % alignment }

func appendString(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// Value types of the format.
const (
	typeUint16  = 2
	typeUint32  = 4
	typeInt32   = 5
	typeFloat32 = 6
	typeBool    = 7
	typeString  = 8
	typeArray   = 9
)

func appendValue(b []byte, v any) []byte {
	le := binary.LittleEndian
	switch v := v.(type) {
	case uint32:
		return le.AppendUint32(le.AppendUint32(b, typeUint32), v)
	case uint16:
		return le.AppendUint16(le.AppendUint32(b, typeUint16), v)
	case int32:
		return le.AppendUint32(le.AppendUint32(b, typeInt32), uint32(v))
	case float32:
		return le.AppendUint32(le.AppendUint32(b, typeFloat32), math.Float32bits(v))
	case bool:
		b = le.AppendUint32(b, typeBool)
		if v {
			return append(b, 1)
		}
		return append(b, 0)
	case string:
		return appendString(le.AppendUint32(b, typeString), v)
	case []string:
		b = appendArray(b, typeString, len(v))
		for _, s := range v {
			b = appendString(b, s)
		}
		return b
	case []int32:
		b = appendArray(b, typeInt32, len(v))
		for _, i := range v {
			b = le.AppendUint32(b, uint32(i))
		}
		return b
	}
	panic(fmt.Sprintf("tinymodel: metadata of type %T", v))
}

func appendArray(b []byte, element uint32, n int) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(le.AppendUint32(b, typeArray), element)
	return le.AppendUint64(b, uint64(n))
}
