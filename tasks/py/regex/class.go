package regex

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// category returns the test of \d \w \s; letters in upper case negate it. \w is
// str.isalnum or underscore, \s is str.isspace, \d a decimal digit.
func category(c rune, ascii bool) (test func(rune) bool, ok bool) {
	var is func(rune) bool
	switch unicode.ToLower(c) {
	case 'w':
		is = isWord
	case 'd':
		is = func(r rune) bool { return unicode.Is(unicode.Nd, r) }
	case 's':
		is = py.IsSpace
	default:
		return nil, false
	}
	negated := unicode.IsUpper(c)
	return func(r rune) bool { return (is(r) && (!ascii || r < utf8.RuneSelf && !separator(r))) != negated }, true
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// separator reports what only Unicode takes for white space among ASCII.
func separator(r rune) bool { return r >= 0x1c && r <= 0x1f }

// escape reads what follows a backslash outside of a class.
func (p *parser) escape(f flags) (n node, w width, repeatable bool, err error) {
	c := p.peek()
	if c < 0 {
		return nil, w, false, fmt.Errorf("bad escape (end of pattern)")
	}
	if is, ok := category(c, f.ascii); ok {
		p.pos++
		return &char{is: is, only: -1}, width{1, 1}, true, nil
	}
	switch c {
	case 'A', 'Z':
		p.pos++
		return textAnchor(c), w, false, nil
	case 'b', 'B':
		p.pos++
		return boundary(c == 'B', f.ascii), w, false, nil
	}
	if c >= '1' && c <= '9' {
		value, octal, next, err := numericEscape(p.ascii(3), 0)
		if err != nil {
			return nil, w, false, err
		}
		p.pos += next
		if !octal {
			n, w, err = p.reference(value, f)
			return n, w, true, err
		}
		return literal(rune(value), f), width{1, 1}, true, nil
	}
	r, err := p.character(false)
	if err != nil {
		return nil, w, false, err
	}
	return literal(r, f), width{1, 1}, true, nil
}

// ascii returns up to n of the next characters, others than ASCII as NUL.
func (p *parser) ascii(n int) string {
	var b strings.Builder
	for i := p.pos; i < len(p.src) && i < p.pos+n; i++ {
		if p.src[i] < utf8.RuneSelf {
			b.WriteRune(p.src[i])
		} else {
			b.WriteByte(0)
		}
	}
	return b.String()
}

// character reads an escape that stands for one character.
func (p *parser) character(inClass bool) (rune, error) {
	c := p.peek()
	if c < 0 {
		return 0, fmt.Errorf("bad escape (end of pattern)")
	}
	switch {
	case c == 'x':
		return p.hex(2)
	case c == 'u':
		return p.hex(4)
	case c == 'U':
		return p.hex(8)
	case c == 'N':
		return 0, fmt.Errorf(`\N{...} is not supported: write the character itself`)
	case c == '0', inClass && c >= '1' && c <= '7':
		value, octal, next, err := numericEscape(p.ascii(3), 0)
		if err != nil {
			return 0, err
		}
		if !octal {
			return 0, fmt.Errorf("bad escape \\%c", c)
		}
		p.pos += next
		return rune(value), nil
	case simpleEscape(c) >= 0 && (inClass || c != 'b'):
		p.pos++
		return simpleEscape(c), nil
	case isLetter(c), c == '8', c == '9':
		return 0, fmt.Errorf("bad escape \\%c", c)
	}
	p.pos++
	return c, nil
}

// hex reads exactly n hexadecimal digits after the escape's letter.
func (p *parser) hex(n int) (rune, error) {
	digits := p.ascii(n + 1)
	if len(digits) < n+1 {
		return 0, fmt.Errorf("incomplete escape \\%s", digits)
	}
	v, err := strconv.ParseUint(digits[1:], 16, 32)
	if err != nil {
		return 0, fmt.Errorf("incomplete escape \\%s", digits)
	}
	if !utf8.ValidRune(rune(v)) || v > unicode.MaxRune {
		return 0, fmt.Errorf("bad escape \\%s: no Unicode scalar value", digits)
	}
	p.pos += n + 1
	return rune(v), nil
}

// A class is what brackets hold: ranges and categories, any of which counts.
type class struct {
	ranges     [][2]rune
	categories []func(rune) bool
}

func (c *class) has(r rune) bool {
	for _, x := range c.ranges {
		if x[0] <= r && r <= x[1] {
			return true
		}
	}
	for _, is := range c.categories {
		if is(r) {
			return true
		}
	}
	return false
}

// class reads a bracketed class after its opening bracket.
func (p *parser) class(f flags) (node, error) {
	negated := p.accept("^")
	set := &class{}
	for first := true; ; first = false {
		c := p.peek()
		if c < 0 {
			return nil, fmt.Errorf("unterminated character set")
		}
		if c == ']' && !first {
			p.pos++
			break
		}
		lo, is, err := p.classItem(f)
		if err != nil {
			return nil, err
		}
		hi := lo
		if p.peek() == '-' && p.pos+1 < len(p.src) && p.src[p.pos+1] != ']' {
			p.pos++
			var hiIs func(rune) bool
			if hi, hiIs, err = p.classItem(f); err != nil {
				return nil, err
			}
			if is != nil || hiIs != nil || lo > hi {
				return nil, fmt.Errorf("bad character range")
			}
		}
		if is != nil {
			set.categories = append(set.categories, is)
		} else {
			set.ranges = append(set.ranges, [2]rune{lo, hi})
		}
	}
	has := set.has
	if f.ignoreCase {
		has = set.folded(f.ascii)
	}
	return &char{is: func(r rune) bool { return has(r) != negated }, only: -1}, nil
}

// classItem reads one character or one category of a class.
func (p *parser) classItem(f flags) (c rune, is func(rune) bool, err error) {
	c = p.peek()
	if c < 0 {
		return 0, nil, fmt.Errorf("unterminated character set")
	}
	p.pos++
	if c != '\\' {
		return c, nil, nil
	}
	if is, ok := category(p.peek(), f.ascii); ok {
		p.pos++
		return 0, is, nil
	}
	c, err = p.character(true)
	return c, nil, err
}
