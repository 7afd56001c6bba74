package regex

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bodies of character classes. Python's \w is str.isalnum or underscore (so no
// combining marks, which .NET counts), its \s is str.isspace (so also the
// separators U+001C to U+001F), its \d is a decimal digit.
const (
	wordUnicode  = `\p{L}\p{N}_`
	wordASCII    = `a-zA-Z0-9_`
	digitUnicode = `\p{Nd}`
	digitASCII   = `0-9`
	spaceUnicode = "\t-\r\x1c-\x20\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
	spaceASCII   = "\t-\r\x20"
)

// category returns the class body of \d \w \s; letters in upper case negate.
func category(c rune, ascii bool) (body string, negated, ok bool) {
	pick := func(u, a string) string {
		if ascii {
			return a
		}
		return u
	}
	switch unicode.ToLower(c) {
	case 'w':
		body = pick(wordUnicode, wordASCII)
	case 'd':
		body = pick(digitUnicode, digitASCII)
	case 's':
		body = pick(spaceUnicode, spaceASCII)
	default:
		return "", false, false
	}
	return body, unicode.IsUpper(c), true
}

// escape reads what follows a backslash outside of a class.
func (t *translator) escape(f flags) (w width, repeatable bool, err error) {
	c := t.peek()
	if c < 0 {
		return w, false, fmt.Errorf("bad escape (end of pattern)")
	}
	if body, negated, ok := category(c, f.ascii); ok {
		t.pos++
		if negated {
			body = "^" + body
		}
		t.out.WriteString("[" + body + "]")
		return width{1, 1}, true, nil
	}
	switch c {
	case 'A':
		t.pos++
		t.out.WriteString(`\A`)
		return w, false, nil
	case 'Z':
		t.pos++
		t.out.WriteString(`\z`)
		return w, false, nil
	case 'b', 'B':
		t.pos++
		t.boundary(f, c == 'B')
		return w, false, nil
	}
	if c >= '1' && c <= '9' {
		value, octal, next, err := numericEscape(t.ascii(3), 0)
		if err != nil {
			return w, false, err
		}
		t.pos += next
		if !octal {
			w, err = t.reference(value)
			return w, true, err
		}
		t.literal(rune(value))
		return width{1, 1}, true, nil
	}
	r, err := t.character(false)
	if err != nil {
		return w, false, err
	}
	t.literal(r)
	return width{1, 1}, true, nil
}

// boundary writes \b or \B by Python's word characters. Before Python 3.14 \B
// does not match in an empty text.
func (t *translator) boundary(f flags, inside bool) {
	word, _, _ := category('w', f.ascii)
	if inside {
		fmt.Fprintf(&t.out, `(?:(?<=[%[1]s])(?=[%[1]s])|(?<![%[1]s])(?![%[1]s])(?!\A\z))`, word)
		return
	}
	fmt.Fprintf(&t.out, `(?:(?<=[%[1]s])(?![%[1]s])|(?<![%[1]s])(?=[%[1]s]))`, word)
}

// ascii returns up to n of the next characters, others than ASCII as NUL.
func (t *translator) ascii(n int) string {
	var b strings.Builder
	for i := t.pos; i < len(t.src) && i < t.pos+n; i++ {
		if t.src[i] < utf8.RuneSelf {
			b.WriteRune(t.src[i])
		} else {
			b.WriteByte(0)
		}
	}
	return b.String()
}

// character reads an escape that stands for one character.
func (t *translator) character(inClass bool) (rune, error) {
	c := t.peek()
	if c < 0 {
		return 0, fmt.Errorf("bad escape (end of pattern)")
	}
	switch {
	case c == 'x':
		return t.hex(2)
	case c == 'u':
		return t.hex(4)
	case c == 'U':
		return t.hex(8)
	case c == 'N':
		return 0, fmt.Errorf(`\N{...} is not supported: write the character itself`)
	case c == '0', inClass && c >= '1' && c <= '7':
		value, octal, next, err := numericEscape(t.ascii(3), 0)
		if err != nil {
			return 0, err
		}
		if !octal {
			return 0, fmt.Errorf("bad escape \\%c", c)
		}
		t.pos += next
		return rune(value), nil
	case simpleEscape(c) >= 0 && (inClass || c != 'b'):
		t.pos++
		return simpleEscape(c), nil
	case isLetter(c), c == '8', c == '9':
		return 0, fmt.Errorf("bad escape \\%c", c)
	}
	t.pos++
	return c, nil
}

// hex reads exactly n hexadecimal digits after the escape's letter.
func (t *translator) hex(n int) (rune, error) {
	digits := t.ascii(n + 1)
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
	t.pos += n + 1
	return rune(v), nil
}

// class reads a bracketed class after its opening bracket. Negated categories
// such as \W become branches of an alternation, since a .NET class cannot hold
// the complement of several categories.
func (t *translator) class(f flags) error {
	negated := t.accept("^")
	var set strings.Builder
	var complements []string
	for first := true; ; first = false {
		c := t.peek()
		if c < 0 {
			return fmt.Errorf("unterminated character set")
		}
		if c == ']' && !first {
			t.pos++
			break
		}
		lo, body, complement, err := t.classItem(f)
		if err != nil {
			return err
		}
		if complement {
			complements = append(complements, body)
		}
		if t.peek() == '-' && t.pos+1 < len(t.src) && t.src[t.pos+1] != ']' {
			t.pos++
			hi, hiBody, _, err := t.classItem(f)
			if err != nil {
				return err
			}
			if body != "" || hiBody != "" || lo > hi {
				return fmt.Errorf("bad character range")
			}
			writeClassRune(&set, lo)
			set.WriteByte('-')
			writeClassRune(&set, hi)
			continue
		}
		switch {
		case body == "":
			writeClassRune(&set, lo)
		case !complement:
			set.WriteString(body)
		}
	}
	t.writeClass(set.String(), complements, negated)
	return nil
}

// classItem reads one character or one category of a class.
func (t *translator) classItem(f flags) (c rune, body string, complement bool, err error) {
	c = t.peek()
	if c < 0 {
		return 0, "", false, fmt.Errorf("unterminated character set")
	}
	t.pos++
	if c != '\\' {
		return c, "", false, nil
	}
	if body, complement, ok := category(t.peek(), f.ascii); ok {
		t.pos++
		return 0, body, complement, nil
	}
	c, err = t.character(true)
	return c, "", false, err
}

func writeClassRune(b *strings.Builder, c rune) {
	switch {
	case c == '-': // the engine takes \- at the end of a range for two items
		b.WriteString(`\x2D`)
		return
	case strings.ContainsRune(`\][^`, c):
		b.WriteByte('\\')
	}
	b.WriteRune(c)
}

func (t *translator) writeClass(set string, complements []string, negated bool) {
	if len(complements) == 0 {
		if negated {
			set = "^" + set
		}
		t.out.WriteString("[" + set + "]")
		return
	}
	var branches []string
	if set != "" {
		branches = append(branches, "["+set+"]")
	}
	for _, c := range complements {
		branches = append(branches, "[^"+c+"]")
	}
	any := strings.Join(branches, "|")
	if negated {
		t.out.WriteString(`(?:(?!` + any + `)[\s\S])`)
		return
	}
	t.out.WriteString("(?:" + any + ")")
}
