package py

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// strings parses one or more adjacent string literals, which Python joins.
func (p *literalParser) strings() (Value, error) {
	var b strings.Builder
	for {
		raw := false
		switch p.peek() {
		case 'r', 'R':
			raw = true
			p.pos++
		case 'u', 'U':
			p.pos++
		}
		if err := p.oneString(&b, raw); err != nil {
			return nil, err
		}
		end := p.pos
		p.space()
		rest := p.src[p.pos:]
		if !startsString(rest) {
			p.pos = end
			return b.String(), nil
		}
	}
}

func startsString(s string) bool {
	if s != "" && strings.IndexByte("rRuU", s[0]) >= 0 {
		s = s[1:]
	}
	return s != "" && (s[0] == '"' || s[0] == '\'')
}

// oneString reads from the opening quote to the closing one.
func (p *literalParser) oneString(b *strings.Builder, raw bool) error {
	quote := p.src[p.pos : p.pos+1]
	long := strings.HasPrefix(p.src[p.pos:], quote+quote+quote)
	if long {
		quote = p.src[p.pos : p.pos+3]
	}
	p.pos += len(quote)
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case strings.HasPrefix(p.src[p.pos:], quote):
			p.pos += len(quote)
			return nil
		case c == '\n' && !long:
			return p.fail("unterminated string")
		case c == '\\' && raw:
			_, n := utf8.DecodeRuneInString(p.src[p.pos+1:])
			b.WriteString(p.src[p.pos : p.pos+1+n])
			p.pos += 1 + n
		case c == '\\':
			if err := p.escape(b); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
			p.pos++
		}
	}
	return p.fail("unterminated string")
}

// escape reads one backslash escape; unknown ones stand for themselves.
func (p *literalParser) escape(b *strings.Builder) error {
	p.pos++
	c := p.peek()
	if i := strings.IndexByte("\\'\"abfnrtv", c); i >= 0 {
		b.WriteByte("\\'\"\a\b\f\n\r\t\v"[i])
		p.pos++
		return nil
	}
	switch {
	case c == '\n': // a line continuation
		p.pos++
	case c >= '0' && c <= '7':
		b.WriteRune(p.octal())
	case c == 'x':
		return p.hex(b, 2)
	case c == 'u':
		return p.hex(b, 4)
	case c == 'U':
		return p.hex(b, 8)
	case c == 'N':
		return p.fail(`\N{...} escapes are not supported`)
	default:
		b.WriteByte('\\')
	}
	return nil
}

func (p *literalParser) octal() rune {
	n := rune(0)
	for i := 0; i < 3 && p.peek() >= '0' && p.peek() <= '7'; i++ {
		n = n*8 + rune(p.peek()-'0')
		p.pos++
	}
	return n
}

func (p *literalParser) hex(b *strings.Builder, digits int) error {
	if p.pos+1+digits > len(p.src) {
		return p.fail("truncated escape")
	}
	n, err := strconv.ParseUint(p.src[p.pos+1:p.pos+1+digits], 16, 32)
	if err != nil {
		return p.fail("invalid escape")
	}
	if n > utf8.MaxRune || n >= 0xd800 && n < 0xe000 {
		return p.fail("escape names no character: U+%04X", n)
	}
	p.pos += 1 + digits
	b.WriteRune(rune(n))
	return nil
}

// number parses an int or float literal with underscores and base prefixes.
func (p *literalParser) number() (Value, error) {
	start := p.pos
	if p.peek() == '0' && p.pos+1 < len(p.src) {
		bases := map[byte]int{'x': 16, 'o': 8, 'b': 2}
		if base, ok := bases[p.src[p.pos+1]|0x20]; ok {
			p.pos += 2
			return p.based(base)
		}
	}
	p.run()
	isFloat := p.peek() == '.'
	if isFloat {
		p.pos++
		p.run()
	}
	if c := p.peek() | 0x20; c == 'e' {
		mark := p.pos
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if c := p.peek(); c >= '0' && c <= '9' {
			p.run()
			isFloat = true
		} else {
			p.pos = mark
		}
	}
	text := p.src[start:p.pos]
	if isWordByte(p.peek()) || !goodUnderscores(text) {
		return nil, p.fail("invalid number")
	}
	text = strings.ReplaceAll(text, "_", "")
	if isFloat {
		if strings.HasPrefix(text, ".") && (len(text) == 1 || text[1] < '0' || text[1] > '9') {
			return nil, p.fail("invalid number")
		}
		f, _ := strconv.ParseFloat(text, 64)
		return f, nil
	}
	if text[0] == '0' && strings.Trim(text, "0") != "" {
		return nil, p.fail("leading zeros in a decimal integer")
	}
	return p.integer(text, 10)
}

// run skips digits and underscores.
func (p *literalParser) run() {
	for c := p.peek(); c >= '0' && c <= '9' || c == '_'; c = p.peek() {
		p.pos++
	}
}

// goodUnderscores reports whether every underscore stands between two digits.
func goodUnderscores(text string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for i := range len(text) {
		if text[i] == '_' && !(digit(i-1) && digit(i+1)) {
			return false
		}
	}
	return true
}

func (p *literalParser) based(base int) (Value, error) {
	start := p.pos
	for isWordByte(p.peek()) {
		p.pos++
	}
	text := p.src[start:p.pos]
	if strings.HasSuffix(text, "_") || strings.Contains(text, "__") {
		return nil, p.fail("invalid number")
	}
	return p.integer(strings.ReplaceAll(text, "_", ""), base)
}

func (p *literalParser) integer(text string, base int) (Value, error) {
	v, err := parseInt(text, base)
	if err != nil {
		return nil, p.fail("%v", err)
	}
	return v, nil
}

// Unescape resolves the backslash escapes of a string body as a Python string literal does.
func Unescape(body string) (string, error) {
	if strings.IndexByte(body, '\\') < 0 {
		return body, nil
	}
	p := literalParser{src: body}
	var b strings.Builder
	for p.pos < len(p.src) {
		if p.src[p.pos] != '\\' {
			b.WriteByte(p.src[p.pos])
			p.pos++
			continue
		}
		if p.pos == len(p.src)-1 {
			return "", p.fail("backslash at the end of a string")
		}
		if err := p.escape(&b); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}
