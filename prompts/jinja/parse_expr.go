package jinja

import (
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func (p *parser) expression(inlineIf bool) (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if !inlineIf {
		return p.or()
	}
	value, err := p.or()
	if err != nil {
		return nil, err
	}
	for n := 0; p.skipName("if"); n++ {
		if n > maxChain {
			return nil, p.fail("expression too long")
		}
		cond, err := p.or()
		if err != nil {
			return nil, err
		}
		var other expr
		if p.skipName("else") {
			if other, err = p.expression(true); err != nil {
				return nil, err
			}
		}
		value = &condExpr{cond, value, other}
	}
	return value, nil
}

// chain parses operand (op operand)* for operators at which ops reports true, from left to right.
func (p *parser) chain(operand func() (expr, error), isOp func() bool, join func(op string, l, r expr) expr) (expr, error) {
	left, err := operand()
	if err != nil {
		return nil, err
	}
	for n := 0; isOp(); n++ {
		if n > maxChain {
			return nil, p.fail("expression too long")
		}
		op := p.next().text
		right, err := operand()
		if err != nil {
			return nil, err
		}
		left = join(op, left, right)
	}
	return left, nil
}

func (p *parser) anyOp(ops ...string) func() bool {
	return func() bool { return p.cur().kind == kindOp && slices.Contains(ops, p.cur().text) }
}

func binary(op string, l, r expr) expr { return &binaryExpr{op, l, r} }

func (p *parser) or() (expr, error) {
	return p.chain(p.and, func() bool { return p.isName("or") },
		func(_ string, l, r expr) expr { return &logicExpr{false, l, r} })
}

func (p *parser) and() (expr, error) {
	return p.chain(p.not, func() bool { return p.isName("and") },
		func(_ string, l, r expr) expr { return &logicExpr{true, l, r} })
}

func (p *parser) not() (expr, error) {
	if !p.isName("not") {
		return p.compare()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.next()
	operand, err := p.not()
	return &unaryExpr{"not", operand}, err
}

func (p *parser) compare() (expr, error) {
	first, err := p.sum()
	if err != nil {
		return nil, err
	}
	c := &compareExpr{first: first}
	for {
		op := p.cur().text
		switch {
		case p.anyOp("==", "!=", "<", "<=", ">", ">=")(), p.isName("in"):
			p.next()
		case p.isName("not") && p.peek().kind == kindName && p.peek().text == "in":
			p.next()
			p.next()
			op = "not in"
		case len(c.ops) == 0:
			return first, nil
		default:
			return c, nil
		}
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		c.ops, c.rest = append(c.ops, op), append(c.rest, right)
	}
}

func (p *parser) sum() (expr, error) { return p.chain(p.concat, p.anyOp("+", "-"), binary) }

func (p *parser) concat() (expr, error) {
	first, err := p.product()
	if err != nil || !p.isOp("~") {
		return first, err
	}
	c := &concatExpr{parts: []expr{first}}
	for p.skipOp("~") {
		part, err := p.product()
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, part)
	}
	return c, nil
}

func (p *parser) product() (expr, error) {
	return p.chain(p.power, p.anyOp("*", "/", "//", "%"), binary)
}

// power chains from the left, unlike Python's **, and binds weaker than the signs: Jinja's rule.
func (p *parser) power() (expr, error) {
	return p.chain(func() (expr, error) { return p.unary(true) }, p.anyOp("**"), binary)
}

func (p *parser) unary(filters bool) (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var e expr
	var err error
	if p.isOp("-") || p.isOp("+") {
		op := p.next().text
		operand, err := p.unary(false)
		if err != nil {
			return nil, err
		}
		e = &unaryExpr{op, operand}
	} else if e, err = p.primary(); err != nil {
		return nil, err
	}
	if e, err = p.postfix(e); err != nil || !filters {
		return e, err
	}
	return p.filtersAndTests(e)
}

func (p *parser) primary() (expr, error) {
	t := p.cur()
	switch t.kind {
	case kindName:
		p.next()
		return p.named(t.text), nil
	case kindString:
		var b strings.Builder
		for p.cur().kind == kindString {
			b.WriteString(p.next().text)
		}
		return &constExpr{b.String()}, nil
	case kindInteger, kindFloat:
		v, err := py.Literal(t.text)
		if err != nil {
			return nil, p.fail("invalid number '%s'", t.text)
		}
		p.next()
		return &constExpr{v}, nil
	}
	switch {
	case p.skipOp("("):
		e, err := p.tuple(tupleRules{condExpr: true, parens: true})
		if err != nil {
			return nil, err
		}
		return e, p.expectOp(")")
	case p.isOp("["):
		return p.list()
	case p.isOp("{"):
		return p.dict()
	}
	return nil, p.fail("unexpected %s", t)
}

func (p *parser) named(name string) expr {
	switch name {
	case "true", "True":
		return &constExpr{true}
	case "false", "False":
		return &constExpr{false}
	case "none", "None":
		return &constExpr{nil}
	}
	p.names[name] = true
	return &nameExpr{name}
}

type tupleRules struct {
	condExpr bool   // items may be inline ifs
	parens   bool   // inside parentheses, where nothing means the empty tuple
	end      string // a name that ends the tuple
}

// tuple parses one expression or several with commas.
func (p *parser) tuple(rules tupleRules) (expr, error) {
	var items []expr
	comma := false
	for {
		if len(items) > 0 {
			if !p.skipOp(",") {
				break
			}
			comma = true
		}
		k := p.cur().kind
		if k == kindVariableEnd || k == kindBlockEnd || p.isOp(")") || rules.end != "" && p.isName(rules.end) {
			break
		}
		item, err := p.expression(rules.condExpr)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	if !comma {
		if len(items) == 1 {
			return items[0], nil
		}
		if !rules.parens {
			return nil, p.fail("expected an expression, got %s", p.cur())
		}
	}
	return &tupleExpr{items}, nil
}

func (p *parser) list() (expr, error) {
	p.next()
	l := &listExpr{}
	for !p.isOp("]") {
		if len(l.items) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
			if p.isOp("]") {
				break
			}
		}
		item, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, item)
	}
	return l, p.expectOp("]")
}

func (p *parser) dict() (expr, error) {
	p.next()
	d := &dictExpr{}
	for !p.isOp("}") {
		if len(d.keys) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
			if p.isOp("}") {
				break
			}
		}
		key, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		if err := p.expectOp(":"); err != nil {
			return nil, err
		}
		value, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, key), append(d.values, value)
	}
	return d, p.expectOp("}")
}
