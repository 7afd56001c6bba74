// Package regex gives Python's re semantics to task files: their filters,
// ignored patterns and templates were written for it, and a score must not
// depend on which regular expression dialect read them.
//
// A pattern is parsed by Python's grammar (3.11) and matched by backtracking,
// choice by choice in Python's order, with look-around, back-references,
// conditionals, atomic groups and possessive repeats. Not supported, and
// refused by name: the locale flag and \N{...}. In possessive repeats of
// groups Python 3.11 sets groups that took no part; here they are not set.
//
// Steps are counted: a search that takes too many is an error, the same on
// every machine and never a different answer.
package regex

import (
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// maxPattern bounds a pattern's length in bytes.
const maxPattern = 64 << 10

// A Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	pattern string
	groups  int
	loops   int
	names   map[string]int
	start   step
	first   rune // with which every match begins, -1 if not known
}

// Compile parses a pattern as Python's re.compile does. Flags are written in
// the pattern: (?s), (?i) and so on. The error says what is wrong and at which
// character.
func Compile(pattern string) (*Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("regular expression of %d bytes: the limit is %d", len(pattern), maxPattern)
	}
	p, root, err := parse(pattern)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", shorten(pattern), quote.Error(err))
	}
	return &Regexp{
		pattern: pattern, groups: p.groups, loops: p.loops, names: p.names,
		start: root.compile(accept), first: firstChar(root),
	}, nil
}

// firstChar is the character with which every match begins, -1 if there is no
// one such.
func firstChar(n node) rune {
	switch n := n.(type) {
	case *char:
		return n.only
	case *capture:
		return firstChar(n.body)
	case sequence:
		if len(n) > 0 {
			return firstChar(n[0])
		}
	case *repeat:
		if n.lo > 0 {
			return firstChar(n.body)
		}
	}
	return -1
}

// MustCompile is Compile for patterns that stand in the program.
func MustCompile(pattern string) *Regexp {
	r, err := Compile(pattern)
	if err != nil {
		panic(err)
	}
	return r
}

// tooLong says that a search was given up, without the text.
func (r *Regexp) tooLong() error {
	return fmt.Errorf("regular expression %q: too much backtracking on this text: simplify nested repeats", shorten(r.pattern))
}

func shorten(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// Escape returns a pattern that matches s literally, as re.escape writes it.
func Escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
