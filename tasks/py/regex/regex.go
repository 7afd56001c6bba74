// Package regex gives Python's re semantics to task files: their filters,
// ignored patterns and templates were written for it, and a score must not
// depend on which regular expression dialect read them.
//
// A pattern is parsed by Python's grammar (3.11) and rewritten for regexp2, a
// backtracking engine of the .NET kind. The rewriting covers what differs:
// group numbering, \Z, \w \s \d and \b (Python's own Unicode classes), flags,
// {,n}, fixed-width look-behind, and findall's rule for empty matches.
// Not supported, and refused by name: the locale flag and \N{...}. What
// remains different are bounded repeats of something that can be empty, such
// as (?:^|a){1,2}, where .NET counts an empty round otherwise; on random
// patterns of all kinds one in a thousand is such a case.
//
// regexp2 counts no steps, so a pathological pattern is stopped by its
// backtracking stack (deterministic) or after matchTimeout. Both are errors,
// never a different answer, so a score cannot depend on the machine's load.
package regex

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout ends one search. Patterns of real tasks take microseconds.
const matchTimeout = 10 * time.Second

// maxPattern bounds a pattern's length in bytes.
const maxPattern = 64 << 10

// A Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	pattern string
	body    string // the pattern in regexp2's syntax
	options regexp2.RegexOptions
	groups  int
	names   map[string]int

	search variant // anywhere from the start position
	// advance refuses an empty match at the start position: after an empty
	// match Python looks once more at the same place for a longer one.
	advance variant
	match   variant // at the beginning only
	full    variant // the whole text
}

// A variant is one anchoring of the pattern, compiled when first used.
type variant struct {
	once sync.Once
	re   *regexp2.Regexp
	err  error
}

// Compile parses a pattern as Python's re.compile does. Flags are written in
// the pattern: (?s), (?i) and so on. The error says what is wrong and at which
// character.
func Compile(pattern string) (*Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("regular expression of %d bytes: the limit is %d", len(pattern), maxPattern)
	}
	t, err := translate(pattern)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", shorten(pattern), err)
	}
	r := &Regexp{pattern: pattern, body: t.out.String(), options: t.options(), groups: t.groups, names: t.names}
	if _, err := r.compiled(&r.search, "", ""); err != nil {
		return nil, err
	}
	return r, nil
}

// MustCompile is Compile for patterns that stand in the program.
func MustCompile(pattern string) *Regexp {
	r, err := Compile(pattern)
	if err != nil {
		panic(err)
	}
	return r
}

// Pattern returns the pattern as it was given.
func (r *Regexp) Pattern() string { return r.pattern }

// NumGroups returns the number of capturing groups.
func (r *Regexp) NumGroups() int { return r.groups }

// GroupNumber returns the number of a named group.
func (r *Regexp) GroupNumber(name string) (int, bool) {
	n, ok := r.names[name]
	return n, ok
}

func (r *Regexp) compiled(v *variant, before, after string) (*regexp2.Regexp, error) {
	v.once.Do(func() {
		src := r.body
		if before != "" || after != "" {
			src = before + "(?:" + src + ")" + after
		}
		re, err := regexp2.Compile(src, r.options)
		if err != nil {
			v.err = fmt.Errorf("regular expression %q: %w", shorten(r.pattern), err)
			return
		}
		re.MatchTimeout = matchTimeout
		v.re = re
	})
	return v.re, v.err
}

// matchError hides the engine's message, which repeats the whole input.
func (r *Regexp) matchError(err error) error {
	if errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		return fmt.Errorf("regular expression %q: too much backtracking on this text: simplify nested repeats", shorten(r.pattern))
	}
	return fmt.Errorf("regular expression %q: no answer after %s on this text: simplify nested repeats", shorten(r.pattern), matchTimeout)
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
