package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// spec is a parsed conversion of "%5.2f" % x or "{:>5.2f}".format(x).
type spec struct {
	fill      string
	align     byte // '<', '>', '^', '=' or 0
	sign      byte // '+', ' ' or 0
	alternate bool
	comma     bool
	width     int
	precision int // -1 when absent
	verb      byte
}

// numbers parses the width and precision from s[n:].
func (sp *spec) numbers(s string, n int) (int, error) {
	read := func() (int, error) {
		from := n
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n == from {
			return 0, nil
		}
		v, err := strconv.Atoi(s[from:n])
		if err != nil || v > 10_000 {
			return 0, &LimitError{"a format width or precision of more than 10000"}
		}
		return v, nil
	}
	var err error
	if sp.width, err = read(); err != nil {
		return n, err
	}
	if n < len(s) && s[n] == ',' {
		sp.comma = true
		n++
	}
	if n < len(s) && s[n] == '.' {
		n++
		sp.precision, err = read()
	}
	return n, err
}

// cut applies a precision to text.
func (sp *spec) cut(s string) string {
	if runes := []rune(s); sp.precision >= 0 && len(runes) > sp.precision {
		return string(runes[:sp.precision])
	}
	return s
}

// pad puts sign and body into the field.
func (sp *spec) pad(sign, body string) string {
	if sp.align == '=' {
		return sign + py.Pad(body, sp.width-len(sign), sp.fill, '>')
	}
	return padCenterLeft(sign+body, sp)
}

// padCenterLeft pads as format does, whose '^' puts the odd blank on the right, unlike str.center.
func padCenterLeft(s string, sp *spec) string {
	if sp.align == '^' {
		missing := max(sp.width-py.Len(s), 0)
		left := strings.Repeat(sp.fill, missing/2)
		return left + s + strings.Repeat(sp.fill, missing-missing/2)
	}
	return py.Pad(s, sp.width, sp.fill, sp.align)
}

// number formats an int or float.
func (sp *spec) number(v py.Value) (string, error) {
	var body string
	negative := false
	switch sp.verb {
	case 'd', 'x', 'X', 'o', 'b':
		n, err := asInt(v)
		if err != nil {
			return "", fmt.Errorf("%%%c format: %w", sp.verb, err)
		}
		negative = n.Sign() < 0
		body = sp.integer(n)
	case 'f', 'F', 'e', 'E', 'g', 'G', '%':
		f, err := py.Float(v)
		if err != nil {
			return "", err
		}
		negative = math.Signbit(f) && !math.IsNaN(f)
		body = sp.float(math.Abs(f))
	default:
		return "", fmt.Errorf("unsupported format character '%c'", sp.verb)
	}
	if sp.comma {
		body = commas(body)
	}
	sign := ""
	switch {
	case negative:
		sign = "-"
	case sp.sign != 0:
		sign = string(sp.sign)
	}
	return sp.pad(sign, body), nil
}

func asInt(v py.Value) (*big.Int, error) {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v), nil
	case bool:
		n, _ := position(v)
		return big.NewInt(n), nil
	case *big.Int:
		return v, nil
	}
	return nil, fmt.Errorf("an integer is required, not %s", typeName(v))
}

func (sp *spec) integer(n *big.Int) string {
	bases := map[byte]int{'d': 10, 'x': 16, 'X': 16, 'o': 8, 'b': 2}
	s := new(big.Int).Abs(n).Text(bases[sp.verb])
	if sp.precision > len(s) {
		s = strings.Repeat("0", sp.precision-len(s)) + s
	}
	if sp.alternate && sp.verb != 'd' {
		s = "0" + strings.ToLower(string(sp.verb)) + s
	}
	if sp.verb == 'X' {
		s = strings.ToUpper(s)
	}
	return s
}

func (sp *spec) float(f float64) string {
	precision := sp.precision
	if precision < 0 {
		precision = 6
	}
	switch {
	case math.IsInf(f, 0):
		return "inf"
	case math.IsNaN(f):
		return "nan"
	}
	switch sp.verb {
	case 'f', 'F':
		return strconv.FormatFloat(f, 'f', precision, 64)
	case '%':
		return strconv.FormatFloat(f*100, 'f', precision, 64) + "%"
	case 'e', 'E':
		return strconv.FormatFloat(f, sp.verb, precision, 64)
	}
	return sp.general(f, max(precision, 1))
}

// general is %g: precision significant digits, trailing zeros dropped, an exponent below 1e-4 or from 10**precision.
func (sp *spec) general(f float64, precision int) string {
	if f == 0 {
		return "0"
	}
	e := strconv.FormatFloat(f, 'e', precision-1, 64)
	mantissa, exp, _ := strings.Cut(e, "e")
	x, _ := strconv.Atoi(exp)
	if x < -4 || x >= precision {
		if strings.Contains(mantissa, ".") {
			mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
		}
		return mantissa + string(sp.verb-'g'+'e') + exp
	}
	s := strconv.FormatFloat(f, 'f', precision-1-x, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// commas separates the thousands of the integer part.
func commas(s string) string {
	whole, rest := s, ""
	if i := strings.IndexAny(s, ".e%"); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	var b strings.Builder
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String() + rest
}
