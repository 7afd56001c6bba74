package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// The expressions that most checkpoints split words with are written here as
// functions, which are many times faster; fastSplits in steps.go names them.

// class is what the expressions tell characters apart by.
type class uint8

const (
	other  class = iota // [^\s\p{L}\p{N}], and bytes that are not UTF-8
	letter              // \p{L}
	number              // \p{N}
	space               // \s: White_Space
)

// classAt returns the class and width of the first character of s.
func classAt(s string) (class, int) {
	if c := s[0]; c < utf8.RuneSelf {
		return asciiClass[c], 1
	}
	r, width := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && width == 1:
		return other, 1
	case ucd.IsLetter(r):
		return letter, width
	case ucd.IsNumber(r):
		return number, width
	case unicode.IsSpace(r):
		return space, width
	}
	return other, width
}

var asciiClass = classifyASCII()

func classifyASCII() (classes [utf8.RuneSelf]class) {
	for c := range classes {
		switch r := rune(c); {
		case unicode.IsLetter(r):
			classes[c] = letter
		case unicode.IsNumber(r):
			classes[c] = number
		case unicode.IsSpace(r):
			classes[c] = space
		}
	}
	return classes
}

// run returns the length of the longest prefix of s whose characters are of
// class c, at most limit of them where limit is positive, and the width of its
// last character.
func run(s string, c class, limit int) (length, last int) {
	for n := 0; length < len(s) && (limit <= 0 || n < limit); n++ {
		k, width := classAt(s[length:])
		if k != c {
			break
		}
		length, last = length+width, width
	}
	return length, last
}

// splitGPT2 is exprGPT2.
func splitGPT2(text string, first bool, emit emitter) {
	for len(text) > 0 {
		n := contraction(text, false)
		if n == 0 {
			n = gpt2Word(text)
		}
		emit(text[:n], first)
		text, first = text[n:], false
	}
}

func gpt2Word(s string) int {
	lead := 0 // the optional blank
	c, _ := classAt(s)
	if s[0] == ' ' && len(s) > 1 {
		if next, _ := classAt(s[1:]); next != space {
			c, lead = next, 1
		}
	}
	if c == space {
		return blanks(s)
	}
	n, _ := run(s[lead:], c, 0)
	return lead + n
}

// blanks matches \s+(?!\S)|\s+ at a white-space character: the whole run, less
// its last character where something follows that could start with it.
func blanks(s string) int {
	n, last := run(s, space, 0)
	if n < len(s) && n > last {
		return n - last
	}
	return n
}

// contraction returns the length of 's, 't, 're, 've, 'm, 'll or 'd at the
// start of s, 0 if there is none. Folding case makes U+017F (ſ) an s too.
func contraction(s string, fold bool) int {
	if len(s) < 2 || s[0] != '\'' {
		return 0
	}
	a, b := s[1], byte(0)
	if len(s) > 2 {
		b = s[2]
	}
	if fold {
		if strings.HasPrefix(s[1:], "ſ") {
			return 1 + len("ſ")
		}
		a, b = lower(a), lower(b)
	}
	switch {
	case a == 's' || a == 't' || a == 'm' || a == 'd':
		return 2
	case a == 'r' && b == 'e', a == 'v' && b == 'e', a == 'l' && b == 'l':
		return 3
	}
	return 0
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// splitLlama3 is exprLlama3, splitQwen2 the same with numbers one by one.
func splitLlama3(text string, first bool, emit emitter) { splitModern(text, 3, first, emit) }

func splitQwen2(text string, first bool, emit emitter) { splitModern(text, 1, first, emit) }

func splitModern(text string, digits int, first bool, emit emitter) {
	for len(text) > 0 {
		n := contraction(text, true)
		if n == 0 {
			n = modernWord(text, digits)
		}
		emit(text[:n], first)
		text, first = text[n:], false
	}
}

func modernWord(s string, digits int) int {
	c, width := classAt(s)
	switch c {
	case letter:
		n, _ := run(s, letter, 0)
		return n
	case number:
		n, _ := run(s, number, digits)
		return n
	}
	next := space
	if width < len(s) {
		next, _ = classAt(s[width:])
	}
	if next == letter && !newline(s[0]) {
		n, _ := run(s[width:], letter, 0)
		return width + n
	}
	if c == space && (s[0] != ' ' || next != other) {
		return lines(s)
	}
	lead := 0
	if c == space {
		lead = 1
	}
	n, _ := run(s[lead:], other, 0)
	n += lead
	for n < len(s) && newline(s[n]) {
		n++
	}
	return n
}

// lines matches \s*[\r\n]+|\s+(?!\S)|\s+ at a white-space character: up to the
// last line break of the run if it has one.
func lines(s string) int {
	n, _ := run(s, space, 0)
	if i := strings.LastIndexAny(s[:n], "\r\n"); i >= 0 {
		return i + 1
	}
	return blanks(s)
}

func newline(c byte) bool { return c == '\r' || c == '\n' }
