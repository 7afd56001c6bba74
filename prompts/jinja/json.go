package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// jsonArgs returns a plain value to serialise and the indent argument, -1 without one.
func (it *interp) jsonArgs(v py.Value, a Args) (py.Value, int, error) {
	if u, ok := v.(*undefined); ok {
		if err := u.use(it); err != nil {
			return nil, 0, err
		}
		return nil, 0, errors.New("object of type Undefined is not JSON serializable")
	}
	v, err := it.export(v)
	if err != nil {
		return nil, 0, err
	}
	indent, err := jsonIndent(a)
	if err != nil {
		return nil, 0, err
	}
	return v, indent, checkIndent(v, indent)
}

// checkIndent refuses values whose indentation alone would be enormous: deep nesting multiplies it.
func checkIndent(v py.Value, indent int) error {
	if n := indentSize(v, max(indent, 0)); n > defaultMaxOutput {
		return &LimitError{"JSON of more than 8 MiB"}
	}
	return nil
}

// indentSize is the number of blanks that json.dumps puts before the items of v with step blanks a level.
func indentSize(v py.Value, step int) int {
	var walk func(v py.Value, depth int) int
	walk = func(v py.Value, depth int) int {
		size := 0
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				size += step*depth + walk(item, depth+1)
			}
		case *py.Dict:
			for _, item := range v.All() {
				size += step*depth + walk(item, depth+1)
			}
		}
		return size
	}
	return walk(v, 1)
}

func jsonIndent(a Args) (int, error) {
	v, ok := a.Get(0, "indent")
	if !ok || v == nil {
		return -1, nil
	}
	n, ok := position(v)
	if !ok || n > 100 {
		return 0, fmt.Errorf("indent must be a small integer, not %.20q", py.Str(v))
	}
	return int(max(n, 0)), nil
}

// sortKeys orders dicts by key at all levels. Keys that have no order keep their place.
func sortKeys(v py.Value) py.Value {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = sortKeys(v[i])
		}
		return out
	case py.Tuple:
		return sortKeys([]any(v))
	case *py.Dict:
		keys := v.Keys()
		slices.SortStableFunc(keys, func(a, b py.Value) int {
			order, _ := py.Compare(a, b)
			return order
		})
		d := py.NewDict()
		for _, k := range keys {
			item, _ := v.Get(k)
			d.Set(k, sortKeys(item))
		}
		return d
	}
	return v
}

// asciiJSON escapes what json.dumps with ensure_ascii=True does, given the text without it.
func asciiJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
