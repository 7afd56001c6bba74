// Package py holds Python values and the parts of Python's data model that benchmark definitions depend on.
//
// Task files written for the Python harness are full of it without saying so: prompts print repr() of lists, document
// hashes are taken over json.dumps output, targets are read back with ast.literal_eval, few-shot pools are compared
// with ==, and answers are cleaned with str methods. Values are plain Go types: nil, bool, int64, *big.Int (only
// outside the int64 range), float64, string, []any (list), Tuple and *Dict.
package py

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
)

// Value is one Python object: nil (None), bool, int64, *big.Int, float64, string, []any (list), Tuple or *Dict.
type Value = any

// Tuple is a Python tuple; a list is a plain []any.
type Tuple []Value

// Typed lets types of other packages (a template's namespace, say) name themselves in error messages.
// If such a type is also a fmt.Stringer, Str and Repr use its String method.
type Typed interface{ TypeName() string }

// TypeName returns the name of v's class as Python's type(v).__name__ gives it.
func TypeName(v Value) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []any:
		return "list"
	case Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case Typed:
		return v.TypeName()
	}
	return fmt.Sprintf("%T", v)
}

// Truth reports bool(v): false for None, zero numbers and empty containers.
func Truth(v Value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case *big.Int:
		return v.Sign() != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case Tuple:
		return len(v) > 0
	case *Dict:
		return v.Len() > 0
	}
	return true
}

// Int returns the shortest Value for n: an int64 where it fits.
func Int(n *big.Int) Value {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// FromGo converts a Go value: integers to int64 (or *big.Int), float32 to float64, slices and arrays to lists,
// maps with string keys to dicts in sorted key order (Go maps have none). Other types are an error.
func FromGo(v any) (Value, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case *big.Int:
		return Int(v), nil
	case *Dict:
		return v, nil
	case Tuple:
		items, err := fromSlice(reflect.ValueOf(v))
		return Tuple(items), err
	}
	return fromReflect(reflect.ValueOf(v))
}

func fromReflect(rv reflect.Value) (Value, error) {
	switch rv.Kind() {
	case reflect.Bool:
		return rv.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if u := rv.Uint(); u > math.MaxInt64 {
			return new(big.Int).SetUint64(u), nil
		}
		return int64(rv.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return rv.Float(), nil
	case reflect.String:
		return rv.String(), nil
	case reflect.Slice, reflect.Array:
		return fromSlice(rv)
	case reflect.Map:
		return fromMap(rv)
	case reflect.Pointer, reflect.Interface:
		if rv.IsNil() {
			return nil, nil
		}
		return FromGo(rv.Elem().Interface())
	}
	return nil, fmt.Errorf("a Go value of type %s has no Python counterpart", rv.Type())
}

func fromSlice(rv reflect.Value) ([]any, error) {
	out := make([]any, rv.Len())
	for i := range out {
		v, err := FromGo(rv.Index(i).Interface())
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		out[i] = v
	}
	return out, nil
}

func fromMap(rv reflect.Value) (Value, error) {
	if rv.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a Go value of type %s has no Python counterpart: its keys are not strings", rv.Type())
	}
	keys := rv.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch as, bs := a.String(), b.String(); {
		case as < bs:
			return -1
		case as > bs:
			return 1
		}
		return 0
	})
	d := NewDict()
	for _, k := range keys {
		v, err := FromGo(rv.MapIndex(k).Interface())
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", k.String(), err)
		}
		d.Set(k.String(), v)
	}
	return d, nil
}
