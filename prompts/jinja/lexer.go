package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// lexer turns template source into tokens. White space control (the signs inside tags, trim_blocks, lstrip_blocks)
// is all done here, on the text between tags, as in Jinja2's lexer.
type lexer struct {
	opt       *Options
	src       string
	pos       int
	line      int
	lineStart bool // the last tag or text ended with a newline, so a tag may be the first thing on its line
	brackets  []byte
	tokens    []token
}

func lex(src string, opt *Options) ([]token, error) {
	src = strings.ReplaceAll(strings.ReplaceAll(src, "\r\n", "\n"), "\r", "\n")
	if !opt.KeepTrailingNewline {
		src = strings.TrimSuffix(src, "\n")
	}
	l := &lexer{opt: opt, src: src, line: 1, lineStart: true}
	for l.pos < len(l.src) {
		if err := l.root(); err != nil {
			return nil, err
		}
	}
	l.emit(kindEOF, "")
	return l.tokens, nil
}

func (l *lexer) fail(format string, args ...any) error {
	return &SyntaxError{Name: l.opt.Name, Line: l.line, Msg: fmt.Sprintf(format, args...)}
}

func (l *lexer) emit(k kind, text string) {
	l.tokens = append(l.tokens, token{k, text, l.line})
}

// advance moves over n bytes and counts lines.
func (l *lexer) advance(n int) {
	passed := l.src[l.pos : l.pos+n]
	l.line += strings.Count(passed, "\n")
	if n > 0 {
		l.lineStart = passed[n-1] == '\n'
	}
	l.pos += n
}

// root reads text up to the next tag, and the tag.
func (l *lexer) root() error {
	rest := l.src[l.pos:]
	at := nextTag(rest)
	if at < 0 {
		l.emit(kindData, rest)
		l.advance(len(rest))
		return nil
	}
	open := rest[at : at+2]
	sign := byte(0)
	if at+2 < len(rest) && (rest[at+2] == '-' || rest[at+2] == '+') {
		sign = rest[at+2]
	}
	if text := l.trimBefore(rest[:at], sign, open != "{{"); text != "" {
		l.emit(kindData, text)
	}
	if open == "{%" {
		if n := rawBegin(rest[at:]); n > 0 {
			l.advance(at + n)
			return l.raw()
		}
	}
	l.advance(at + 2)
	if sign != 0 {
		l.advance(1)
	}
	switch open {
	case "{#":
		return l.comment()
	case "{{":
		l.emit(kindVariableBegin, "{{")
		return l.tag("}}", kindVariableEnd)
	}
	l.emit(kindBlockBegin, "{%")
	return l.tag("%}", kindBlockEnd)
}

// nextTag finds the first of {{ {% {#.
func nextTag(s string) int {
	for i := 0; i+1 < len(s); i++ {
		j := strings.IndexByte(s[i:], '{')
		if j < 0 || i+j+1 >= len(s) {
			return -1
		}
		i += j
		if c := s[i+1]; c == '{' || c == '%' || c == '#' {
			return i
		}
	}
	return -1
}

// trimBefore applies the white space control of a tag to the text before it.
func (l *lexer) trimBefore(text string, sign byte, isBlock bool) string {
	switch {
	case sign == '-':
		return py.RStrip(text, "")
	case sign == '+' || !l.opt.LstripBlocks || !isBlock:
		return text
	}
	lineAt := strings.LastIndexByte(text, '\n') + 1
	if (lineAt > 0 || l.lineStart) && py.IsSpaceString(text[lineAt:]) {
		return text[:lineAt]
	}
	return text
}

// skipSpace moves over white space, which "-" at the end of a tag asks for.
func (l *lexer) skipSpace() {
	rest := l.src[l.pos:]
	l.advance(len(rest) - len(py.LStrip(rest, "")))
}

// tagEnd consumes the end of a block, comment or variable tag if it is next. variable tags know no "+" and do not
// trim the newline after them.
func (l *lexer) tagEnd(end string) bool {
	rest := l.src[l.pos:]
	switch {
	case strings.HasPrefix(rest, "-"+end):
		l.advance(1 + len(end))
		l.skipSpace()
	case end != "}}" && strings.HasPrefix(rest, "+"+end):
		l.advance(1 + len(end))
	case strings.HasPrefix(rest, end):
		l.advance(len(end))
		if end != "}}" && l.opt.TrimBlocks && strings.HasPrefix(l.src[l.pos:], "\n") {
			l.advance(1)
		}
	default:
		return false
	}
	return true
}

func (l *lexer) comment() error {
	at := strings.Index(l.src[l.pos:], "#}")
	if at < 0 {
		return l.fail("missing end of comment tag")
	}
	if at > 0 && strings.IndexByte("-+", l.src[l.pos+at-1]) >= 0 {
		at--
	}
	l.advance(at)
	l.tagEnd("#}")
	return nil
}

// rawBegin returns the length of a {% raw %} tag at the start of s, or 0.
func rawBegin(s string) int {
	rest := s[2:] // after {%
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	rest = py.LStrip(rest, "")
	if !strings.HasPrefix(rest, "raw") {
		return 0
	}
	rest = py.LStrip(rest[3:], "")
	if after, ok := strings.CutPrefix(rest, "-%}"); ok {
		return len(s) - len(py.LStrip(after, ""))
	}
	if after, ok := strings.CutPrefix(rest, "%}"); ok {
		return len(s) - len(after)
	}
	return 0
}

