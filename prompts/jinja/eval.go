package jinja

import (
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func (e *constExpr) eval(f *frame) (py.Value, error) { return e.value, f.step(1) }

func (e *nameExpr) eval(f *frame) (py.Value, error) { return f.lookup(e.name), f.step(1) }

func (f *frame) evalAll(items []expr) ([]py.Value, error) {
	out := make([]py.Value, len(items))
	for i, item := range items {
		var err error
		if out[i], err = item.eval(f); err != nil {
			return nil, err
		}
	}
	return out, f.grow(listItemSize * len(out))
}

func (e *listExpr) eval(f *frame) (py.Value, error) {
	return f.evalAll(e.items)
}

func (e *tupleExpr) eval(f *frame) (py.Value, error) {
	items, err := f.evalAll(e.items)
	return py.Tuple(items), err
}

func (e *dictExpr) eval(f *frame) (py.Value, error) {
	d := py.NewDict()
	for i := range e.keys {
		k, err := e.keys[i].eval(f)
		if err != nil {
			return nil, err
		}
		v, err := e.values[i].eval(f)
		if err != nil {
			return nil, err
		}
		if err := f.setItem(d, k, v); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (e *attrExpr) eval(f *frame) (py.Value, error) {
	obj, err := e.object.eval(f)
	if err != nil {
		return nil, err
	}
	return f.getAttr(obj, e.name)
}

func (e *itemExpr) eval(f *frame) (py.Value, error) {
	obj, err := e.object.eval(f)
	if err != nil {
		return nil, err
	}
	index, err := e.index.eval(f)
	if err != nil {
		return nil, err
	}
	return f.getItem(obj, index)
}

func (e *condExpr) eval(f *frame) (py.Value, error) {
	cond, err := e.cond.eval(f)
	if err != nil {
		return nil, err
	}
	yes, err := f.truth(cond)
	switch {
	case err != nil:
		return nil, err
	case yes:
		return e.then.eval(f)
	case e.other == nil:
		return &undefined{why: "the inline if-expression evaluated to false and no else section was defined", soft: true}, nil
	}
	return e.other.eval(f)
}

func (e *unaryExpr) eval(f *frame) (py.Value, error) {
	v, err := e.operand.eval(f)
	if err != nil {
		return nil, err
	}
	if e.op == "not" {
		yes, err := f.truth(v)
		return !yes, err
	}
	if u, ok := v.(*undefined); ok {
		return nil, u.err()
	}
	if e.op == "-" {
		return py.Neg(v)
	}
	if _, err := py.Neg(v); err != nil {
		return nil, fmt.Errorf("bad operand type for unary +: '%s'", typeName(v))
	}
	return py.Arith("+", int64(0), v)
}

func (e *logicExpr) eval(f *frame) (py.Value, error) {
	left, err := e.left.eval(f)
	if err != nil {
		return nil, err
	}
	yes, err := f.truth(left)
	if err != nil || yes != e.isAnd {
		return left, err
	}
	return e.right.eval(f)
}

func (e *concatExpr) eval(f *frame) (py.Value, error) {
	var b strings.Builder
	for _, part := range e.parts {
		v, err := part.eval(f)
		if err != nil {
			return nil, err
		}
		s, err := f.str(v)
		if err != nil {
			return nil, err
		}
		if err := f.grow(b.Len() + len(s)); err != nil {
			return nil, err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (e *compareExpr) eval(f *frame) (py.Value, error) {
	left, err := e.first.eval(f)
	if err != nil {
		return nil, err
	}
	for i, op := range e.ops {
		right, err := e.rest[i].eval(f)
		if err != nil {
			return nil, err
		}
		yes, err := f.compareOp(op, left, right)
		if err != nil || !yes {
			return false, err
		}
		left = right
	}
	return true, nil
}

func (it *interp) compareOp(op string, a, b py.Value) (bool, error) {
	switch op {
	case "==":
		return it.equal(a, b)
	case "!=":
		same, err := it.equal(a, b)
		return !same, err
	case "in":
		return it.contains(b, a)
	case "not in":
		found, err := it.contains(b, a)
		return !found, err
	}
	order, err := it.compare(a, b)
	switch {
	case err == py.ErrUnordered:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("'%s'%s", op, strings.TrimPrefix(err.Error(), "'<'"))
	}
	switch op {
	case "<":
		return order < 0, nil
	case "<=":
		return order <= 0, nil
	case ">":
		return order > 0, nil
	}
	return order >= 0, nil
}

func (e *binaryExpr) eval(f *frame) (py.Value, error) {
	left, err := e.left.eval(f)
	if err != nil {
		return nil, err
	}
	right, err := e.right.eval(f)
	if err != nil {
		return nil, err
	}
	return f.made(f.binary(e.op, left, right))
}

func (it *interp) binary(op string, a, b py.Value) (py.Value, error) {
	for _, v := range []py.Value{a, b} {
		if u, ok := v.(*undefined); ok {
			if s, isText := a.(string); isText && op == "%" {
				return it.percentFormat(s, b)
			}
			return nil, u.err()
		}
	}
	switch op {
	case "+":
		return it.add(a, b)
	case "*":
		return it.multiply(a, b)
	case "%":
		if s, ok := a.(string); ok {
			return it.percentFormat(s, b)
		}
	}
	return py.Arith(op, a, b)
}

func (it *interp) add(a, b py.Value) (py.Value, error) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return a + b, nil
		}
		return nil, fmt.Errorf(`can only concatenate str (not "%s") to str`, typeName(b))
	case []any:
		if b, ok := b.([]any); ok {
			return append(append(make([]any, 0, len(a)+len(b)), a...), b...), nil
		}
	case py.Tuple:
		if b, ok := b.(py.Tuple); ok {
			return append(append(make(py.Tuple, 0, len(a)+len(b)), a...), b...), nil
		}
	}
	return py.Arith("+", a, b)
}

// multiply repeats sequences; the size is checked before anything is made.
func (it *interp) multiply(a, b py.Value) (py.Value, error) {
	for _, pair := range [][2]py.Value{{a, b}, {b, a}} {
		size := 0
		switch seq := pair[0].(type) {
		case string:
			size = len(seq)
		case []any:
			size = listItemSize * len(seq)
		case py.Tuple:
			size = listItemSize * len(seq)
		default:
			continue
		}
		n, err := it.integer(pair[1])
		if err != nil {
			return nil, fmt.Errorf("can't multiply sequence by non-int of type '%s'", typeName(pair[1]))
		}
		n = max(n, 0)
		if size > 0 && n > int64(it.t.opt.MaxOutput/size) {
			return nil, it.grow(it.t.opt.MaxOutput + 1)
		}
		if size == 0 {
			n = 0
		}
		return repeat(pair[0], int(n)), nil
	}
	return py.Arith("*", a, b)
}

func repeat(v py.Value, n int) py.Value {
	switch v := v.(type) {
	case string:
		return strings.Repeat(v, n)
	case []any:
		return repeatItems(v, n)
	case py.Tuple:
		return py.Tuple(repeatItems(v, n))
	}
	return nil
}

func repeatItems(items []any, n int) []any {
	out := make([]any, 0, n*len(items))
	for range n {
		out = append(out, items...)
	}
	return out
}

func (e *callExpr) eval(f *frame) (py.Value, error) {
	if attr, ok := e.callee.(*attrExpr); ok && listChangers[attr.name] != nil {
		if v, done, err := f.changeList(attr, &e.args); done {
			return v, err
		}
	}
	callee, err := e.callee.eval(f)
	if err != nil {
		return nil, err
	}
	args, err := f.evalArgs(&e.args)
	if err != nil {
		return nil, err
	}
	return f.call(callee, args)
}

func (e *filterExpr) eval(f *frame) (py.Value, error) {
	v, err := e.object.eval(f)
	if err != nil {
		return nil, err
	}
	return e.apply(f, v)
}

func (e *testExpr) eval(f *frame) (py.Value, error) {
	v, err := e.object.eval(f)
	if err != nil {
		return nil, err
	}
	args, err := f.evalArgs(&e.args)
	if err != nil {
		return nil, err
	}
	yes, err := e.fn(f.interp, v, args)
	return yes != e.negate, named("test "+e.name, err)
}
