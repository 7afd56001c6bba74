package mathanswer

import (
	"slices"
	"strings"
)

// maxDepth bounds how deeply groups are nested.
const maxDepth = 24

// expression reads sums, products and powers. It gives up by making calc fail.
type expression struct {
	c     *calc
	toks  []token
	pos   int
	depth int
}

// readExpression reads all tokens as one expression.
func readExpression(c *calc, toks []token, depth int) quo {
	if depth > maxDepth || len(toks) == 0 {
		c.fail()
		return fromPoly(integer(0))
	}
	e := &expression{c: c, toks: slices.Clone(toks), depth: depth}
	v := e.sum()
	if e.pos < len(e.toks) {
		c.fail()
	}
	return v
}

func (e *expression) fail() quo {
	e.c.fail()
	return fromPoly(integer(0))
}

func (e *expression) peek() token {
	if e.pos < len(e.toks) {
		return e.toks[e.pos]
	}
	return token{kind: symbolToken}
}

func (e *expression) accept(symbol string) bool {
	if e.peek().is(symbol) {
		e.pos++
		return true
	}
	return false
}

func (e *expression) sum() quo {
	v := e.signed(e.product)
	for !e.c.failed && (e.peek().is("+") || e.peek().is("-")) {
		negative := e.peek().is("-")
		e.pos++
		t := e.product()
		if negative {
			t = e.c.negQ(t)
		}
		v = e.c.addQ(v, t)
	}
	return v
}

// signed reads an optional sign, then what read reads.
func (e *expression) signed(read func() quo) quo {
	if e.accept("-") {
		return e.c.negQ(read())
	}
	e.accept("+")
	return read()
}

// product reads factors. "a/b c" has two readings and is refused.
func (e *expression) product() quo {
	if v, ok := e.mixedNumber(); ok {
		return v
	}
	v := e.factor()
	afterSlash := false
	for !e.c.failed {
		switch last := e.toks[e.pos-1]; {
		case e.accept("*"):
			v = e.c.mulQ(v, e.signed(e.factor))
			afterSlash = false
		case e.accept("/"):
			v = e.c.divQ(v, e.signed(e.factor))
			afterSlash = true
		case e.unitFollows():
			v = e.c.mulQ(v, e.factor())
		case e.startsFactor():
			if _, _, mixed := e.plainFraction(e.pos); afterSlash || last.kind == numberToken && (e.peek().kind == numberToken || mixed >= 0) {
				return e.fail()
			}
			v = e.c.mulQ(v, e.factor())
		default:
			return v
		}
	}
	return v
}

func (e *expression) unitFollows() bool {
	t := e.peek()
	return t.kind == textToken || t.is("°") || t.is("%")
}

func (e *expression) startsFactor() bool {
	t := e.peek()
	switch t.kind {
	case numberToken, letterToken:
		return true
	case commandToken:
		return !strings.HasPrefix(t.text, "begin") && !strings.HasPrefix(t.text, "end")
	case symbolToken:
		return t.text == "(" || t.text == "[" || t.text == "{"
	}
	return false
}

// mixedNumber reads 1\frac{2}{3} and 1 2/3, which are sums: only with whole
// numbers, a fraction below one and nothing but a unit after it.
func (e *expression) mixedNumber() (quo, bool) {
	t := e.peek()
	if t.kind != numberToken || strings.Contains(t.text, ".") {
		return quo{}, false
	}
	a, b, after := e.plainFraction(e.pos + 1)
	if after < 0 {
		return quo{}, false
	}
	x, y := e.number(token{text: a}), e.number(token{text: b})
	p, _ := x.rat()
	q, _ := y.rat()
	ahead := expression{toks: e.toks, pos: after}
	next := ahead.peek()
	if e.c.failed || p.Sign() == 0 || p.Cmp(q) >= 0 || ahead.startsFactor() || next.is("^") || next.is("/") || next.is("*") {
		return quo{}, false
	}
	e.pos = after
	sum := e.c.addQ(e.number(t), e.c.divQ(x, y))
	for e.unitFollows() && !e.c.failed {
		sum = e.c.mulQ(sum, e.factor())
	}
	return sum, true
}