// raw copies text verbatim up to {% endraw %}.
func (l *lexer) raw() error {
	from := l.pos
	for at := from; ; at += 2 {
		i := strings.Index(l.src[at:], "{%")
		if i < 0 {
			return l.fail("missing end of raw directive")
		}
		at += i
		rest := l.src[at+2:]
		sign := byte(0)
		if rest != "" && (rest[0] == '-' || rest[0] == '+') {
			sign = rest[0]
			rest = rest[1:]
		}
		rest, ok := strings.CutPrefix(py.LStrip(rest, ""), "endraw")
		if !ok {
			continue
		}
		rest = py.LStrip(rest, "")
		if !strings.HasPrefix(rest, "%}") && !strings.HasPrefix(rest, "-%}") && !strings.HasPrefix(rest, "+%}") {
			continue
		}
		if text := l.trimBefore(l.src[from:at], sign, true); text != "" {
			l.emit(kindData, text)
		}
		l.advance(len(l.src) - len(rest) - l.pos)
		l.tagEnd("%}")
		return nil
	}
}

// tag reads expression tokens up to end; inside brackets the end mark has no meaning ("{{ {'a': {}} }}").
func (l *lexer) tag(end string, endKind kind) error {
	l.brackets = l.brackets[:0]
	for l.pos < len(l.src) {
		line := l.line
		if len(l.brackets) == 0 && l.tagEnd(end) {
			l.tokens = append(l.tokens, token{endKind, end, line})
			return nil
		}
		if r, n := utf8.DecodeRuneInString(l.src[l.pos:]); py.IsSpace(r) {
			l.advance(n)
			continue
		}
		if err := l.expressionToken(); err != nil {
			return err
		}
	}
	return l.fail("unexpected end of template inside a tag: missing '%s'", end)
}

func (l *lexer) expressionToken() error {
	rest := l.src[l.pos:]
	switch c := rest[0]; {
	case c >= '0' && c <= '9':
		return l.number(rest)
	case c == '"' || c == '\'':
		return l.str(rest)
	case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf:
		return l.name(rest)
	}
	for _, op := range []string{"//", "**", "==", "!=", ">=", "<="} {
		if strings.HasPrefix(rest, op) {
			l.emit(kindOp, op)
			l.advance(2)
			return nil
		}
	}
	if strings.IndexByte("+-/*%~[](){}><=.:|,;", rest[0]) < 0 {
		return l.fail("unexpected character %q", rest[:1])
	}
	if err := l.bracket(rest[0]); err != nil {
		return err
	}
	l.emit(kindOp, rest[:1])
	l.advance(1)
	return nil
}

func (l *lexer) bracket(c byte) error {
	switch c {
	case '(':
		l.brackets = append(l.brackets, ')')
	case '[':
		l.brackets = append(l.brackets, ']')
	case '{':
		l.brackets = append(l.brackets, '}')
	case ')', ']', '}':
		if len(l.brackets) == 0 {
			return l.fail("unexpected '%c'", c)
		}
		if want := l.brackets[len(l.brackets)-1]; want != c {
			return l.fail("unexpected '%c', expected '%c'", c, want)
		}
		l.brackets = l.brackets[:len(l.brackets)-1]
	}
	return nil
}

func (l *lexer) name(rest string) error {
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.In(r, unicode.L, unicode.N, unicode.M) })
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return l.fail("unexpected character %q", string([]rune(rest)[:1]))
	}
	l.emit(kindName, rest[:end])
	l.advance(end)
	return nil
}

func (l *lexer) str(rest string) error {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case rest[0]:
			text, err := py.Unescape(rest[1:i])
			if err != nil {
				return l.fail("bad string: %v", err)
			}
			l.emit(kindString, text)
			l.advance(i + 1)
			return nil
		}
	}
	return l.fail("unterminated string")
}

// number reads an integer or float; the digits are validated by py.Literal, whose syntax is the same.
func (l *lexer) number(rest string) error {
	n := 1
	if len(rest) > 1 && strings.IndexByte("xXoObB", rest[1]) >= 0 && rest[0] == '0' {
		for n = 2; n < len(rest) && (isDigit(rest[n]) || rest[n] == '_' || rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'f'); n++ {
		}
		l.emit(kindInteger, rest[:n])
		l.advance(n)
		return nil
	}
	digits := func() {
		for n < len(rest) && (isDigit(rest[n]) || rest[n] == '_' && n+1 < len(rest) && isDigit(rest[n+1])) {
			n++
		}
	}
	digits()
	k := kindInteger
	afterDot := len(l.tokens) > 0 && l.tokens[len(l.tokens)-1].text == "." && l.src[l.pos-1] == '.'
	if !afterDot && n+1 < len(rest) && rest[n] == '.' && isDigit(rest[n+1]) {
		k = kindFloat
		n++
		digits()
	}
	if exp := exponent(rest[n:]); !afterDot && exp > 0 {
		k = kindFloat
		n += exp
		digits()
	}
	l.emit(k, rest[:n])
	l.advance(n)
	return nil
}

// exponent returns the length of an exponent mark with its sign and first digit at the start of s, or 0.
func exponent(s string) int {
	if s == "" || s[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	if n < len(s) && isDigit(s[n]) {
		return n + 1
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
