package jinja

import (
	"fmt"
	"slices"
)

// Bounds on what one template may nest and chain; evaluation recurses over the tree.
const (
	maxNesting = 200
	maxChain   = 2000
	maxSource  = 1 << 20
)

// parser is a recursive-descent parser with the grammar and precedences of Jinja2's jinja2/parser.py.
type parser struct {
	opt     *Options
	tokens  []token
	pos     int
	depth   int
	loops   int             // for statements around the current one
	names   map[string]bool // names read in the current macro
	filters map[string]filterFunc
	tests   map[string]test
}

func (p *parser) cur() token { return p.tokens[p.pos] }

func (p *parser) peek() token { return p.tokens[min(p.pos+1, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if p.pos < len(p.tokens)-1 {
		p.pos++
	}
	return t
}

func (p *parser) isOp(text string) bool   { return p.cur().kind == kindOp && p.cur().text == text }
func (p *parser) isName(text string) bool { return p.cur().kind == kindName && p.cur().text == text }

func (p *parser) skipOp(text string) bool {
	if p.isOp(text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) skipName(text string) bool {
	if p.isName(text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{Name: p.opt.Name, Line: p.cur().line, Msg: fmt.Sprintf(format, args...)}
}

func (p *parser) expectOp(text string) error {
	if !p.skipOp(text) {
		return p.fail("expected '%s', got %s", text, p.cur())
	}
	return nil
}

func (p *parser) expectName(text string) error {
	if !p.skipName(text) {
		return p.fail("expected '%s', got %s", text, p.cur())
	}
	return nil
}

func (p *parser) expectBlockEnd() error {
	if p.cur().kind != kindBlockEnd {
		return p.fail("expected %s, got %s", token{kind: kindBlockEnd}, p.cur())
	}
	p.next()
	return nil
}

func (p *parser) identifier() (string, error) {
	if p.cur().kind != kindName {
		return "", p.fail("expected a name, got %s", p.cur())
	}
	return p.next().text, nil
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxNesting {
		return p.fail("nested deeper than %d levels", maxNesting)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// template parses a whole template.
func (p *parser) template() ([]node, error) {
	nodes, err := p.until()
	if err != nil {
		return nil, err
	}
	if p.cur().kind != kindEOF {
		return nil, p.fail("unexpected %s", p.cur())
	}
	return nodes, nil
}

// until parses nodes up to a statement named by one of ends, whose name is the current token afterwards. Without
// ends it parses to the end of the template.
func (p *parser) until(ends ...string) ([]node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	nodes := []node{}
	for {
		switch t := p.cur(); t.kind {
		case kindData:
			p.next()
			nodes = append(nodes, &textNode{t.line, t.text})
		case kindVariableBegin:
			n, err := p.output()
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		case kindBlockBegin:
			p.next()
			if p.cur().kind == kindName && slices.Contains(ends, p.cur().text) {
				return nodes, nil
			}
			n, err := p.statement()
			if err != nil {
				return nil, err
			}
			if n != nil {
				nodes = append(nodes, n)
			}
			if err := p.expectBlockEnd(); err != nil {
				return nil, err
			}
		default:
			if len(ends) > 0 {
				return nil, p.fail("unexpected end of template: missing '%s'", ends[len(ends)-1])
			}
			return nodes, nil
		}
	}
}

func (p *parser) output() (node, error) {
	line := p.next().line
	value, err := p.tuple(tupleRules{condExpr: true})
	if err != nil {
		return nil, err
	}
	if p.cur().kind != kindVariableEnd {
		return nil, p.fail("expected %s, got %s", token{kind: kindVariableEnd}, p.cur())
	}
	p.next()
	return &outputNode{line, value}, nil
}

// statement parses one block tag; its name is the current token.
func (p *parser) statement() (node, error) {
	line := p.cur().line
	name, err := p.identifier()
	if err != nil {
		return nil, p.fail("tag name expected")
	}
	switch name {
	case "if":
		return p.ifStatement(line)
	case "for":
		return p.forStatement(line)
	case "set":
		return p.setStatement(line)
	case "macro":
		return p.macroStatement()
	case "call":
		return p.callStatement(line)
	case "filter":
		return p.filterStatement(line)
	case "with":
		return p.withStatement(line)
	case "generation":
		return p.generation()
	case "do":
		value, err := p.tuple(tupleRules{condExpr: true})
		return &doNode{line, value}, err
	case "print":
		return p.printStatement(line)
	case "break", "continue":
		return p.jump(name)
	case "include", "import", "from", "extends", "block", "autoescape", "trans":
		return nil, p.fail("the tag '%s' is not supported: a prompt template is one piece of text", name)
	}
	return nil, p.fail("unknown tag '%s'", name)
}

// printStatement prints its expressions one after the other.
func (p *parser) printStatement(line int) (node, error) {
	parts := &concatExpr{}
	for p.cur().kind != kindBlockEnd {
		if len(parts.parts) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		part, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		parts.parts = append(parts.parts, part)
	}
	return &outputNode{line, parts}, nil
}

// body parses up to {% end %} and leaves that tag's closing mark to the caller.
func (p *parser) body(end string) ([]node, error) {
	if err := p.expectBlockEnd(); err != nil {
		return nil, err
	}
	nodes, err := p.until(end)
	if err != nil {
		return nil, err
	}
	p.next()
	return nodes, nil
}

func (p *parser) ifStatement(line int) (node, error) {
	n := &ifNode{line: line}
	for {
		cond, err := p.tuple(tupleRules{})
		if err != nil {
			return nil, err
		}
		if err := p.expectBlockEnd(); err != nil {
			return nil, err
		}
		then, err := p.until("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		n.conds, n.then = append(n.conds, cond), append(n.then, then)
		switch p.next().text {
		case "elif":
		case "else":
			n.other, err = p.body("endif")
			return n, err
		default:
			return n, nil
		}
	}
}

func (p *parser) forStatement(line int) (node, error) {
	n := &forNode{line: line}
	var err error
	if n.target, err = p.assignTarget(false, "in"); err != nil {
		return nil, err
	}
	if err := p.expectName("in"); err != nil {
		return nil, err
	}
	if n.iter, err = p.tuple(tupleRules{end: "recursive"}); err != nil {
		return nil, err
	}
	if p.skipName("if") {
		if n.filter, err = p.expression(true); err != nil {
			return nil, err
		}
	}
	if p.isName("recursive") {
		return nil, p.fail("recursive loops are not supported; write a macro that calls itself")
	}
	if err := p.expectBlockEnd(); err != nil {
		return nil, err
	}
	p.loops++
	n.body, err = p.until("endfor", "else")
	p.loops--
	if err != nil {
		return nil, err
	}
	if p.next().text == "else" {
		n.other, err = p.body("endfor")
	}
	return n, err
}

func (p *parser) jump(name string) (node, error) {
	if p.loops == 0 {
		return nil, p.fail("'%s' outside a loop", name)
	}
	if name == "break" {
		return &jumpNode{breakLoop}, nil
	}
	return &jumpNode{continueLoop}, nil
}

func (p *parser) setStatement(line int) (node, error) {
	t, err := p.assignTarget(true, "")
	if err != nil {
		return nil, err
	}
	if p.skipOp("=") {
		value, err := p.tuple(tupleRules{condExpr: true})
		return &setNode{line, t, value}, err
	}
	filters, err := p.filterChain(false)
	if err != nil {
		return nil, err
	}
	body, err := p.body("endset")
	return &setBlockNode{line, t, filters, body}, err
}

// filterChain parses "|f|g(x)", or "f|g(x)" when the first bar is left out.
func (p *parser) filterChain(inline bool) ([]*filterExpr, error) {
	var chain []*filterExpr
	for inline || p.isOp("|") {
		if !inline {
			p.next()
		}
		inline = false
		f, err := p.filter(nil)
		if err != nil {
			return nil, err
		}
		chain = append(chain, f)
	}
	return chain, nil
}

func (p *parser) filterStatement(line int) (node, error) {
	filters, err := p.filterChain(true)
	if err != nil {
		return nil, err
	}
	body, err := p.body("endfilter")
	return &filterNode{line, filters, body}, err
}

func (p *parser) withStatement(line int) (node, error) {
	n := &withNode{line: line}
	for p.cur().kind != kindBlockEnd {
		if len(n.targets) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		t, err := p.assignTarget(false, "")
		if err != nil {
			return nil, err
		}
		if err := p.expectOp("="); err != nil {
			return nil, err
		}
		value, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		n.targets, n.values = append(n.targets, t), append(n.values, value)
	}
	var err error
	n.body, err = p.body("endwith")
	return n, err
}

// generation is Hugging Face's mark around assistant text, which only training code looks at.
func (p *parser) generation() (node, error) {
	body, err := p.body("endgeneration")
	return &scopeNode{body}, err
}
