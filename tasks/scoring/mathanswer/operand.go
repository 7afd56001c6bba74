package mathanswer

import "strings"

// union reads operands joined by ∪.
func (r *reader) union(toks []token, depth int) value {
	parts, _ := r.split(toks, func(t token) bool { return t.is("∪") })
	if r.c.failed {
		return value{}
	}
	if len(parts) == 1 {
		return r.operand(toks, depth)
	}
	v := value{kind: regionValue}
	for _, p := range parts {
		pieces, ok := r.operand(p, depth).region()
		if !ok {
			return r.fail()
		}
		v.pieces = append(v.pieces, pieces...)
	}
	return v
}

// operand reads an infinity, something in brackets, a matrix, a ratio or an
// expression.
func (r *reader) operand(toks []token, depth int) value {
	if depth > maxDepth {
		return r.fail()
	}
	last := len(toks) - 1
	switch first := toks[0]; {
	case last == 0 && first.is("∞"):
		return value{kind: infinityValue, sign: 1}
	case last == 1 && toks[1].is("∞") && (first.is("-") || first.is("+")):
		return value{kind: infinityValue, sign: map[string]int{"-": -1, "+": 1}[first.text]}
	case opens(first) && matching(toks, 0) == last:
		if v, ok := r.bracketed(toks, depth); ok || r.c.failed {
			return v
		}
	}
	parts, _ := r.split(toks, func(t token) bool { return t.is(":") })
	if len(parts) > 1 {
		v := value{kind: ratioValue}
		for _, p := range parts {
			v.items = append(v.items, r.expression(p, depth))
		}
		return v
	}
	return r.expression(toks, depth)
}

func (r *reader) expression(toks []token, depth int) value {
	v := value{kind: numberValue, num: readExpression(r.c, toks, depth+1)}
	for _, t := range toks {
		v.commas = v.commas || t.comma
	}
	return v
}

// bracketed reads sets, tuples, intervals and matrices; ok is false for
// brackets around an expression.
func (r *reader) bracketed(toks []token, depth int) (value, bool) {
	first, last := toks[0], toks[len(toks)-1]
	inner := toks[1 : len(toks)-1]
	if first.kind == commandToken {
		return r.matrix(first.text, inner, depth), true
	}
	if first.is("{") {
		return value{}, false
	}
	if first.is(openSet) && len(inner) == 0 {
		return value{kind: setValue}, true
	}
	parts, _ := r.split(inner, func(t token) bool { return t.is(",") })
	switch {
	case r.c.failed:
		return value{}, false
	case first.is(openSet):
		return value{kind: setValue, items: r.items(parts, depth+1)}, true
	case len(parts) == 1 && !first.is("⟨"):
		return value{}, false
	}
	v := value{kind: tupleValue, open: first.text, shut: last.text}
	for _, p := range parts {
		v.items = append(v.items, r.union(p, depth+1))
	}
	if v.open == "⟨" {
		v.open, v.shut = "(", ")"
	}
	return v, true
}

// matrix reads the rows of pmatrix and bmatrix.
func (r *reader) matrix(begin string, inner []token, depth int) value {
	name := strings.TrimPrefix(begin, "begin ")
	if name != "pmatrix" && name != "bmatrix" {
		return r.fail()
	}
	if n := len(inner); n > 0 && inner[n-1].is(row) {
		inner = inner[:n-1]
	}
	rows, _ := r.split(inner, func(t token) bool { return t.is(row) })
	v := value{kind: matrixValue}
	for i, cells := range rows {
		parts, _ := r.split(cells, func(t token) bool { return t.is("&") })
		if i > 0 && len(parts) != v.columns || r.c.failed {
			return r.fail()
		}
		v.columns = len(parts)
		for _, p := range parts {
			v.items = append(v.items, r.expression(p, depth+1))
		}
	}
	return v
}

// region reads a value as pieces of the real line: an interval or a set of
// numbers. (a,b) counts as an open interval here.
func (v value) region() ([]piece, bool) {
	switch {
	case v.kind == regionValue:
		return v.pieces, true
	case v.kind == setValue:
		var out []piece
		for i := range v.items {
			if !v.items[i].isEnd() {
				return nil, false
			}
			x := &v.items[i].num
			out = append(out, piece{x, x, true, true})
		}
		return out, true
	case v.kind != tupleValue || len(v.items) != 2:
		return nil, false
	}
	p := piece{withLo: v.open == "[", withHi: v.shut == "]"}
	lo, hi := v.items[0], v.items[1]
	switch {
	case lo.isEnd():
		p.lo = &lo.num
	case lo.kind != infinityValue || lo.sign > 0:
		return nil, false
	}
	switch {
	case hi.isEnd():
		p.hi = &hi.num
	case hi.kind != infinityValue || hi.sign < 0:
		return nil, false
	}
	return []piece{p}, true
}

// isEnd says whether a value can be a point of the real line.
func (v value) isEnd() bool {
	return v.kind == numberValue && !v.num.has(variableAtom, imaginary, unitAtom)
}
