// Package gguftest builds small GGUF files for tests.
package gguftest

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// Builder collects metadata and tensors. The zero value is an empty version 3
// file with the default alignment.
type Builder struct {
	pairs, table, data []byte
	numPairs, numTable uint64
}

const alignment = 32

// Set appends a metadata entry. It takes bool, every sized integer and float,
// string, and slices of bool, int32, uint32, float32 and string; anything else
// panics, as does every mistake in a test's own input.
func (b *Builder) Set(key string, v any) *Builder {
	kind, raw := encode(v)
	b.pairs = appendString(b.pairs, key)
	b.pairs = binary.LittleEndian.AppendUint32(b.pairs, kind)
	b.pairs = append(b.pairs, raw...)
	b.numPairs++
	return b
}

// Tensor appends a tensor whose data are the given bytes, row length first in
// shape.
func (b *Builder) Tensor(name string, t quant.Type, shape []int, data []byte) *Builder {
	le := binary.LittleEndian
	b.data = pad(b.data)
	b.table = appendString(b.table, name)
	b.table = le.AppendUint32(b.table, uint32(len(shape)))
	for _, n := range shape {
		b.table = le.AppendUint64(b.table, uint64(n))
	}
	b.table = le.AppendUint32(b.table, uint32(t))
	b.table = le.AppendUint64(b.table, uint64(len(b.data)))
	b.data = append(b.data, data...)
	b.numTable++
	return b
}

// F32 appends a float32 tensor.
func (b *Builder) F32(name string, shape []int, values []float32) *Builder {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return b.Tensor(name, quant.F32, shape, raw)
}

// Bytes returns the file.
func (b *Builder) Bytes() []byte {
	le := binary.LittleEndian
	out := le.AppendUint32([]byte("GGUF"), 3)
	out = le.AppendUint64(out, b.numTable)
	out = le.AppendUint64(out, b.numPairs)
	out = append(out, b.pairs...)
	out = append(out, b.table...)
	if b.numTable == 0 {
		return out
	}
	return append(pad(out), b.data...)
}

func pad(b []byte) []byte {
	return append(b, make([]byte, (alignment-len(b)%alignment)%alignment)...)
}

func appendString(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// encode returns a value's metadata type and bytes (docs/gguf.md).
func encode(v any) (kind uint32, raw []byte) {
	le := binary.LittleEndian
	switch v := v.(type) {
	case uint8:
		return 0, []byte{v}
	case int8:
		return 1, []byte{byte(v)}
	case uint16:
		return 2, le.AppendUint16(nil, v)
	case int16:
		return 3, le.AppendUint16(nil, uint16(v))
	case uint32:
		return 4, le.AppendUint32(nil, v)
	case int32:
		return 5, le.AppendUint32(nil, uint32(v))
	case float32:
		return 6, le.AppendUint32(nil, math.Float32bits(v))
	case bool:
		if v {
			return 7, []byte{1}
		}
		return 7, []byte{0}
	case string:
		return 8, appendString(nil, v)
	case uint64:
		return 10, le.AppendUint64(nil, v)
	case int64:
		return 11, le.AppendUint64(nil, uint64(v))
	case float64:
		return 12, le.AppendUint64(nil, math.Float64bits(v))
	case []bool:
		return array(7, v)
	case []string:
		return array(8, v)
	case []int32:
		return array(5, v)
	case []uint32:
		return array(4, v)
	case []float32:
		return array(6, v)
	}
	panic(fmt.Sprintf("gguftest: no metadata type for %T", v))
}

func array[E any](elem uint32, values []E) (kind uint32, raw []byte) {
	raw = binary.LittleEndian.AppendUint32(nil, elem)
	raw = binary.LittleEndian.AppendUint64(raw, uint64(len(values)))
	for _, v := range values {
		_, b := encode(v)
		raw = append(raw, b...)
	}
	return 9, raw
}
