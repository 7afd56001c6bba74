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
	args := newPercentArgs(it, v)
	var b strings.Builder
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
			if key, rest, hasKey = strings.Cut(rest[1:], ")"); !hasKey || args.mapping == nil {
				return "", errors.New("format requires a mapping")
			}
		}
		sp, n, err := percentSpec(rest)
		if err != nil {
			return "", err
		}
		s = rest[n:]
		arg, err := args.next(key, hasKey)
		if err != nil {
			return "", err
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
	if len(args.rest) > 0 && args.mapping == nil {
		return "", errors.New("not all arguments converted during string formatting")
	}
	return b.String(), nil
}

// percentArgs are what stands right of the %.
type percentArgs struct {
	it      *interp
	rest    py.Tuple // those not yet used
	mapping *py.Dict // nil: they have no names
}

func newPercentArgs(it *interp, v py.Value) percentArgs {
	args, isTuple := v.(py.Tuple)
	if !isTuple {
		args = py.Tuple{v}
	}
	mapping, _ := v.(*py.Dict)
	return percentArgs{it, args, mapping}
}

// next returns the argument of a name, or the next one in order.
func (a *percentArgs) next(key string, hasKey bool) (py.Value, error) {
	if hasKey {
		arg, _, err := a.it.item(a.mapping, key)
		return arg, err
	}
	if len(a.rest) == 0 {
		return nil, errors.New("not enough arguments for format string")
	}
	arg := a.rest[0]
	a.rest = a.rest[1:]
	return arg, nil
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
