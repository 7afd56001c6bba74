package mathanswer

import (
	"math/big"
	"slices"
	"strings"
)

// base reads a number, a letter, a bracket, a command or a unit.
func (e *expression) base() quo {
	t := e.peek()
	switch t.kind {
	case numberToken:
		e.pos++
		return e.repeating(t)
	case letterToken:
		e.pos++
		return e.letter(t.text)
	case commandToken:
		e.pos++
		return e.command(t.text)
	case textToken:
		e.pos++
		return e.unit(t.text)
	}
	switch t.text {
	case "(", "[", "{":
		return e.group()
	case "$":
		e.pos++
		return e.c.mulQ(e.factor(), fromPoly(single(unit("dollar"), whole(1))))
	case "|":
		return e.absolute()
	}
	return e.fail()
}

// maxDigits bounds written numbers.
const maxDigits = 400

// number reads digits exactly. Leading zeros belong to clocks and lists.
func (e *expression) number(t token) quo {
	x, ok := new(big.Rat).SetString(t.text)
	if !ok || len(t.text) > maxDigits || len(t.text) > 1 && t.text[0] == '0' && t.text[1] != '.' {
		return e.fail()
	}
	return fromRat(x)
}

// repeating reads a number and the period that may follow it:
// 0.1\overline{6}.
func (e *expression) repeating(t token) quo {
	v := e.number(t)
	period, ok := strings.CutPrefix(e.peek().text, `\overline `)
	_, decimals, _ := strings.Cut(t.text, ".")
	if !ok || e.peek().kind != letterToken {
		return v
	}
	n, okN := new(big.Int).SetString(period, 10)
	if !okN || n.Sign() < 0 || !isDigit(period[0]) || len(period) > maxDigits || !strings.Contains(t.text, ".") {
		return e.fail()
	}
	e.pos++
	ten := big.NewInt(10)
	nines := new(big.Int).Exp(ten, big.NewInt(int64(len(period))), nil)
	nines.Sub(nines, big.NewInt(1))
	shift := new(big.Int).Exp(ten, big.NewInt(int64(len(decimals))), nil)
	return e.c.addQ(v, fromRat(new(big.Rat).SetFrac(n, nines.Mul(nines, shift))))
}

// letter reads a variable, with its subscript, the constants e and i, and
// f(x), g(x), h(x) as values of functions.
func (e *expression) letter(name string) quo {
	if e.accept("_") {
		return fromPoly(single(variable(name+"_"+e.subscript()), whole(1)))
	}
	switch name {
	case "i":
		return fromPoly(single(iUnit, whole(1)))
	case "e":
		return fromPoly(single(euler, whole(1)))
	case "f", "g", "h":
		if e.peek().is("(") {
			return e.c.opaque(name, e.group())
		}
	}
	return fromPoly(single(variable(name), whole(1)))
}

func (e *expression) subscript() string {
	t := e.peek()
	if !t.is("{") {
		e.pos++
		if t.kind != numberToken && t.kind != letterToken || len(t.text) != 1 {
			e.c.fail()
		}
		return t.text
	}
	end := matching(e.toks, e.pos)
	if end < 0 {
		e.c.fail()
		return ""
	}
	name := ""
	for _, t := range e.toks[e.pos+1 : end] {
		name += t.text
	}
	e.pos = end + 1
	return name
}

func (e *expression) command(name string) quo {
	switch {
	case name == "pi":
		return fromPoly(single(pi, whole(1)))
	case name == "frac":
		a := e.argument()
		return e.c.divQ(a, e.argument())
	case name == "sqrt":
		return e.root()
	case name == "binom":
		a := e.argument()
		return e.binomial(a, e.argument())
	case slices.Contains(functions, name):
		return e.function(name)
	}
	return e.fail()
}

// root reads \sqrt{x}, \sqrt[n]{x}, sqrt(x) and \sqrt2. \sqrt12 has two
// readings and is refused.
func (e *expression) root() quo {
	index := int64(2)
	if e.peek().is("[") {
		n, ok := e.group().int64(maxIndex)
		if !ok {
			return e.fail()
		}
		index = n
	}
	switch t := e.peek(); {
	case t.is("("):
		return e.c.root(e.group(), index)
	case t.kind == numberToken && len(t.text) > 1:
		return e.fail()
	}
	return e.c.root(e.argument(), index)
}

// function reads a name, a power or base of it, and its argument: a group, or
// the factors up to the next sign or function.
func (e *expression) function(name string) quo {
	exp := fromPoly(integer(1))
	for !e.c.failed && (e.peek().is("^") || e.peek().is("_")) {
		power := e.peek().is("^")
		e.pos++
		v := e.exponent()
		if power {
			exp = v
		} else {
			name += "_" + v.text()
		}
	}
	if n, ok := exp.int64(maxIndex); !ok || n < 1 {
		return e.fail() // sin^{-1} is read as the inverse by some only
	}
	if e.peek().is("(") || e.peek().is("{") {
		arg := e.group()
		if e.degreeFollows() {
			arg = e.c.mulQ(arg, fromPoly(single(degree, whole(1))))
		}
		return e.c.pow(e.c.opaque(name, arg), exp)
	}
	arg := e.factor()
	for !e.c.failed && e.startsFactor() && !slices.Contains(functions, e.peek().text) {
		arg = e.c.mulQ(arg, e.factor())
	}
	return e.c.pow(e.c.opaque(name, arg), exp)
}

func (e *expression) absolute() quo {
	end := slices.IndexFunc(e.toks[e.pos+1:], func(t token) bool { return t.is("|") })
	if end < 0 {
		return e.fail()
	}
	v := readExpression(e.c, e.toks[e.pos+1:e.pos+1+end], e.depth+1)
	e.pos += end + 2
	if x, ok := v.rat(); ok {
		return fromRat(new(big.Rat).Abs(x))
	}
	return e.c.opaque("abs", v)
}

// maxFactorial bounds n in n! and in binomial coefficients.
const maxFactorial = 2100

func (e *expression) factorial(v quo) quo {
	n, ok := v.int64(maxFactorial)
	if !ok {
		return e.c.opaque("factorial", v)
	}
	if n < 0 || !e.c.spend(int(n)) {
		return e.fail()
	}
	return fromRat(new(big.Rat).SetInt(new(big.Int).MulRange(1, n)))
}

func (e *expression) binomial(a, b quo) quo {
	n, okN := a.int64(maxFactorial)
	k, okK := b.int64(maxFactorial)
	if !okN || !okK {
		return e.c.opaque("binom", a, b)
	}
	if k < 0 || n < k || !e.c.spend(int(n)) {
		return e.fail()
	}
	return fromRat(new(big.Rat).SetInt(new(big.Int).Binomial(n, k)))
}
