package jinja

import (
	"fmt"
	"math/big"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// test is the function behind "value is name(args)".
type test func(it *interp, v py.Value, a Args) (bool, error)

func builtinTests() map[string]test {
	m := map[string]test{
		"defined":   isUndefined(false),
		"undefined": isUndefined(true),
		"none":      is(func(v py.Value) bool { return v == nil }),
		"boolean":   is(func(v py.Value) bool { _, ok := v.(bool); return ok }),
		"true":      is(func(v py.Value) bool { return v == true }),
		"false":     is(func(v py.Value) bool { return v == false }),
		"string":    is(func(v py.Value) bool { _, ok := v.(string); return ok }),
		"integer":   is(isInteger),
		"float":     is(func(v py.Value) bool { _, ok := v.(float64); return ok }),
		"number":    is(func(v py.Value) bool { _, err := py.Neg(v); return err == nil }),
		"mapping":   is(func(v py.Value) bool { _, ok := v.(*py.Dict); return ok }),
		"callable":  is(func(v py.Value) bool { _, ok := v.(*callable); return ok }),
		"escaped":   is(func(py.Value) bool { return false }),
		"sequence":  isSequence,
		"iterable":  isIterable,
		"filter": func(it *interp, v py.Value, a Args) (bool, error) {
			s, ok := v.(string)
			return ok && it.t.filters[s] != nil, nil
		},
		"test": func(_ *interp, v py.Value, a Args) (bool, error) {
			s, ok := v.(string)
			return ok && builtinTests()[s] != nil, nil
		},
		"odd":         parity(1),
		"even":        parity(0),
		"divisibleby": divisibleBy,
		"upper":       isCase(py.IsUpperString),
		"lower":       isCase(py.IsLowerString),
		"sameas":      sameAs,
	}
	for op, names := range map[string][]string{
		"==": {"eq", "equalto", "=="}, "!=": {"ne", "!="}, "<": {"lt", "lessthan", "<"}, "<=": {"le", "<="},
		">": {"gt", "greaterthan", ">"}, ">=": {"ge", ">="}, "in": {"in"},
	} {
		for _, name := range names {
			m[name] = comparison(op)
		}
	}
	return m
}

func is(f func(py.Value) bool) test {
	return func(_ *interp, v py.Value, a Args) (bool, error) { return f(v), a.Check() }
}

func isUndefined(want bool) test {
	return func(_ *interp, v py.Value, a Args) (bool, error) {
		_, undefined := v.(*undefined)
		return undefined == want, a.Check()
	}
}

func isInteger(v py.Value) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

func isSequence(it *interp, v py.Value, a Args) (bool, error) {
	switch v := v.(type) {
	case *view:
		return v.kind == "range", nil
	case *undefined:
		return v.use(it) == nil, nil
	}
	_, err := it.length(v)
	return err == nil, a.Check()
}

func isIterable(it *interp, v py.Value, a Args) (bool, error) {
	switch v := v.(type) {
	case *undefined:
		return true, v.use(it)
	case string, []any, py.Tuple, *py.Dict, *view, *group, *generator, *loop:
		return true, nil
	}
	return false, a.Check()
}

func (it *interp) modulo(v, by py.Value) (py.Value, error) {
	return it.binary("%", v, by)
}

func parity(want int64) test {
	return func(it *interp, v py.Value, a Args) (bool, error) {
		if err := a.Check(); err != nil {
			return false, err
		}
		rest, err := it.modulo(v, int64(2))
		return err == nil && py.Equal(rest, want), err
	}
}

func divisibleBy(it *interp, v py.Value, a Args) (bool, error) {
	if len(a.Pos) != 1 {
		return false, fmt.Errorf("takes 1 argument, %d given", len(a.Pos))
	}
	rest, err := it.modulo(v, a.Pos[0])
	return err == nil && py.Equal(rest, int64(0)), err
}

func isCase(f func(string) bool) test {
	return func(it *interp, v py.Value, a Args) (bool, error) {
		s, err := it.str(v)
		return err == nil && f(s), err
	}
}

func comparison(op string) test {
	return func(it *interp, v py.Value, a Args) (bool, error) {
		if len(a.Pos) != 1 {
			return false, fmt.Errorf("takes 1 argument, %d given", len(a.Pos))
		}
		return it.compareOp(op, v, a.Pos[0])
	}
}

// sameAs is identity, which for scalars is equality of type and value.
func sameAs(it *interp, v py.Value, a Args) (bool, error) {
	if len(a.Pos) != 1 {
		return false, fmt.Errorf("takes 1 argument, %d given", len(a.Pos))
	}
	w := a.Pos[0]
	switch v := v.(type) {
	case []any:
		w, ok := w.([]any)
		return ok && len(v) == len(w) && (len(v) > 0 && &v[0] == &w[0]), nil
	case py.Tuple:
		w, ok := w.(py.Tuple)
		return ok && len(v) == len(w) && (len(v) == 0 || &v[0] == &w[0]), nil
	case nil, bool, int64, float64, string, *py.Dict:
		switch w.(type) {
		case []any, py.Tuple:
			return false, nil
		}
		return v == w, nil
	}
	return false, nil
}
