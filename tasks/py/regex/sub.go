package regex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// Sub replaces the first count matches (all when count is 0) by the template
// repl, in which \1 and \g<name> stand for groups, as re.sub does.
func (r *Regexp) Sub(repl, s string, count int) (string, error) {
	parts, err := r.template(repl)
	if err != nil {
		return "", fmt.Errorf("replacement %q: %w", shorten(repl), quote.Error(err))
	}
	return r.SubFunc(func(m Match) string {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(p.text)
			if p.group >= 0 {
				g, _ := m.Group(p.group)
				b.WriteString(g)
			}
		}
		return b.String()
	}, s, count)
}

// SubFunc replaces the first count matches (all when count is 0) by what repl
// returns for each.
func (r *Regexp) SubFunc(repl func(Match) string, s string, count int) (string, error) {
	var b strings.Builder
	last, done := 0, 0
	err := r.each(s, func(m Match) bool {
		start, end := m.Span()
		b.WriteString(s[last:start])
		b.WriteString(repl(m))
		last = end
		done++
		return done != count
	})
	if err != nil {
		return "", err
	}
	b.WriteString(s[last:])
	return b.String(), nil
}

// part is literal text followed by a group, or by nothing when group < 0.
type part struct {
	text  string
	group int
}

// template parses a replacement by the rules of re.sub.
func (r *Regexp) template(repl string) ([]part, error) {
	t := template{groups: r.groups, names: r.names}
	for i := 0; i < len(repl); {
		if repl[i] != '\\' {
			t.lit.WriteByte(repl[i])
			i++
			continue
		}
		var err error
		if i, err = t.escape(repl, i+1); err != nil {
			return nil, err
		}
	}
	return append(t.parts, part{t.lit.String(), -1}), nil
}

// A template is what a replacement was read as so far.
type template struct {
	groups int
	names  map[string]int
	parts  []part
	lit    strings.Builder // what stands behind the last group
}

func (t *template) group(n int) error {
	if n > t.groups {
		return fmt.Errorf("invalid group reference %d", n)
	}
	t.parts = append(t.parts, part{t.lit.String(), n})
	t.lit.Reset()
	return nil
}

// escape reads what follows a backslash, at i.
func (t *template) escape(repl string, i int) (next int, err error) {
	if i == len(repl) {
		return 0, errors.New("bad escape (end of pattern)")
	}
	c := repl[i]
	switch {
	case c == 'g':
		n, next, err := t.namedGroup(repl, i+1)
		if err != nil {
			return 0, err
		}
		return next, t.group(n)
	case isDigit(c):
		value, octal, next, err := numericEscape(repl, i)
		if err != nil {
			return 0, err
		}
		if !octal {
			return next, t.group(value)
		}
		t.lit.WriteRune(rune(value))
		return next, nil
	case simpleEscape(rune(c)) >= 0:
		t.lit.WriteRune(simpleEscape(rune(c)))
	case isLetter(rune(c)):
		return 0, fmt.Errorf("bad escape \\%c", c)
	default: // an unknown escape stays as it is, except the backslash's own
		t.lit.WriteByte('\\')
		if c != '\\' {
			t.lit.WriteByte(c)
		}
	}
	return i + 1, nil
}

// namedGroup reads <name> or <number> at i.
func (t *template) namedGroup(repl string, i int) (group, next int, err error) {
	rest := repl[i:]
	end := strings.IndexByte(rest, '>')
	if !strings.HasPrefix(rest, "<") || end < 0 {
		return 0, 0, fmt.Errorf(`missing <name> after \g`)
	}
	name := rest[1:end]
	if n, ok := t.names[name]; ok {
		return n, i + end + 1, nil
	}
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || !isDigit(name[0]) {
		return 0, 0, fmt.Errorf("unknown group name %q", name)
	}
	return n, i + end + 1, nil
}

// numericEscape reads the digits after a backslash at i: octal when they start
// with 0 or are three octal digits, else a group of at most two digits.
func numericEscape(s string, i int) (value int, octal bool, next int, err error) {
	at := func(k int) byte {
		if k < len(s) {
			return s[k]
		}
		return 0
	}
	isOctal := func(c byte) bool { return c >= '0' && c <= '7' }
	if s[i] == '0' {
		for next = i + 1; next < i+3 && isOctal(at(next)); next++ {
			value = value*8 + int(at(next)-'0')
		}
		return value, true, next, nil
	}
	if isOctal(s[i]) && isOctal(at(i+1)) && isOctal(at(i+2)) {
		value = int(s[i]-'0')*64 + int(s[i+1]-'0')*8 + int(s[i+2]-'0')
		if value > 0o377 {
			return 0, false, 0, fmt.Errorf("octal escape value \\%s outside of range 0-0o377", s[i:i+3])
		}
		return value, true, i + 3, nil
	}
	value, next = int(s[i]-'0'), i+1
	if isDigit(at(next)) {
		value, next = value*10+int(at(next)-'0'), next+1
	}
	return value, false, next, nil
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// simpleEscape returns the character that \c stands for, or -1.
func simpleEscape(c rune) rune {
	switch c {
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	}
	return -1
}
