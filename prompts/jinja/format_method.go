package jinja

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// formatMethod is str.format with {}, {0}, {name}, {0.attr} and {0[item]} fields, !s and !r, and format specs.
func formatMethod(it *interp, s string, a Args) (py.Value, error) {
	var b strings.Builder
	auto := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '{' && c != '}' {
			b.WriteByte(c)
			continue
		}
		if i+1 < len(s) && s[i+1] == c {
			b.WriteByte(c)
			i++
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if c == '}' || end < 0 {
			return nil, fmt.Errorf("single '%c' encountered in format string", c)
		}
		out, err := it.formatField(s[i+1:i+end], a, &auto)
		if err != nil {
			return nil, err
		}
		if err := it.grow(b.Len() + len(out)); err != nil {
			return nil, err
		}
		b.WriteString(out)
		i += end
	}
	return b.String(), nil
}

func (it *interp) formatField(field string, a Args, auto *int) (string, error) {
	path, format, _ := strings.Cut(field, ":")
	path, conversion, _ := strings.Cut(path, "!")
	if strings.ContainsAny(path, ".[{") || strings.Contains(format, "{") {
		return "", fmt.Errorf("format field {%s} is not supported: pass the value itself", field)
	}
	var v py.Value
	var ok bool
	if path == "" {
		path = strconv.Itoa(*auto)
		*auto++
	}
	if i, err := strconv.Atoi(path); err == nil {
		if ok = i >= 0 && i < len(a.Pos); ok {
			v = a.Pos[i]
		}
	} else {
		v, ok = a.Named.Get(path)
	}
	if !ok {
		return "", fmt.Errorf("no argument for format field {%s}", field)
	}
	if conversion == "r" || conversion == "s" {
		s, err := it.str(v)
		if err != nil {
			return "", err
		}
		if conversion == "r" {
			s = py.Repr(v)
		}
		v = s
	}
	return it.formatSpec(v, format)
}

// formatSpec is format(v, spec) for text and numbers.
func (it *interp) formatSpec(v py.Value, format string) (string, error) {
	if format == "" {
		return it.str(v)
	}
	sp := spec{fill: " ", precision: -1}
	runes := []rune(format)
	switch {
	case len(runes) > 1 && strings.ContainsRune("<>^=", runes[1]):
		sp.fill, sp.align = string(runes[0]), byte(runes[1])
		format = string(runes[2:])
	case strings.IndexByte("<>^=", format[0]) >= 0:
		sp.align, format = format[0], format[1:]
	}
	n := 0
	if n < len(format) && strings.IndexByte("+- ", format[n]) >= 0 {
		if format[n] != '-' {
			sp.sign = format[n]
		}
		n++
	}
	if n < len(format) && format[n] == '#' {
		sp.alternate = true
		n++
	}
	if n < len(format) && format[n] == '0' {
		if sp.align == 0 {
			sp.align, sp.fill = '=', "0"
		}
		n++
	}
	n, err := sp.numbers(format, n)
	if err != nil {
		return "", err
	}
	if len(format)-n > 1 {
		return "", fmt.Errorf("invalid format specifier '%s'", format)
	}
	if n < len(format) {
		sp.verb = format[n]
	}
	return it.applySpec(&sp, v)
}

func (it *interp) applySpec(sp *spec, v py.Value) (string, error) {
	text, isText := v.(string)
	if isText {
		if sp.verb != 0 && sp.verb != 's' || sp.align == '=' {
			return "", errors.New("invalid format for str")
		}
		if sp.align == 0 {
			sp.align = '<'
		}
		return padCenterLeft(sp.cut(text), sp), nil
	}
	if sp.align == 0 {
		sp.align = '>'
	}
	switch v.(type) {
	case float64:
		if sp.verb == 0 && sp.precision < 0 {
			sign := ""
			body := py.Repr(v)
			if rest, ok := strings.CutPrefix(body, "-"); ok {
				sign, body = "-", rest
			} else if sp.sign != 0 {
				sign = string(sp.sign)
			}
			if sp.comma {
				body = commas(body)
			}
			return sp.pad(sign, body), nil
		}
		if sp.verb == 0 {
			sp.verb = 'g'
		}
	case bool, int64, *big.Int:
		if sp.verb == 0 {
			sp.verb = 'd'
		}
	default:
		return "", fmt.Errorf("unsupported format string passed to %s", typeName(v))
	}
	return sp.number(v)
}
