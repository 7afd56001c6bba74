package py

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// Limits on outside data. CPython stops at about 1000 nested containers (its recursion limit) and at 4300 digits of
// one int (sys.int_info.default_max_str_digits).
const (
	maxDepth     = 500
	maxIntDigits = 4300
)

// ParseJSON reads one JSON text as Python's json.loads does: objects keep their order and the last of equal keys
// wins, integers stay exact, NaN, Infinity and -Infinity are numbers, control characters inside strings are refused.
// Unlike Python it refuses lone surrogates, which no text file can hold. Errors name line and column.
func ParseJSON(data []byte) (Value, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, errors.New("JSON text is not valid UTF-8; convert the file to UTF-8")
	}
	p := jsonParser{src: string(data)}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(p.src) {
		return nil, p.fail("extra data after the JSON value")
	}
	return v, nil
}

type jsonParser struct {
	src string
	pos int
}

func (p *jsonParser) fail(format string, args ...any) error {
	before := p.src[:min(p.pos, len(p.src))]
	line := 1 + strings.Count(before, "\n")
	col := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("JSON line %d column %d: %s", line, col, quote.Line(fmt.Sprintf(format, args...)))
}

func (p *jsonParser) space() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\n\r", p.src[p.pos]) >= 0 {
		p.pos++
	}
}

// peek returns the next byte, or 0 at the end.
func (p *jsonParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *jsonParser) value(depth int) (Value, error) {
	if depth > maxDepth {
		return nil, p.fail("nested deeper than %d levels", maxDepth)
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.str()
	case c == '-' && strings.HasPrefix(p.src[p.pos:], "-Infinity"), c == 'N', c == 'I', c == 't', c == 'f', c == 'n':
		return p.word()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	return nil, p.fail("expected a value")
}

func (p *jsonParser) word() (Value, error) {
	words := []struct {
		text  string
		value Value
	}{
		{"null", nil}, {"true", true}, {"false", false},
		{"NaN", math.NaN()}, {"Infinity", math.Inf(1)}, {"-Infinity", math.Inf(-1)},
	}
	for _, w := range words {
		if strings.HasPrefix(p.src[p.pos:], w.text) {
			p.pos += len(w.text)
			return w.value, nil
		}
	}
	return nil, p.fail("expected a value")
}

func (p *jsonParser) object(depth int) (Value, error) {
	d := NewDict()
	p.pos++
	p.space()
	if p.peek() == '}' {
		p.pos++
		return d, nil
	}
	for {
		if p.peek() != '"' {
			return nil, p.fail("expected a property name in double quotes")
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.peek() != ':' {
			return nil, p.fail("expected ':' after a property name")
		}
		p.pos++
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.Set(key, v)
		done, err := p.next('}')
		if err != nil {
			return nil, err
		}
		if done {
			return d, nil
		}
	}
}

func (p *jsonParser) array(depth int) (Value, error) {
	items := []any{}
	p.pos++
	p.space()
	if p.peek() == ']' {
		p.pos++
		return items, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		done, err := p.next(']')
		if err != nil {
			return nil, err
		}
		if done {
			return items, nil
		}
	}
}

// next consumes a comma (false) or the closing bracket (true).
func (p *jsonParser) next(end byte) (bool, error) {
	p.space()
	switch p.peek() {
	case end:
		p.pos++
		return true, nil
	case ',':
		p.pos++
		p.space()
		return false, nil
	}
	return false, p.fail("expected ',' or '%c'", end)
}

func (p *jsonParser) str() (string, error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			return p.src[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(p.src[start:p.pos])
		case c < 0x20:
			return "", p.fail("control character U+%04X inside a string", c)
		}
		p.pos++
	}
	return "", p.fail("unterminated string")
}

// escaped reads the rest of a string from its first backslash on; done is what came before.
func (p *jsonParser) escaped(done string) (string, error) {
	var b strings.Builder
	b.WriteString(done)
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			return b.String(), nil
		case c < 0x20:
			return "", p.fail("control character U+%04X inside a string", c)
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		default:
			b.WriteByte(c)
			p.pos++
		}
	}
	return "", p.fail("unterminated string")
}

func (p *jsonParser) escape() (rune, error) {
	p.pos++
	c := p.peek()
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 && c != 0 {
		p.pos++
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, p.fail("invalid escape in a string")
	}
	r, err := p.hex4()
	if err != nil {
		return 0, err
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if strings.HasPrefix(p.src[p.pos:], `\u`) {
		p.pos++
		low, err := p.hex4()
		if err != nil {
			return 0, err
		}
		if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
			return full, nil
		}
	}
	return 0, p.fail("lone surrogate \\u%04x in a string", r)
}

// hex4 reads u and four hex digits.
func (p *jsonParser) hex4() (rune, error) {
	if p.pos+5 > len(p.src) {
		return 0, p.fail("truncated \\u escape")
	}
	n, err := strconv.ParseUint(p.src[p.pos+1:p.pos+5], 16, 32)
	if err != nil {
		return 0, p.fail("invalid \\u escape")
	}
	p.pos += 5
	return rune(n), nil
}

func (p *jsonParser) number() (Value, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	switch first := p.pos; {
	case p.digits() == 0:
		return nil, p.fail("expected a digit")
	case p.src[first] == '0':
		p.pos = first + 1 // a leading zero stands alone
	}
	isFloat := false
	if mark := p.pos; p.peek() == '.' {
		p.pos++
		if p.digits() == 0 {
			p.pos = mark
		} else {
			isFloat = true
		}
	}
	if mark := p.pos; p.peek() == 'e' || p.peek() == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if p.digits() == 0 {
			p.pos = mark
		} else {
			isFloat = true
		}
	}
	text := p.src[start:p.pos]
	if isFloat {
		f, _ := strconv.ParseFloat(text, 64) // out of range gives the infinity that Python gives too
		return f, nil
	}
	v, err := parseInt(text, 10)
	if err != nil {
		return nil, p.fail("%v", err)
	}
	return v, nil
}

func (p *jsonParser) digits() int {
	start := p.pos
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

// parseInt reads an optionally signed integer of any size up to the digit limit.
func parseInt(text string, base int) (Value, error) {
	if n, err := strconv.ParseInt(text, base, 64); err == nil {
		return n, nil
	}
	if len(text) > maxIntDigits {
		return nil, fmt.Errorf("integer of more than %d digits", maxIntDigits)
	}
	n, ok := new(big.Int).SetString(text, base)
	if !ok {
		return nil, fmt.Errorf("invalid integer %.40q", text)
	}
	return Int(n), nil
}
