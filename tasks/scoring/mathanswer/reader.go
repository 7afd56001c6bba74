package mathanswer

import (
	"math/big"
	"slices"
	"strings"
)

func (r *reader) fail() value {
	r.c.fail()
	return value{}
}

// split cuts tokens at separators outside of brackets. An empty part, or
// brackets that do not match, fail.
func (r *reader) split(toks []token, separator func(token) bool) (parts [][]token, at []token) {
	var stack []token
	start := 0
	for i, t := range toks {
		switch {
		case opens(t):
			stack = append(stack, t)
		case shuts(t):
			if len(stack) == 0 || !pairs(stack[len(stack)-1], t) {
				r.c.fail()
				return nil, nil
			}
			stack = stack[:len(stack)-1]
		case len(stack) == 0 && separator(t):
			parts, at = append(parts, toks[start:i]), append(at, t)
			start = i + 1
		}
	}
	parts = append(parts, toks[start:])
	if len(stack) > 0 || len(parts) > maxItems || slices.ContainsFunc(parts, func(p []token) bool { return len(p) == 0 }) {
		r.c.fail()
	}
	return parts, at
}

// pairs allows [ with ) and ( with ], as half-open intervals have them.
func pairs(open, shut token) bool {
	switch open.text {
	case "(", "[":
		return shut.text == ")" || shut.text == "]"
	case "{":
		return shut.text == "}"
	case openSet:
		return shut.text == closeSet
	case "⟨":
		return shut.text == "⟩"
	}
	return strings.TrimPrefix(open.text, "begin ") == strings.TrimPrefix(shut.text, "end ")
}

func isConjunction(t token) bool {
	if t.kind != textToken {
		return false
	}
	w := strings.ToLower(strings.Trim(t.text, " ,"))
	return w == "and" || w == "or" || w == "" && strings.Contains(t.text, ",")
}

// list reads a whole answer: items separated by commas, "and" or "or".
func (r *reader) list(toks []token, depth int) value {
	var kept []token // ", and" is one separator
	for _, t := range toks {
		if isConjunction(t) {
			if len(kept) > 0 && kept[len(kept)-1].is(",") {
				continue
			}
			t = token{kind: symbolToken, text: ","}
		}
		kept = append(kept, t)
	}
	parts, _ := r.split(kept, func(t token) bool { return t.is(",") || t.is(";") })
	items := r.items(parts, depth)
	switch {
	case r.c.failed || len(items) == 0:
		return r.fail()
	case len(items) == 1:
		return items[0]
	}
	if v, ok := r.joined(items); ok {
		return v
	}
	return value{kind: listValue, items: items}
}

// items reads list elements; one with ± is two.
func (r *reader) items(parts [][]token, depth int) []value {
	var out []value
	for _, p := range parts {
		switch signs := count(p, isSign); {
		case signs == 0, p[0].is(openSet) && matching(p, 0) == len(p)-1:
			out = append(out, r.item(p, depth)) // a set has its own items
		case signs == 1 && count(p, func(t token) bool { return t.is(openSet) || t.is(",") }) == 0:
			out = append(out, r.item(replaced(p, "+"), depth), r.item(replaced(p, "-"), depth))
		default:
			r.c.fail()
		}
		if r.c.failed {
			return nil
		}
	}
	return out
}

func isSign(t token) bool { return t.is("±") || t.is("∓") }

func count(toks []token, f func(token) bool) int {
	n := 0
	for _, t := range toks {
		if f(t) {
			n++
		}
	}
	return n
}

func replaced(toks []token, sign string) []token {
	toks = slices.Clone(toks)
	for i, t := range toks {
		if isSign(t) {
			toks[i].text = sign
		}
	}
	return toks
}

// joined makes one region of x < -1 or x > 3.
func (r *reader) joined(items []value) (value, bool) {
	v := value{kind: regionValue, label: items[0].label}
	for _, item := range items {
		if item.kind != regionValue || item.label != v.label || v.label == "" {
			return v, false
		}
		v.pieces = append(v.pieces, item.pieces...)
	}
	return v, true
}

func isRelation(t token) bool {
	return t.kind == symbolToken && slices.Contains([]string{"=", "<", ">", "≤", "≥", "∈"}, t.text)
}