// plainFraction recognises \frac{2}{3}, \frac12 or, after a space, 2/3 of
// whole numbers, and returns where it ends, or -1. It does not see the end of
// \frac123, after which mixedNumber finds a number.
func (e *expression) plainFraction(at int) (num, den string, after int) {
	if at+2 < len(e.toks) && e.toks[at].space && isWhole(e.toks[at]) && e.toks[at+1].is("/") && isWhole(e.toks[at+2]) {
		return e.toks[at].text, e.toks[at+2].text, at + 3
	}
	if at >= len(e.toks) || e.toks[at].kind != commandToken || e.toks[at].text != "frac" {
		return "", "", -1
	}
	at++
	var args []string
	for len(args) < 2 && at < len(e.toks) {
		switch t := e.toks[at]; {
		case isWhole(t) && len(args) == 0 && len(t.text) == 2:
			args = []string{t.text[:1], t.text[1:]}
			at++
		case isWhole(t):
			args = append(args, t.text[:1])
			if at++; len(t.text) > 1 {
				at-- // its other digits are a factor
			}
		case t.is("{") && at+2 < len(e.toks) && isWhole(e.toks[at+1]) && e.toks[at+2].is("}"):
			args = append(args, e.toks[at+1].text)
			at += 3
		default:
			return "", "", -1
		}
	}
	if len(args) < 2 {
		return "", "", -1
	}
	return args[0], args[1], at
}

func isWhole(t token) bool { return t.kind == numberToken && !strings.Contains(t.text, ".") }

// factor reads a base and what stands behind it: powers, degrees, factorials.
func (e *expression) factor() quo {
	if e.pos >= len(e.toks) || !e.c.spend(1) {
		return e.fail()
	}
	v := e.base()
	for !e.c.failed {
		switch {
		case e.degreeFollows():
			v = e.c.mulQ(v, fromPoly(single(degree, whole(1))))
		case e.accept("%"):
			v = e.c.mulQ(v, fromPoly(single(perCent, whole(1))))
		case e.accept("^"):
			v = e.c.pow(v, e.exponent())
		case e.accept("!"):
			v = e.factorial(v)
		default:
			return v
		}
	}
	return v
}

// degreeFollows takes °, ^\circ and ^{\circ}.
func (e *expression) degreeFollows() bool {
	for _, form := range [][]string{{"°"}, {"^", "°"}, {"^", "{", "°", "}"}} {
		if e.pos+len(form) > len(e.toks) {
			continue
		}
		same := true
		for i, s := range form {
			same = same && e.toks[e.pos+i].is(s)
		}
		if same {
			e.pos += len(form)
			return true
		}
	}
	return false
}

// exponent reads {...}, (...) or one sign. x^10 without braces has two
// readings and is refused.
func (e *expression) exponent() quo {
	switch t := e.peek(); {
	case t.is("{"), t.is("("):
		return e.group()
	case t.kind == numberToken && len(t.text) == 1, t.kind == letterToken, t.kind == commandToken && t.text == "pi":
		return e.base()
	}
	return e.fail()
}

// group reads a bracketed expression.
func (e *expression) group() quo {
	end := matching(e.toks, e.pos)
	if end < 0 || !closes(e.peek().text, e.toks[end].text) {
		return e.fail()
	}
	v := readExpression(e.c, e.toks[e.pos+1:end], e.depth+1)
	e.pos = end + 1
	return v
}

// argument reads what a LaTeX command takes: {...} or one sign, of a number
// its first digit.
func (e *expression) argument() quo {
	t := e.peek()
	if e.pos >= len(e.toks) {
		return e.fail()
	}
	switch {
	case t.is("{"):
		return e.group()
	case t.kind == numberToken && !strings.Contains(t.text, ".") && !t.comma:
		first := token{kind: numberToken, text: t.text[:1]}
		if e.toks[e.pos].text = t.text[1:]; t.text[1:] == "" {
			e.pos++
		}
		return e.number(first)
	case t.kind == letterToken, t.kind == commandToken && t.text == "pi":
		return e.base()
	}
	return e.fail()
}

// matching returns the place of the bracket that closes the one at i, or -1.
func matching(toks []token, i int) int {
	depth := 0
	for j := i; j < len(toks); j++ {
		switch {
		case opens(toks[j]):
			depth++
		case shuts(toks[j]):
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return -1
}

func opens(t token) bool {
	return t.kind == symbolToken && (t.text == "(" || t.text == "[" || t.text == "{" || t.text == openSet || t.text == "⟨") ||
		t.kind == commandToken && strings.HasPrefix(t.text, "begin ")
}

func shuts(t token) bool {
	return t.kind == symbolToken && (t.text == ")" || t.text == "]" || t.text == "}" || t.text == closeSet || t.text == "⟩") ||
		t.kind == commandToken && strings.HasPrefix(t.text, "end ")
}

// closes says whether two brackets make a group.
func closes(open, shut string) bool {
	return open == "(" && shut == ")" || open == "[" && shut == "]" || open == "{" && shut == "}"
}
