package tasks

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
	"go.yaml.in/yaml/v4"
)

// The patterns by which YAML 1.1 tells numbers from text, as PyYAML's
// resolver has them (yaml.org/type/int, yaml.org/type/float): 010 is octal,
// 1e-3 is text for want of a point, 1:30 counts in sixties.
var (
	yamlInt   = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	yamlFloat = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
)

func plainStyle(y *yaml.Node) bool {
	return y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
}

// scalar fills in a scalar's value: by its tag where one is written, as text
// where it is quoted, else by the look of it.
func (b *builder) scalar(n *node, y *yaml.Node) error {
	if y.Style&yaml.TaggedStyle == 0 {
		n.value = y.Value
		if plainStyle(y) {
			n.value = resolvePlain(y.Value)
		}
		return nil
	}
	ok := true
	switch y.Tag {
	case "!function":
		n.kind, n.value = funcNode, y.Value
	case "!!str", "!":
		n.value = y.Value
	case "!!null":
		n.value = nil
	case "!!bool":
		n.value, ok = parseBool(y.Value)
	case "!!int":
		n.value, ok = parseInt(y.Value)
	case "!!float":
		n.value, ok = parseFloat(y.Value)
	default:
		return n.errorf("tag %s is not supported: !function is", y.Tag)
	}
	if !ok {
		return n.errorf("%s is not a value of tag %s", quote(y.Value), y.Tag)
	}
	return nil
}

// resolvePlain gives an unquoted scalar its type.
func resolvePlain(s string) py.Value {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil
	}
	switch c := s[0]; {
	case strings.IndexByte("yYnNtTfFoO", c) >= 0:
		if v, ok := parseBool(s); ok {
			return v
		}
	case strings.IndexByte("+-.0123456789", c) >= 0:
		if yamlInt.MatchString(s) {
			if v, ok := parseInt(s); ok {
				return v
			}
		}
		if yamlFloat.MatchString(s) {
			if v, ok := parseFloat(s); ok {
				return v
			}
		}
	}
	return s
}

func parseBool(s string) (py.Value, bool) {
	lower := strings.ToLower(s)
	if s != lower && s != strings.ToUpper(s) && s != strings.ToUpper(lower[:1])+lower[1:] {
		return nil, false
	}
	switch lower {
	case "yes", "true", "on":
		return true, true
	case "no", "false", "off":
		return false, true
	}
	return nil, false
}

func parseInt(s string) (py.Value, bool) {
	digits, negative := unsigned(s)
	base := 10
	switch {
	case strings.HasPrefix(digits, "0b"):
		digits, base = digits[2:], 2
	case strings.HasPrefix(digits, "0x"):
		digits, base = digits[2:], 16
	case len(digits) > 1 && digits[0] == '0':
		base = 8
	case strings.Contains(digits, ":"):
		v, ok := sixties(digits)
		if !ok || v >= 1<<53 {
			return nil, false
		}
		if negative {
			v = -v
		}
		return int64(v), true
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return nil, false
	}
	if negative {
		n.Neg(n)
	}
	return py.Int(n), true
}

func parseFloat(s string) (py.Value, bool) {
	digits, negative := unsigned(s)
	var v float64
	ok := true
	switch digits = strings.ToLower(digits); {
	case digits == ".inf":
		v = math.Inf(1)
	case digits == ".nan":
		v = math.NaN()
	case strings.Contains(digits, ":"):
		v, ok = sixties(digits)
	case strings.HasPrefix(digits, "0x") || strings.Contains(digits, "p"):
		return nil, false // Go would read hexadecimal floats here
	default:
		var err error
		v, err = strconv.ParseFloat(digits, 64)
		ok = err == nil || math.IsInf(v, 0)
	}
	if !ok {
		return nil, false
	}
	if negative {
		v = -v
	}
	return v, true
}

// unsigned drops the sign and the underscores that group digits.
func unsigned(s string) (digits string, negative bool) {
	s = strings.ReplaceAll(s, "_", "")
	negative = strings.HasPrefix(s, "-")
	return strings.TrimLeft(s, "+-"), negative
}

// sixties reads base 60, most significant part first.
func sixties(s string) (float64, bool) {
	var v float64
	for part := range strings.SplitSeq(s, ":") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, false
		}
		v = v*60 + f
	}
	return v, true
}
