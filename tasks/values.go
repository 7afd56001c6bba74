package tasks

import (
	"fmt"
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// positionError is an error at one value of a task file; key grows outwards
// as the error passes through the enclosing keys.
type positionError struct {
	src  *source
	line int
	key  string
	what string
}

func (e *positionError) Error() string {
	key := e.key
	if key != "" {
		key += ": "
	}
	return fmt.Sprintf("%s:%d: %s%s", e.src.name, e.line, key, e.what)
}

func (e *positionError) in(key string) error {
	out := *e
	if e.key != "" {
		key += "." + e.key
	}
	out.key = key
	return &out
}

func lineError(src *source, line int, format string, args ...any) error {
	return &positionError{src: src, line: line, what: fmt.Sprintf(format, args...)}
}

func (n *node) errorf(format string, args ...any) error {
	return lineError(n.src, n.line, format, args...)
}

func (n *node) want(kind nodeKind, what string) error {
	if n.kind != kind {
		return n.errorf("wants %s, this is %s", what, n.describe())
	}
	return nil
}

// text reads a text. Bare yes, no, on, off and numbers are not: YAML 1.1
// gives them another type, and `dataset_name: no` is not Norwegian.
func (n *node) text() (string, error) {
	if n.kind == scalarNode {
		switch v := n.value.(type) {
		case string:
			return v, nil
		case bool, int64, float64:
			return "", n.errorf("wants a text, this is %s: quote it", n.describe())
		}
	}
	return "", n.errorf("wants a text, this is %s", n.describe())
}

// texts reads a text or a list of texts.
func (n *node) texts() ([]string, error) {
	if n.kind != listNode {
		s, err := n.text()
		return []string{s}, err
	}
	out := make([]string, len(n.items))
	for i, c := range n.items {
		var err error
		if out[i], err = c.text(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (n *node) boolean() (bool, error) {
	if v, ok := n.value.(bool); ok && n.kind == scalarNode {
		return v, nil
	}
	return false, n.errorf("wants true or false, this is %s", n.describe())
}

// count reads a whole number of at least least.
func (n *node) count(least int64) (int, error) {
	v, ok := n.value.(int64)
	if n.kind != scalarNode || !ok || v < least || v > math.MaxInt32 {
		return 0, n.errorf("wants a whole number of at least %d, this is %s", least, n.describe())
	}
	return int(v), nil
}

// number reads a number, or a text that is one (1e-3 is a text in YAML 1.1).
func (n *node) number() (float64, error) {
	v := n.value
	if s, ok := v.(string); ok {
		if f, ok := parseFloat(s); ok {
			v = f
		}
	}
	switch v := v.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	}
	return 0, n.errorf("wants a number, this is %s", n.describe())
}

func (n *node) dict() (*py.Dict, error) {
	if err := n.want(mapNode, "a mapping"); err != nil {
		return nil, err
	}
	v, err := n.plain()
	if err != nil {
		return nil, err
	}
	return v.(*py.Dict), nil
}

// expr reads an expression of one of the given kinds.
func (d *decoder) expr(n *node, kinds ...ExprKind) (Expr, error) {
	e := Expr{File: n.src.name, Line: n.line}
	switch {
	case n.kind == funcNode:
		fn, err := d.files.function(n)
		if err != nil {
			return e, err
		}
		if fn.doc == nil {
			return e, n.errorf("!function %s does not compute a field of a document", n.value)
		}
		e.Kind, e.Func, e.Name = ExprFunc, fn.doc, fn.qualified()
	case n.kind == listNode || n.kind == mapNode:
		e.Kind = ExprList
		for _, c := range append(n.items, valuesOf(n)...) {
			v, err := c.plain()
			if err != nil {
				return e, err
			}
			e.List = append(e.List, v)
		}
	default:
		switch v := n.value.(type) {
		case string:
			e.Kind, e.Text = ExprText, v
		case int64:
			e.Kind, e.Int = ExprInt, int(v)
		}
	}
	if slices.Contains(kinds, e.Kind) {
		return e, nil
	}
	return e, n.errorf("wants %s, this is %s", kindNames(kinds), n.describe())
}

func valuesOf(n *node) []*node {
	out := make([]*node, len(n.pairs))
	for i, p := range n.pairs {
		out[i] = p.value
	}
	return out
}

func kindNames(kinds []ExprKind) string {
	names := map[ExprKind]string{ExprText: "a template or column", ExprInt: "a whole number", ExprList: "a list", ExprFunc: "a !function"}
	out := ""
	for i, k := range kinds {
		switch {
		case i == 0:
		case i == len(kinds)-1:
			out += " or "
		default:
			out += ", "
		}
		out += names[k]
	}
	return out
}
