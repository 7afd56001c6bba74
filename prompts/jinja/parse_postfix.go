package jinja

import (
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func (p *parser) postfix(e expr) (expr, error) {
	for n := 0; ; n++ {
		if n > maxChain {
			return nil, p.fail("expression too long")
		}
		var err error
		switch {
		case p.isOp("."):
			e, err = p.attribute(e)
		case p.isOp("["):
			e, err = p.subscript(e)
		case p.isOp("("):
			e, err = p.call(e)
		default:
			return e, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) attribute(e expr) (expr, error) {
	p.next()
	switch t := p.cur(); t.kind {
	case kindName:
		p.next()
		return &attrExpr{e, t.text}, nil
	case kindInteger:
		v, err := py.Literal(t.text)
		if err != nil {
			return nil, p.fail("invalid number '%s'", t.text)
		}
		p.next()
		return &itemExpr{e, &constExpr{v}}, nil
	}
	return nil, p.fail("expected name or number, got %s", p.cur())
}

func (p *parser) subscript(e expr) (expr, error) {
	p.next()
	s := &sliceExpr{object: e}
	parts := []*expr{&s.start, &s.stop, &s.step}
	colons := 0
	for !p.isOp("]") {
		switch {
		case p.isOp(":") && colons < 2:
			colons++
			p.next()
		case *parts[colons] == nil:
			value, err := p.expression(true)
			if err != nil {
				return nil, err
			}
			*parts[colons] = value
		case p.isOp(","):
			return nil, p.fail("an index of several values is not supported")
		default:
			return nil, p.fail("expected ']', got %s", p.cur())
		}
	}
	p.next()
	switch {
	case colons > 0:
		return s, nil
	case s.start == nil:
		return nil, p.fail("expected an index")
	}
	return &itemExpr{e, s.start}, nil
}

func (p *parser) call(callee expr) (expr, error) {
	args, err := p.arguments()
	return &callExpr{callee, args}, err
}

func (p *parser) arguments() (callArgs, error) {
	var a callArgs
	if err := p.expectOp("("); err != nil {
		return a, err
	}
	for first := true; !p.isOp(")"); first = false {
		if !first {
			if err := p.expectOp(","); err != nil {
				return a, err
			}
			if p.isOp(")") {
				break
			}
		}
		if err := p.argument(&a); err != nil {
			return a, err
		}
	}
	return a, p.expectOp(")")
}

func (p *parser) argument(a *callArgs) error {
	var err error
	switch {
	case p.skipOp("*"):
		if a.star != nil || a.dict != nil {
			return p.fail("invalid function call")
		}
		a.star, err = p.expression(true)
	case p.skipOp("**"):
		if a.dict != nil {
			return p.fail("invalid function call")
		}
		a.dict, err = p.expression(true)
	case p.cur().kind == kindName && p.peek().kind == kindOp && p.peek().text == "=":
		name := p.next().text
		p.next()
		if slices.Contains(a.names, name) || a.dict != nil {
			return p.fail("invalid function call: keyword '%s'", name)
		}
		var value expr
		value, err = p.expression(true)
		a.names, a.named = append(a.names, name), append(a.named, value)
	default:
		if a.star != nil || a.dict != nil || len(a.names) > 0 {
			return p.fail("invalid function call: positional after keyword argument")
		}
		var value expr
		value, err = p.expression(true)
		a.pos = append(a.pos, value)
	}
	return err
}

func (p *parser) filtersAndTests(e expr) (expr, error) {
	for n := 0; ; n++ {
		if n > maxChain {
			return nil, p.fail("expression too long")
		}
		var err error
		switch {
		case p.skipOp("|"):
			e, err = p.filter(e)
		case p.isName("is"):
			e, err = p.test(e)
		case p.isOp("("):
			e, err = p.call(e)
		default:
			return e, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// dotted parses the name of a filter or test.
func (p *parser) dotted() (string, error) {
	name, err := p.identifier()
	for err == nil && p.skipOp(".") {
		var part string
		part, err = p.identifier()
		name += "." + part
	}
	return name, err
}

func (p *parser) filter(object expr) (*filterExpr, error) {
	name, err := p.dotted()
	if err != nil {
		return nil, err
	}
	f := &filterExpr{object: object, name: name, fn: p.filters[name]}
	if f.fn == nil {
		return nil, p.fail("no filter named '%s'", name)
	}
	if p.isOp("(") {
		f.args, err = p.arguments()
	}
	return f, err
}

func (p *parser) test(object expr) (expr, error) {
	p.next()
	t := &testExpr{object: object, negate: p.skipName("not")}
	var err error
	if t.name, err = p.dotted(); err != nil {
		return nil, err
	}
	if t.fn = p.tests[t.name]; t.fn == nil {
		return nil, p.fail("no test named '%s'", t.name)
	}
	switch {
	case p.isOp("("):
		t.args, err = p.arguments()
	case p.startsOperand():
		if p.isName("is") {
			return nil, p.fail("you cannot chain multiple tests with is")
		}
		var arg expr
		if arg, err = p.primary(); err == nil {
			arg, err = p.postfix(arg)
		}
		t.args.pos = []expr{arg}
	}
	return t, err
}

// startsOperand reports whether a test's argument without parentheses follows.
func (p *parser) startsOperand() bool {
	switch p.cur().kind {
	case kindString, kindInteger, kindFloat:
		return true
	case kindName:
		return !p.isName("else") && !p.isName("or") && !p.isName("and")
	}
	return p.isOp("[") || p.isOp("{")
}
