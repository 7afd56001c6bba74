package py

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// Literal evaluates s as Python's ast.literal_eval does: numbers with an optional sign, str literals (all prefixes
// but b and f, all escapes but \N), None, True, False, and lists, tuples and dicts of those. Bytes, sets and complex
// numbers have no Value and are refused. Nesting and the size of integers are bounded.
func Literal(s string) (Value, error) {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return nil, errors.New("literal is not valid text: it holds invalid UTF-8 or a null character")
	}
	s = strings.TrimLeft(s, " \t")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n") // the tokenizer's universal newlines
	p := literalParser{src: s}
	p.lines()
	v, err := p.top()
	if err != nil {
		return nil, err
	}
	return v, nil
}

type literalParser struct {
	src      string
	pos      int
	brackets int // inside brackets, newlines and comments are white space
}

func (p *literalParser) fail(format string, args ...any) error {
	return fmt.Errorf("invalid literal, character %d: %s", 1+Len(p.src[:min(p.pos, len(p.src))]), quote.Line(fmt.Sprintf(format, args...)))
}

func (p *literalParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// space skips what the tokenizer skips between two tokens.
func (p *literalParser) space() {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t' || c == '\f', c == '\n' && p.brackets > 0:
			p.pos++
		case c == '#':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		case c == '\\' && strings.HasPrefix(p.src[p.pos:], "\\\n") && p.pos+2 < len(p.src):
			p.pos += 2
		default:
			return
		}
	}
}

// lines skips blank and comment lines before or after the expression.
func (p *literalParser) lines() {
	for {
		mark := p.pos
		p.space()
		if p.peek() != '\n' {
			if p.pos < len(p.src) {
				p.pos = mark // an indented first line is left for top to refuse
			}
			return
		}
		p.pos++
	}
}

// top parses the whole text: one expression, or several with commas, which make a tuple.
func (p *literalParser) top() (Value, error) {
	if c := p.peek(); c == ' ' || c == '\t' {
		return nil, p.fail("unexpected indent")
	}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.peek() == ',' {
		items := Tuple{v}
		for p.peek() == ',' {
			p.pos++
			p.space()
			if p.pos >= len(p.src) || p.peek() == '\n' {
				break
			}
			if v, err = p.value(0); err != nil {
				return nil, err
			}
			items = append(items, v)
			p.space()
		}
		v = items
	}
	p.lines()
	if p.pos < len(p.src) {
		return nil, p.fail("unexpected text after the value")
	}
	return v, nil
}

func (p *literalParser) value(depth int) (Value, error) {
	if depth > maxDepth {
		return nil, p.fail("nested deeper than %d levels", maxDepth)
	}
	switch c := p.peek(); {
	case c == '[':
		items, _, err := p.sequence(']', depth)
		return items, err
	case c == '(':
		return p.paren(depth)
	case c == '{':
		return p.dict(depth)
	case c == '+' || c == '-':
		return p.signed()
	case c >= '0' && c <= '9' || c == '.':
		return p.number()
	case c == '"' || c == '\'' || isWordByte(c):
		return p.word()
	case c == 0:
		return nil, p.fail("unexpected end")
	}
	return nil, p.fail("not a literal")
}

func (p *literalParser) open() {
	p.pos++
	p.brackets++
	p.space()
}

func (p *literalParser) close() {
	p.pos++
	p.brackets--
}

// sequence parses the items of a list or tuple up to end and reports whether a comma was seen.
func (p *literalParser) sequence(end byte, depth int) (items []any, comma bool, err error) {
	items = []any{}
	p.open()
	for p.peek() != end {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, false, err
		}
		items = append(items, v)
		p.space()
		switch p.peek() {
		case ',':
			comma = true
			p.pos++
			p.space()
		case end:
		default:
			return nil, false, p.fail("expected ',' or '%c'", end)
		}
	}
	p.close()
	return items, comma, nil
}

func (p *literalParser) paren(depth int) (Value, error) {
	items, comma, err := p.sequence(')', depth)
	if err != nil {
		return nil, err
	}
	if len(items) == 1 && !comma {
		return items[0], nil
	}
	return Tuple(items), nil
}

func (p *literalParser) dict(depth int) (Value, error) {
	d := NewDict()
	p.open()
	for p.peek() != '}' {
		k, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if err := Hashable(k); err != nil {
			return nil, p.fail("%v", err)
		}
		p.space()
		if p.peek() != ':' {
			return nil, p.fail("expected ':' (sets are not supported)")
		}
		p.pos++
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.Set(k, v)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
			p.space()
		case '}':
		default:
			return nil, p.fail("expected ',' or '}'")
		}
	}
	p.close()
	return d, nil
}

// signed allows one sign before a number, as literal_eval does; parentheses around the number do not count.
func (p *literalParser) signed() (Value, error) {
	negative := p.peek() == '-'
	p.pos++
	p.space()
	outer := p.brackets
	for p.peek() == '(' {
		p.open()
	}
	if c := p.peek(); c != '.' && (c < '0' || c > '9') {
		return nil, p.fail("expected a number after the sign")
	}
	v, err := p.number()
	if err != nil {
		return nil, err
	}
	for p.brackets > outer {
		p.space()
		if p.peek() != ')' {
			return nil, p.fail("expected ')'")
		}
		p.close()
	}
	if !negative {
		return v, nil
	}
	return Neg(v)
}

func isWordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// word parses None, True, False and strings with their prefixes.
func (p *literalParser) word() (Value, error) {
	start := p.pos
	for isWordByte(p.peek()) {
		p.pos++
	}
	name := p.src[start:p.pos]
	if c := p.peek(); c == '"' || c == '\'' {
		switch strings.ToLower(name) {
		case "", "r", "u":
			p.pos = start
			return p.strings()
		}
		return nil, p.fail("string prefix %q is not supported", name)
	}
	switch name {
	case "None":
		return nil, nil
	case "True":
		return true, nil
	case "False":
		return false, nil
	}
	p.pos = start
	return nil, p.fail("%q is not a literal", name)
}
