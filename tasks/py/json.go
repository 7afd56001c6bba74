package py

import (
	"math"
	"math/big"
	"strings"
)

// JSON returns json.dumps(v, indent=indent, ensure_ascii=False), byte for byte; indent < 0 means indent=None (one
// line, separators ", " and ": "). Tuples become arrays, non-string keys their JSON spelling. Keys that Python would
// refuse (tuples) and foreign objects are written as strings of their repr.
func JSON(v Value, indent int) string {
	w := jsonWriter{indent: indent}
	w.value(v, 0)
	return w.b.String()
}

type jsonWriter struct {
	b      strings.Builder
	indent int
}

func (w *jsonWriter) value(v Value, depth int) {
	switch v := v.(type) {
	case nil, bool, int64, *big.Int, float64:
		w.b.WriteString(jsonScalar(v))
	case string:
		w.str(v)
	case []any:
		w.array(v, depth)
	case Tuple:
		w.array(v, depth)
	case *Dict:
		w.object(v, depth)
	default:
		w.str(Repr(v))
	}
}

func jsonScalar(v Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		if v {
			return "true"
		}
		return "false"
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
	}
	return Repr(v)
}

func (w *jsonWriter) array(items []Value, depth int) {
	if len(items) == 0 {
		w.b.WriteString("[]")
		return
	}
	w.b.WriteByte('[')
	for i, item := range items {
		w.separate(i, depth+1)
		w.value(item, depth+1)
	}
	w.newline(depth)
	w.b.WriteByte(']')
}

func (w *jsonWriter) object(d *Dict, depth int) {
	if d.Len() == 0 {
		w.b.WriteString("{}")
		return
	}
	w.b.WriteByte('{')
	i := 0
	for k, v := range d.All() {
		w.separate(i, depth+1)
		switch k := k.(type) {
		case string:
			w.str(k)
		case nil, bool, int64, *big.Int, float64:
			w.b.WriteString(`"` + jsonScalar(k) + `"`)
		default:
			w.str(Repr(k))
		}
		w.b.WriteString(": ")
		w.value(v, depth+1)
		i++
	}
	w.newline(depth)
	w.b.WriteByte('}')
}

func (w *jsonWriter) separate(i, depth int) {
	if i > 0 {
		w.b.WriteByte(',')
		if w.indent < 0 {
			w.b.WriteByte(' ')
		}
	}
	w.newline(depth)
}

func (w *jsonWriter) newline(depth int) {
	if w.indent < 0 {
		return
	}
	w.b.WriteByte('\n')
	for range w.indent * depth {
		w.b.WriteByte(' ')
	}
}

// str escapes what json.encoder.ESCAPE_DCT lists, and no more: DEL, U+2028 and all non-ASCII text stay as they are.
func (w *jsonWriter) str(s string) {
	const hex = "0123456789abcdef"
	w.b.WriteByte('"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		w.b.WriteString(s[start:i])
		start = i + 1
		switch c {
		case '"', '\\':
			w.b.WriteByte('\\')
			w.b.WriteByte(c)
		case '\n':
			w.b.WriteString(`\n`)
		case '\r':
			w.b.WriteString(`\r`)
		case '\t':
			w.b.WriteString(`\t`)
		case '\f':
			w.b.WriteString(`\f`)
		case '\b':
			w.b.WriteString(`\b`)
		default:
			w.b.WriteString(`\u00`)
			w.b.WriteByte(hex[c>>4])
			w.b.WriteByte(hex[c&15])
		}
	}
	w.b.WriteString(s[start:])
	w.b.WriteByte('"')
}
