package dataset

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// convert turns a value as the Parquet library decodes it into a py.Value.
type convert func(v any) (py.Value, error)

// converter returns the conversion for a node of the schema. Dates and times
// become what Python's str() makes of them, and bytes that are no text become
// base64, since documents are JSON.
func converter(n parquet.Node) convert {
	if n.Repeated() {
		return list(converter(parquet.Required(n)))
	}
	if n.Leaf() {
		return leaf(n.Type())
	}
	switch logical(n).(type) {
	case *format.ListType:
		if elem := listElement(n); elem != nil {
			return list(converter(elem))
		}
	case *format.MapType:
		if entry := mapEntry(n); entry != nil {
			return mapping(entry)
		}
	}
	return group(n)
}

func logical(n parquet.Node) any {
	if t := n.Type().LogicalType(); t != nil {
		return t.Value
	}
	return nil
}

// listElement finds the element of `list { repeated group list { element } }`;
// writers call the innermost node element, item or array_element.
func listElement(n parquet.Node) parquet.Node {
	fields := n.Fields()
	if len(fields) != 1 || !fields[0].Repeated() || fields[0].Leaf() || len(fields[0].Fields()) != 1 {
		return nil
	}
	return fields[0].Fields()[0]
}

func mapEntry(n parquet.Node) []parquet.Field {
	fields := n.Fields()
	if len(fields) != 1 || len(fields[0].Fields()) != 2 {
		return nil
	}
	return fields[0].Fields()
}

// group converts a struct, or a whole row, to a dict in the schema's order.
func group(n parquet.Node) convert {
	fields := n.Fields()
	names, convs := make([]string, len(fields)), make([]convert, len(fields))
	for i, f := range fields {
		names[i], convs[i] = f.Name(), converter(f)
	}
	return func(v any) (py.Value, error) {
		if v == nil {
			return nil, nil
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a struct is a %T", v)
		}
		d := py.NewDict()
		for i, name := range names {
			value, err := convs[i](m[name])
			if err != nil {
				return nil, fmt.Errorf("column %q: %w", name, err)
			}
			d.Set(name, value)
		}
		return d, nil
	}
}

func list(elem convert) convert {
	return func(v any) (py.Value, error) {
		if v == nil {
			return nil, nil
		}
		items, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("a list is a %T", v)
		}
		out := make([]any, len(items))
		for i, item := range items {
			var err error
			if out[i], err = elem(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// mapping converts a map with text keys to a dict sorted by key: the library
// does not keep the order.
func mapping(entry []parquet.Field) convert {
	value := converter(entry[1])
	return func(v any) (py.Value, error) {
		if v == nil {
			return nil, nil
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("maps with keys other than text are not supported (%T)", v)
		}
		d := py.NewDict()
		for _, k := range slices.Sorted(maps.Keys(m)) {
			item, err := value(m[k])
			if err != nil {
				return nil, err
			}
			d.Set(k, item)
		}
		return d, nil
	}
}

func leaf(t parquet.Type) convert {
	var kind any
	if l := t.LogicalType(); l != nil {
		kind = l.Value
	}
	text := false
	switch kind := kind.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		text = true
	case *format.DateType:
		return moment(func(n int64) string { return time.Unix(n*86400, 0).UTC().Format(time.DateOnly) })
	case *format.IntType:
		if !kind.IsSigned {
			return unsigned
		}
	case *format.TimestampType:
		layout := "2006-01-02 15:04:05.999999"
		if kind.IsAdjustedToUTC {
			layout += "-07:00"
		}
		at := timestamp(kind.Unit.Value)
		return moment(func(n int64) string { return at(n).UTC().Format(layout) })
	}
	return func(v any) (py.Value, error) { return scalar(v, text) }
}

func timestamp(unit any) func(int64) time.Time {
	switch unit.(type) {
	case *format.MilliSeconds:
		return time.UnixMilli
	case *format.MicroSeconds:
		return time.UnixMicro
	default:
		return func(n int64) time.Time { return time.Unix(0, n) }
	}
}

// unsigned reads the bits that the library hands out as signed.
func unsigned(v any) (py.Value, error) {
	switch n := v.(type) {
	case int32:
		v = uint32(n)
	case int64:
		v = uint64(n)
	}
	return scalar(v, false)
}

// moment converts an integer count of days or ticks to text.
func moment(format func(int64) string) convert {
	return func(v any) (py.Value, error) {
		switch v := v.(type) {
		case nil:
			return nil, nil
		case int32:
			return format(int64(v)), nil
		case int64:
			return format(v), nil
		}
		return nil, fmt.Errorf("a time is a %T", v)
	}
}

func scalar(v any, text bool) (py.Value, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case *string, *[]byte, *bool, *int32, *int64, *uint32, *uint64, *float32, *float64:
		// Values of maps are pointers where they may be null.
		if p := reflect.ValueOf(v); !p.IsNil() {
			return scalar(p.Elem().Interface(), text)
		}
		return nil, nil
	case string:
		return plainText(v, text)
	case []byte:
		return plainText(string(v), text)
	case bool:
		return v, nil
	case int32:
		return int64(v), nil
	case int64:
		return v, nil
	case uint32:
		return int64(v), nil
	case uint64:
		return py.Int(new(big.Int).SetUint64(v)), nil
	case float32:
		return float64(v), nil
	case float64:
		return v, nil
	}
	return nil, fmt.Errorf("values of type %T are not supported", v)
}

func plainText(s string, text bool) (py.Value, error) {
	switch {
	case utf8.ValidString(s):
		return s, nil
	case text:
		return nil, fmt.Errorf("text is not UTF-8")
	default:
		return base64.StdEncoding.EncodeToString([]byte(s)), nil
	}
}
