package gguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/internal/quote"
)

// Metadata are the entries of a file to be written. The zero value is empty.
type Metadata struct {
	pairs []byte
	keys  []string
}

// Has reports whether the key was set.
func (m *Metadata) Has(key string) bool { return slices.Contains(m.keys, key) }

// Set appends an entry. Values are bool, string, uint32, int32, uint64,
// float32, and slices of string, int32, uint32 and float32; another type, and a
// key that was set before, is the caller's mistake and panics.
func (m *Metadata) Set(key string, v any) {
	kind, raw := encodeValue(v)
	m.set(key, append(binary.LittleEndian.AppendUint32(nil, uint32(kind)), raw...))
}

func (m *Metadata) set(key string, raw []byte) {
	if m.Has(key) {
		panic("gguf: metadata key " + key + " is set twice")
	}
	m.pairs = append(appendString(m.pairs, key), raw...)
	m.keys = append(m.keys, key)
}

// Copy appends the entries of f for which keep is true, as they are. How f was
// stored (alignment, parts) stays behind.
func (m *Metadata) Copy(f *File, keep func(key string) bool) {
	for _, key := range f.keys {
		if key != "general.alignment" && !strings.HasPrefix(key, "split.") && keep(key) && !m.Has(key) {
			m.set(key, f.values[key].raw)
		}
	}
}

// File returns the metadata with tensors that live elsewhere as an open file:
// paths are where all of it came from, errors name the first. The file takes
// the mapped ones.
func (m *Metadata) File(paths []string, tensors []Tensor, files *mapped.Files) (*File, error) {
	f, err := Parse(paths[0], m.header(nil))
	if err != nil {
		return nil, err
	}
	f.tensors, f.paths = slices.Clone(tensors), slices.Clone(paths)
	for i, t := range f.tensors {
		if _, twice := f.byName[t.Name]; twice {
			return nil, fmt.Errorf("%s: tensor %s is there twice", f.Path, quote.Name(t.Name))
		}
		f.byName[t.Name] = i
	}
	f.files.Take(files)
	return f, nil
}

// Write writes a file of version 3. Of a tensor with nil Data, data returns
// them when it is its turn.
func Write(w io.Writer, m *Metadata, tensors []Tensor, data func(t Tensor) ([]byte, error)) error {
	header := m.header(tensors)
	if _, err := w.Write(append(header, make([]byte, padding(len(header)))...)); err != nil {
		return err
	}
	for _, t := range tensors {
		raw := t.Data
		if raw == nil {
			var err error
			if raw, err = data(t); err != nil {
				return fmt.Errorf("tensor %s: %w", t.Name, err)
			}
		}
		if len(raw) != t.bytes() {
			return fmt.Errorf("tensor %s: %d bytes, want %d", t.Name, len(raw), t.bytes())
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
		if _, err := w.Write(make([]byte, padding(len(raw)))); err != nil {
			return err
		}
	}
	return nil
}

// bytes is what the tensor's data take; it panics where shape and type do not
// fit.
func (t Tensor) bytes() int {
	row, err := t.Type.RowBytes(t.Shape[0])
	if err != nil {
		panic(err)
	}
	return row * t.Rows()
}

func padding(n int) int { return (defaultAlignment - n%defaultAlignment) % defaultAlignment }

// header is the file up to the padding before the tensors' data.
func (m *Metadata) header(tensors []Tensor) []byte {
	le := binary.LittleEndian
	out := le.AppendUint32([]byte("GGUF"), 3)
	out = le.AppendUint64(out, uint64(len(tensors)))
	out = le.AppendUint64(out, uint64(len(m.keys)))
	out = append(out, m.pairs...)
	offset := 0
	for _, t := range tensors {
		out = appendString(out, t.Name)
		out = le.AppendUint32(out, uint32(len(t.Shape)))
		for _, n := range t.Shape {
			out = le.AppendUint64(out, uint64(n))
		}
		out = le.AppendUint32(out, uint32(t.Type))
		out = le.AppendUint64(out, uint64(offset))
		offset += t.bytes() + padding(t.bytes())
	}
	return out
}

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

// encodeValue returns a value's type and bytes (docs/gguf.md).
func encodeValue(v any) (valueType, []byte) {
	le := binary.LittleEndian
	switch v := v.(type) {
	case bool:
		if v {
			return typeBool, []byte{1}
		}
		return typeBool, []byte{0}
	case string:
		return typeString, appendString(nil, v)
	case uint32:
		return typeUint32, le.AppendUint32(nil, v)
	case int32:
		return typeInt32, le.AppendUint32(nil, uint32(v))
	case uint64:
		return typeUint64, le.AppendUint64(nil, v)
	case float32:
		return typeFloat32, le.AppendUint32(nil, math.Float32bits(v))
	case []string:
		return encodeArray(typeString, v)
	case []int32:
		return encodeArray(typeInt32, v)
	case []uint32:
		return encodeArray(typeUint32, v)
	case []float32:
		return encodeArray(typeFloat32, v)
	}
	panic(fmt.Sprintf("gguf: no metadata type for %T", v))
}

func encodeArray[E any](elem valueType, values []E) (valueType, []byte) {
	var b bytes.Buffer
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(elem)))
	b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(values))))
	for _, v := range values {
		_, raw := encodeValue(v)
		b.Write(raw)
	}
	return typeArray, b.Bytes()
}
