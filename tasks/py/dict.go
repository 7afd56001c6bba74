package py

import (
	"fmt"
	"iter"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// indexFrom is the size at which a Dict starts to keep a hash index; documents have a handful of keys, and a scan
// over those is both faster and several times smaller than a map.
const indexFrom = 17

// Dict is a Python dict: it keeps insertion order, and keys that compare equal (1, 1.0, True) are one key.
// A Dict is not safe for concurrent writes.
type Dict struct {
	keys  []Value
	vals  []Value
	index map[hashKey]int // nil while the dict is small
}

// hashKey is the canonical form of a hashable value: equal values, and only those, have equal hashKeys.
type hashKey struct {
	kind byte // 'n' None, 'i' integer, 'f' other float, 's' string, 't' tuple, 'o' foreign object
	num  uint64
	text string
	obj  any
}

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{} }

// DictOf returns a dict of alternating keys and values, for literals in Go code.
// It panics on an odd number of arguments.
func DictOf(kv ...Value) *Dict {
	if len(kv)%2 != 0 {
		panic("py.DictOf: odd number of arguments")
	}
	d := NewDict()
	for i := 0; i < len(kv); i += 2 {
		d.Set(kv[i], kv[i+1])
	}
	return d
}

// Hashable returns Python's TypeError if k cannot be a dict key (lists, dicts, tuples holding them), else nil.
func Hashable(k Value) error {
	switch k := k.(type) {
	case []any, *Dict:
		return fmt.Errorf("unhashable type: '%s'", TypeName(k))
	case Tuple:
		for _, item := range k {
			if err := Hashable(item); err != nil {
				return err
			}
		}
	}
	return nil
}

func keyOf(k Value) (hashKey, bool) {
	switch k := k.(type) {
	case string:
		return hashKey{kind: 's', text: k}, true
	case int64:
		return hashKey{kind: 'i', num: uint64(k)}, true
	case bool:
		if k {
			return hashKey{kind: 'i', num: 1}, true
		}
		return hashKey{kind: 'i'}, true
	case nil:
		return hashKey{kind: 'n'}, true
	case float64:
		return floatKey(k), true
	case *big.Int:
		if k.IsInt64() {
			return hashKey{kind: 'i', num: uint64(k.Int64())}, true
		}
		return hashKey{kind: 'i', text: k.String()}, true
	case Tuple:
		return tupleKey(k)
	case []any, *Dict:
		return hashKey{}, false
	}
	return hashKey{kind: 'o', obj: k}, true
}

func floatKey(f float64) hashKey {
	if f == math.Trunc(f) && !math.IsInf(f, 0) {
		n, _ := big.NewFloat(f).Int(nil)
		key, _ := keyOf(n)
		return key
	}
	return hashKey{kind: 'f', num: math.Float64bits(f)}
}

func tupleKey(t Tuple) (hashKey, bool) {
	var b strings.Builder
	for _, item := range t {
		k, ok := keyOf(item)
		if !ok || k.kind == 'o' {
			return hashKey{}, false
		}
		b.WriteByte(k.kind)
		b.WriteString(strconv.FormatUint(k.num, 16))
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(len(k.text)))
		b.WriteByte(':')
		b.WriteString(k.text)
	}
	return hashKey{kind: 't', text: b.String()}, true
}

// find returns the position of k, or -1.
func (d *Dict) find(k Value) int {
	if d == nil || len(d.keys) == 0 {
		return -1
	}
	if s, ok := k.(string); ok && d.index == nil {
		for i, have := range d.keys {
			if h, ok := have.(string); ok && h == s {
				return i
			}
		}
		return -1
	}
	want, ok := keyOf(k)
	if !ok {
		return -1
	}
	if d.index != nil {
		if i, ok := d.index[want]; ok {
			return i
		}
		return -1
	}
	for i, have := range d.keys {
		if h, _ := keyOf(have); h == want {
			return i
		}
	}
	return -1
}

// Get returns the value under k. A key that cannot be hashed is never present.
func (d *Dict) Get(k Value) (Value, bool) {
	if i := d.find(k); i >= 0 {
		return d.vals[i], true
	}
	return nil, false
}

// Set stores v under k. An existing key keeps its place and its first spelling, as in Python.
// Keys must satisfy Hashable; Set panics otherwise, so check keys that come from outside.
func (d *Dict) Set(k, v Value) {
	if i := d.find(k); i >= 0 {
		d.vals[i] = v
		return
	}
	key, ok := keyOf(k)
	if !ok {
		panic("py.Dict.Set: unhashable key of type " + TypeName(k))
	}
	d.keys = append(d.keys, k)
	d.vals = append(d.vals, v)
	switch {
	case d.index != nil:
		d.index[key] = len(d.keys) - 1
	case len(d.keys) >= indexFrom:
		d.reindex()
	}
}

func (d *Dict) reindex() {
	d.index = make(map[hashKey]int, len(d.keys))
	for i, k := range d.keys {
		key, _ := keyOf(k)
		d.index[key] = i
	}
}

// Delete removes k and reports whether it was present. It takes time linear in the size of the dict.
func (d *Dict) Delete(k Value) bool {
	i := d.find(k)
	if i < 0 {
		return false
	}
	d.keys = slices.Delete(d.keys, i, i+1)
	d.vals = slices.Delete(d.vals, i, i+1)
	if d.index != nil {
		d.reindex()
	}
	return true
}

// Len returns the number of keys; a nil *Dict is empty.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.keys)
}

// Keys returns the keys in insertion order, in a new slice.
func (d *Dict) Keys() []Value {
	if d == nil {
		return nil
	}
	return slices.Clone(d.keys)
}

// All iterates over keys and values in insertion order.
func (d *Dict) All() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		if d == nil {
			return
		}
		for i := range d.keys {
			if !yield(d.keys[i], d.vals[i]) {
				return
			}
		}
	}
}

// Clone returns a shallow copy.
func (d *Dict) Clone() *Dict {
	c := NewDict()
	if d == nil {
		return c
	}
	c.keys, c.vals = slices.Clone(d.keys), slices.Clone(d.vals)
	if d.index != nil {
		c.reindex()
	}
	return c
}