// item reads relations between operands.
func (r *reader) item(toks []token, depth int) value {
	if depth > maxDepth {
		return r.fail()
	}
	parts, ops := r.split(toks, isRelation)
	if r.c.failed {
		return value{}
	}
	switch {
	case len(ops) == 0:
		return r.union(toks, depth)
	case len(ops) == 1 && (ops[0].is("=") || ops[0].is("∈")):
		return r.equation(parts[0], parts[1], ops[0].text, depth)
	}
	v := value{kind: chainValue}
	for i, p := range parts {
		v.items = append(v.items, r.union(p, depth))
		if i > 0 {
			v.text += ops[i-1].text
		}
	}
	if v = v.rising(); !r.c.failed {
		if region, ok := v.asRegion(); ok {
			return region
		}
	}
	return v
}

// rising turns a chain of > into one of <.
func (v value) rising() value {
	if strings.Trim(v.text, ">≥") != "" {
		return v
	}
	slices.Reverse(v.items)
	ops := []rune(strings.NewReplacer(">", "<", "≥", "≤").Replace(v.text))
	slices.Reverse(ops)
	v.text = string(ops)
	return v
}

// asRegion reads a < x ≤ b, x < b and a < x.
func (v value) asRegion() (value, bool) {
	ops := []rune(v.text)
	at := slices.IndexFunc(v.items, func(item value) bool { return item.variable() != "" })
	if strings.Trim(v.text, "<≤") != "" || at < 0 || len(v.items) > 3 || len(v.items) == 3 && at != 1 {
		return v, false
	}
	p := piece{}
	for i := range v.items {
		end := &v.items[i]
		if i == at {
			continue
		}
		if end.kind != numberValue || end.num.has(variableAtom, unitAtom, imaginary) {
			return v, false
		}
		if i < at {
			p.lo, p.withLo = &end.num, ops[i] == '≤'
		} else {
			p.hi, p.withHi = &end.num, ops[i-1] == '≤'
		}
	}
	return value{kind: regionValue, pieces: []piece{p}, label: v.items[at].variable()}, true
}

// variable returns the name of a value that is one variable.
func (v value) variable() string {
	if v.kind != numberValue || !v.num.isPoly() {
		return ""
	}
	t, ok := v.num.num.only()
	if !ok || len(t.mono) != 1 || t.mono[0].kind != variableAtom || t.mono[0].exp != whole(1) || t.coef.Cmp(big.NewRat(1, 1)) != 0 {
		return ""
	}
	return t.mono[0].atom.key
}

// equation reads left = right. A variable, a point of variables or f(x) on the
// left, or a variable on the right, is a label.
func (r *reader) equation(left, right []token, op string, depth int) value {
	if len(left) == 4 && left[0].kind == letterToken && left[1].is("(") && left[2].kind == letterToken && left[3].is(")") {
		v := r.union(right, depth)
		return value{kind: equationValue, items: []value{v, v}, label: left[0].text + "(" + left[2].text + ")"}
	}
	a, b := r.union(left, depth), r.union(right, depth)
	if op == "∈" {
		if b.label = a.variable(); b.label == "" || b.kind == numberValue {
			return r.fail()
		}
		return b
	}
	v := value{kind: equationValue, items: []value{a, b}}
	if v.label = a.labelFor(b); v.label == "" {
		if v.label = b.labelFor(a); v.label != "" {
			v.items = []value{b, a}
		}
	}
	return v
}

// labelFor names the left side of an equation when it is only a name for other.
func (v value) labelFor(other value) string {
	names := []string{v.variable()}
	if v.kind == tupleValue {
		names = nil
		for _, item := range v.items {
			names = append(names, item.variable())
		}
	}
	used := map[string]bool{}
	other.variables(used)
	for _, n := range names {
		if n == "" || used[n] {
			return ""
		}
	}
	return strings.Join(names, ",")
}

// variables collects the names of variables in a value.
func (v value) variables(into map[string]bool) {
	if v.kind == numberValue {
		v.num.num.variables(into)
		v.num.den.variables(into)
	}
	for _, item := range v.items {
		item.variables(into)
	}
}
