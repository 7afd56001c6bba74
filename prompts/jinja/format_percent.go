package jinja

import (
	"errors"
	"math"
	"math/big"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// percentFormat is s % v.
func (it *interp) percentFormat(s string, v py.Value) (string, error) {
	args, isTuple := v.(py.Tuple)
	if !isTuple {
		args = py.Tuple{v}
	}
	mapping, isMap := v.(*py.Dict)
	var b strings.Builder
	used := 0
	for {
		text, rest, found := strings.Cut(s, "%")
		b.WriteString(text)
		if !found {
			break
		}
		if after, ok := strings.CutPrefix(rest, "%"); ok {
			b.WriteByte('%')
			s = after
			continue
		}
		key, hasKey := "", false
		if strings.HasPrefix(rest, "(") {
			if key, rest, hasKey = strings.Cut(rest[1:], ")"); !hasKey || !isMap {
				return "", errors.New("format requires a mapping")
			}
		}
		sp, n, err := percentSpec(rest)
		if err != nil {
			return "", err
		}
		s = rest[n:]
		var arg py.Value
		switch {
		case hasKey:
			if arg, _, err = it.item(mapping, key); err != nil {
				return "", err
			}
		case used >= len(args):
			return "", errors.New("not enough arguments for format string")
		default:
			arg = args[used]
			used++
		}
		out, err := it.formatPercent(sp, arg)
		if err != nil {
			return "", err
		}
		if err := it.grow(b.Len() + len(out)); err != nil {
			return "", err
		}
		b.WriteString(out)
	}
	if used < len(args) && !isMap {
		return "", errors.New("not all arguments converted during string formatting")
	}
	return b.String(), nil
}

// percentSpec parses flags, width, precision and type; n is the length of what it read.
func percentSpec(s string) (sp spec, n int, err error) {
	sp = spec{fill: " ", align: '>', precision: -1}
	for ; n < len(s) && strings.IndexByte("-+ #0", s[n]) >= 0; n++ {
		switch s[n] {
		case '-':
			sp.align, sp.fill = '<', " "
		case '0':
			if sp.align != '<' {
				sp.align, sp.fill = '=', "0"
			}
		case '#':
			sp.alternate = true
		default:
			if sp.sign != '+' {
				sp.sign = s[n]
			}
		}
	}
	if n, err = sp.numbers(s, n); err != nil {
		return sp, n, err
	}
	if n >= len(s) {
		return sp, n, errors.New("incomplete format")
	}
	sp.verb = s[n]
	return sp, n + 1, nil
}

func (it *interp) formatPercent(sp spec, v py.Value) (string, error) {
	switch sp.verb {
	case 's', 'r':
		s, err := it.str(v)
		if err == nil && sp.verb == 'r' {
			s = py.Repr(v)
		}
		if sp.align == '=' {
			sp.align, sp.fill = '>', " "
		}
		return sp.pad("", sp.cut(s)), err
	case 'd', 'i', 'u':
		if f, ok := v.(float64); ok && !math.IsInf(f, 0) && !math.IsNaN(f) {
			n, _ := big.NewFloat(f).Int(nil)
			v = py.Int(n)
		}
		sp.verb = 'd'
	}
	if u, ok := v.(*undefined); ok {
		return "", u.err()
	}
	return sp.number(v)
}
