package py

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Str returns str(v): strings as they are, everything else as Repr.
func Str(v Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

// Repr returns repr(v) as CPython 3 writes it.
func Repr(v Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case *big.Int:
		return v.String()
	case float64:
		return reprFloat(v)
	case string:
		return reprString(v)
	}
	var b strings.Builder
	writeRepr(&b, v)
	return b.String()
}

func writeRepr(b *strings.Builder, v Value) {
	switch v := v.(type) {
	case []any:
		writeItems(b, '[', v, ']')
	case Tuple:
		if len(v) == 1 {
			b.WriteByte('(')
			writeRepr(b, v[0])
			b.WriteString(",)")
			return
		}
		writeItems(b, '(', v, ')')
	case *Dict:
		b.WriteByte('{')
		sep := ""
		for k, val := range v.All() {
			b.WriteString(sep)
			writeRepr(b, k)
			b.WriteString(": ")
			writeRepr(b, val)
			sep = ", "
		}
		b.WriteByte('}')
	case nil, bool, int64, *big.Int, float64, string:
		b.WriteString(Repr(v))
	case fmt.Stringer:
		b.WriteString(v.String())
	default:
		fmt.Fprintf(b, "<%s object>", TypeName(v))
	}
}

func writeItems(b *strings.Builder, open byte, items []Value, end byte) {
	b.WriteByte(open)
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, item)
	}
	b.WriteByte(end)
}

// reprFloat writes the shortest digits that read back as f (David Gay's mode 0, as in CPython's
// Python/pystrtod.c format_float_short with code 'r'): an exponent below 1e-4 and from 1e16 on, else a decimal point.
func reprFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// reprString prefers single quotes and escapes what str.isprintable refuses.
func reprString(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte(quote)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			// Not text. Python would carry such a byte as a lone surrogate (the surrogateescape error handler).
			fmt.Fprintf(&b, `\udc%02x`, s[i])
			i++
			continue
		}
		writeRune(&b, r, quote)
		i += n
	}
	b.WriteByte(quote)
	return b.String()
}

func writeRune(b *strings.Builder, r rune, quote byte) {
	switch {
	case r == rune(quote) || r == '\\':
		b.WriteByte('\\')
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case unicode.IsPrint(r): // categories L, M, N, P, S and the space: the same set as str.isprintable
		b.WriteRune(r)
	case r <= 0xff:
		fmt.Fprintf(b, `\x%02x`, r)
	case r <= 0xffff:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
