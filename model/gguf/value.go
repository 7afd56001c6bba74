package gguf

import (
	"encoding/binary"
	"math"
	"slices"
)

// valueType is the number by which a file names a metadata type
// (gguf_metadata_value_type in docs/gguf.md).
type valueType uint32

const (
	typeUint8   valueType = 0
	typeInt8    valueType = 1
	typeUint16  valueType = 2
	typeInt16   valueType = 3
	typeUint32  valueType = 4
	typeInt32   valueType = 5
	typeFloat32 valueType = 6
	typeBool    valueType = 7
	typeString  valueType = 8
	typeArray   valueType = 9
	typeUint64  valueType = 10
	typeInt64   valueType = 11
	typeFloat64 valueType = 12
)

// scalarBytes is the width of the fixed-size types; 0 for the others.
var scalarBytes = [...]int{
	typeUint8: 1, typeInt8: 1, typeBool: 1, typeUint16: 2, typeInt16: 2,
	typeUint32: 4, typeInt32: 4, typeFloat32: 4,
	typeUint64: 8, typeInt64: 8, typeFloat64: 8, typeString: 0, typeArray: 0,
}

// value is one metadata entry. Scalars and strings are held here; of an array
// only the place is known, its elements are decoded when they are asked for.
type value struct {
	kind   valueType
	bits   uint64 // scalar, integers sign-extended, floats as float64 bits
	text   string
	elem   valueType // of an array
	count  int
	lo, hi int    // byte range of an array's elements
	raw    []byte // type and value as in the file
}

// Keys returns the metadata keys in file order.
func (f *File) Keys() []string { return slices.Clone(f.keys) }

// Architecture returns general.architecture, "" where it is absent.
func (f *File) Architecture() string {
	s, _ := f.String("general.architecture")
	return s
}

// String returns the string under key. Like all getters it reports false when
// the key is absent or holds another type.
func (f *File) String(key string) (string, bool) {
	v := f.values[key]
	return v.text, f.has(key) && v.kind == typeString
}

// Bool returns the boolean under key.
func (f *File) Bool(key string) (bool, bool) {
	v := f.values[key]
	ok := f.has(key) && v.kind == typeBool
	return ok && v.bits != 0, ok
}

// Uint returns the integer under key, of any width or signedness, if it is
// not negative.
func (f *File) Uint(key string) (uint64, bool) {
	v := f.values[key]
	if !f.has(key) || !v.kind.integer() || v.kind.signed() && int64(v.bits) < 0 {
		return 0, false
	}
	return v.bits, true
}

// Int returns the integer under key, of any width or signedness, if it fits
// an int64.
func (f *File) Int(key string) (int64, bool) {
	v := f.values[key]
	if !f.has(key) || !v.kind.integer() || !v.kind.signed() && v.bits > math.MaxInt64 {
		return 0, false
	}
	return int64(v.bits), true
}

// Float returns the float under key, of either width.
func (f *File) Float(key string) (float64, bool) {
	v := f.values[key]
	if !f.has(key) || !v.kind.float() {
		return 0, false
	}
	return math.Float64frombits(v.bits), true
}

// Strings returns a copy of the array of strings under key.
func (f *File) Strings(key string) ([]string, bool) {
	v, ok := f.array(key)
	if !ok || v.elem != typeString {
		return nil, false
	}
	// One copy for all elements: they become parts of a single string.
	blob := string(f.data[v.lo:v.hi])
	out := make([]string, v.count)
	at := 0
	for i := range out {
		n := int(binary.LittleEndian.Uint64(f.data[v.lo+at:]))
		out[i] = blob[at+8 : at+8+n]
		at += 8 + n
	}
	return out, true
}

// Ints returns a copy of the array of integers under key, of any width; false
// too if an element does not fit an int64.
func (f *File) Ints(key string) ([]int64, bool) {
	v, ok := f.array(key)
	if !ok || !v.elem.integer() {
		return nil, false
	}
	out := make([]int64, v.count)
	for i := range out {
		out[i] = int64(f.element(v, i))
		if v.elem == typeUint64 && out[i] < 0 {
			return nil, false
		}
	}
	return out, true
}

// Floats returns a copy of the array of floats under key, of either width.
func (f *File) Floats(key string) ([]float64, bool) {
	v, ok := f.array(key)
	if !ok || !v.elem.float() {
		return nil, false
	}
	out := make([]float64, v.count)
	for i := range out {
		out[i] = math.Float64frombits(f.element(v, i))
	}
	return out, true
}

// Bools returns a copy of the array of booleans under key.
func (f *File) Bools(key string) ([]bool, bool) {
	v, ok := f.array(key)
	if !ok || v.elem != typeBool {
		return nil, false
	}
	out := make([]bool, v.count)
	for i := range out {
		out[i] = f.element(v, i) != 0
	}
	return out, true
}

func (f *File) has(key string) bool {
	_, ok := f.values[key]
	return ok
}

// array returns the array under key; none is left once the file is closed.
func (f *File) array(key string) (value, bool) {
	v := f.values[key]
	return v, f.data != nil && f.has(key) && v.kind == typeArray
}

func (f *File) element(v value, i int) uint64 {
	width := scalarBytes[v.elem]
	return scalar(v.elem, f.data[v.lo+i*width:])
}

// scalar decodes the fixed-size value at the start of b, see value.bits.
func scalar(kind valueType, b []byte) uint64 {
	le := binary.LittleEndian
	switch kind {
	case typeUint8, typeBool:
		return uint64(b[0])
	case typeInt8:
		return uint64(int64(int8(b[0])))
	case typeUint16:
		return uint64(le.Uint16(b))
	case typeInt16:
		return uint64(int64(int16(le.Uint16(b))))
	case typeUint32:
		return uint64(le.Uint32(b))
	case typeInt32:
		return uint64(int64(int32(le.Uint32(b))))
	case typeFloat32:
		return math.Float64bits(float64(math.Float32frombits(le.Uint32(b))))
	}
	return le.Uint64(b) // uint64, int64, float64
}

func (k valueType) integer() bool {
	switch k {
	case typeUint8, typeInt8, typeUint16, typeInt16, typeUint32, typeInt32, typeUint64, typeInt64:
		return true
	}
	return false
}

func (k valueType) signed() bool {
	return k == typeInt8 || k == typeInt16 || k == typeInt32 || k == typeInt64
}

func (k valueType) float() bool { return k == typeFloat32 || k == typeFloat64 }
