package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func absFilter(_ *interp, v py.Value, a Args) (py.Value, error) {
	if u, ok := v.(*undefined); ok {
		return nil, u.err()
	}
	n, err := py.Arith("+", v, int64(0))
	if err != nil {
		return nil, fmt.Errorf("bad operand type for abs(): '%s'", typeName(v))
	}
	if f, ok := n.(float64); ok {
		return math.Abs(f), a.Check()
	}
	if order, err := py.Compare(n, int64(0)); err != nil || order >= 0 {
		return n, err
	}
	return py.Neg(n)
}

// floatFilter gives the default (0.0) for what float() refuses.
func floatFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	or, ok := a.Get(0, "default")
	if !ok {
		or = 0.0
	}
	switch v := v.(type) {
	case *undefined:
		return nil, v.err()
	case string:
		if f, ok := parseFloat(v); ok {
			return f, nil
		}
		return or, nil
	}
	f, err := py.Float(v)
	if err != nil {
		return or, nil
	}
	return f, nil
}

var floatPattern = regexp.MustCompile(`^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+(_\d+)*)?$`)

// parseFloat is float(s) for text.
func parseFloat(s string) (float64, bool) {
	s = asciiDigits(py.Strip(s, ""))
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "inf", "infinity", "nan":
	default:
		if !floatPattern.MatchString(s) {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	return f, err == nil
}

// intFilter is int(v, base) with a fallback through float and then to the default (0).
func intFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("default", "base"); err != nil {
		return nil, err
	}
	or, ok := a.Get(0, "default")
	if !ok {
		or = int64(0)
	}
	base, err := it.intArg(a, 1, "base", 10)
	if err != nil {
		return nil, err
	}
	var f float64
	switch v := v.(type) {
	case *undefined:
		return nil, v.err()
	case string:
		if n, ok := parseInt(v, base); ok {
			return n, nil
		}
		if f, ok = parseFloat(v); !ok {
			return or, nil
		}
	case bool, int64, *big.Int:
		return py.Arith("+", v, int64(0))
	case float64:
		f = v
	default:
		return or, nil
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return or, nil
	}
	n, _ := big.NewFloat(f).Int(nil)
	return py.Int(n), nil
}

// parseInt is int(s, base) for text; base 0 is not used by templates and refused.
func parseInt(s string, base int) (py.Value, bool) {
	s = asciiDigits(py.Strip(s, ""))
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || base < 2 || base > 36 || len(digits) > 4300 ||
		strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return nil, false
	}
	negative := strings.HasPrefix(s, "-")
	prefix := map[int]string{16: "0x", 8: "0o", 2: "0b"}[base]
	if prefix != "" && strings.HasPrefix(strings.ToLower(digits), prefix) {
		digits = digits[2:]
	}
	n, ok := new(big.Int).SetString(strings.ReplaceAll(digits, "_", ""), base)
	if !ok {
		return nil, false
	}
	if negative {
		n.Neg(n)
	}
	return py.Int(n), true
}

// roundFilter keeps ints for the method "common", as round(n, 0) does.
func roundFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("precision", "method"); err != nil {
		return nil, err
	}
	precision, err := it.intArg(a, 0, "precision", 0)
	if err != nil {
		return nil, err
	}
	how, err := it.textArg(a, 1, "method", "common")
	if err != nil {
		return nil, err
	}
	if u, ok := v.(*undefined); ok {
		return nil, u.err()
	}
	f, err := py.Float(v)
	if err != nil {
		return nil, err
	}
	if precision < -400 || precision > 400 {
		return nil, errors.New("precision out of range")
	}
	scale := math.Pow(10, float64(precision))
	switch how {
	case "common":
		if _, isFloat := v.(float64); !isFloat {
			return roundInt(v, precision)
		}
		return roundFloat(f, precision), nil
	case "ceil":
		return math.Ceil(f*scale) / scale, nil
	case "floor":
		return math.Floor(f*scale) / scale, nil
	}
	return nil, errors.New("method must be common, ceil or floor")
}

// roundFloat is Python's round(f, digits): the exact decimal value of f, ties to even.
func roundFloat(f float64, digits int) float64 {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return f
	}
	if digits >= 0 {
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', digits, 64), 64)
		return r
	}
	scale := math.Pow(10, float64(-digits))
	return math.RoundToEven(f/scale) * scale
}

func roundInt(v py.Value, digits int) (py.Value, error) {
	if digits >= 0 {
		return py.Arith("+", v, int64(0))
	}
	n, err := asInt(v)
	if err != nil {
		return nil, err
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	quotient, rest := new(big.Int).DivMod(n, scale, new(big.Int))
	half := new(big.Int).Lsh(rest, 1).Cmp(scale)
	if half > 0 || half == 0 && quotient.Bit(0) == 1 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return py.Int(quotient.Mul(quotient, scale)), nil
}
