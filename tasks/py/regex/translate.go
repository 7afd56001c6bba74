package regex

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

const (
	maxDepth  = 200     // nested groups
	maxRepeat = 1 << 30 // the engine counts in 32 bits
)

// flags are the inline flags in force at one place.
type flags struct{ ignoreCase, multiline, dotAll, verbose, ascii bool }

// width is the range of lengths in code points that an expression can match.
type width struct{ min, max int }

func (w width) then(v width) width { return width{capWidth(w.min + v.min), capWidth(w.max + v.max)} }
func (w width) or(v width) width   { return width{min(w.min, v.min), max(w.max, v.max)} }
func (w width) times(lo, hi int) width {
	return width{capWidth(w.min * lo), capWidth(w.max * hi)}
}
func capWidth(n int) int { return min(n, maxRepeat) }

// translator reads a pattern by Python's grammar and writes it by .NET's.
type translator struct {
	src    []rune
	pos    int
	out    strings.Builder
	global flags
	groups int
	names  map[string]int
	widths map[int]width // of closed groups
	// largestTest is the largest group a conditional asks for; unlike a
	// back-reference it may stand before its group.
	largestTest int
}

func translate(pattern string) (*translator, error) {
	if !utf8.ValidString(pattern) {
		return nil, fmt.Errorf("not valid UTF-8")
	}
	t := &translator{src: []rune(pattern), names: map[string]int{}, widths: map[int]width{}}
	if _, err := t.alternation(&t.global, 0); err != nil {
		return nil, fmt.Errorf("%w at character %d", err, t.pos)
	}
	if t.pos < len(t.src) {
		return nil, fmt.Errorf("unbalanced parenthesis at character %d", t.pos)
	}
	if t.largestTest > t.groups {
		return nil, fmt.Errorf("invalid group reference %d", t.largestTest)
	}
	return t, nil
}

func (t *translator) options() regexp2.RegexOptions {
	o := regexp2.None
	if t.global.ignoreCase {
		o |= regexp2.IgnoreCase
	}
	if t.global.multiline {
		o |= regexp2.Multiline
	}
	if t.global.dotAll {
		o |= regexp2.Singleline
	}
	return o
}

func (t *translator) peek() rune {
	if t.pos < len(t.src) {
		return t.src[t.pos]
	}
	return -1
}

// accept steps over s when it comes next.
func (t *translator) accept(s string) bool {
	rs := []rune(s)
	if len(t.src)-t.pos < len(rs) || string(t.src[t.pos:t.pos+len(rs)]) != s {
		return false
	}
	t.pos += len(rs)
	return true
}

// until returns the text before the next end and steps over both.
func (t *translator) until(end rune, what string) (string, error) {
	for i := t.pos; i < len(t.src); i++ {
		if t.src[i] == end {
			s := string(t.src[t.pos:i])
			t.pos = i + 1
			return s, nil
		}
	}
	return "", fmt.Errorf("missing %c, unterminated %s", end, what)
}

// alternation reads branches up to a closing parenthesis or the end. Inline
// flags of the whole pattern change f, which is then &t.global.
func (t *translator) alternation(f *flags, depth int) (width, error) {
	if depth > maxDepth {
		return width{}, fmt.Errorf("groups nested more than %d deep", maxDepth)
	}
	w, err := t.sequence(f, depth, depth == 0)
	for err == nil && t.accept("|") {
		t.out.WriteByte('|')
		var branch width
		branch, err = t.sequence(f, depth, false)
		w = w.or(branch)
	}
	return w, err
}

// sequence reads one branch. mayFlag: this is the first branch of the whole
// pattern, where flags for all of it may stand.
func (t *translator) sequence(f *flags, depth int, mayFlag bool) (width, error) {
	var total width
	for {
		if err := t.skipIgnored(*f); err != nil {
			return total, err
		}
		c := t.peek()
		if c < 0 || c == '|' || c == ')' {
			return total, nil
		}
		if t.globalFlags() {
			if !mayFlag {
				return total, fmt.Errorf("global flags not at the start of the expression")
			}
			if err := t.readGlobalFlags(f); err != nil {
				return total, err
			}
			continue
		}
		mayFlag = false
		w, repeatable, err := t.atom(*f, depth)
		if err != nil {
			return total, err
		}
		w, err = t.repeats(*f, w, repeatable)
		if err != nil {
			return total, err
		}
		total = total.then(w)
	}
}

// skipIgnored steps over comments, and in verbose patterns over white space.
func (t *translator) skipIgnored(f flags) error {
	for {
		if f.verbose {
			t.skipVerbose()
		}
		if !t.accept("(?#") {
			return nil
		}
		if _, err := t.until(')', "comment"); err != nil {
			return err
		}
	}
}

// skipVerbose steps over white space and comments of verbose patterns.
func (t *translator) skipVerbose() {
	for {
		switch c := t.peek(); {
		case strings.ContainsRune(" \t\n\r\v\f", c) && c >= 0:
			t.pos++
		case c == '#':
			for t.peek() >= 0 && t.peek() != '\n' {
				t.pos++
			}
		default:
			return
		}
	}
}

// repeats reads the quantifier after an atom, if there is one.
func (t *translator) repeats(f flags, w width, repeatable bool) (width, error) {
	if err := t.skipIgnored(f); err != nil {
		return w, err
	}
	lo, hi, ok, err := t.quantifier()
	if err != nil || !ok {
		return w, err
	}
	if !repeatable {
		return w, fmt.Errorf("nothing to repeat")
	}
	if t.accept("?") {
		t.out.WriteByte('?')
	} else if t.accept("+") {
		t.out.WriteByte('+')
	}
	if err := t.skipIgnored(f); err != nil {
		return w, err
	}
	if _, _, again, err := t.quantifier(); err != nil || again {
		return w, fmt.Errorf("multiple repeat")
	}
	return w.times(lo, hi), nil
}

// quantifier reads *, +, ?, {n}, {n,}, {,m} or {n,m} and writes it. A brace
// that starts no such thing is left for the next atom: it is a literal.
func (t *translator) quantifier() (lo, hi int, ok bool, err error) {
	start := t.pos
	switch {
	case t.accept("*"):
		t.out.WriteByte('*')
		return 0, maxRepeat, true, nil
	case t.accept("+"):
		t.out.WriteByte('+')
		return 1, maxRepeat, true, nil
	case t.accept("?"):
		t.out.WriteByte('?')
		return 0, 1, true, nil
	case !t.accept("{"):
		return 0, 0, false, nil
	}
	lo, hasLo := t.number()
	hi, hasHi := lo, hasLo
	comma := t.accept(",")
	if comma {
		hi, hasHi = t.number()
	}
	if !t.accept("}") || !comma && !hasLo {
		t.pos = start
		return 0, 0, false, nil
	}
	if lo >= maxRepeat || hi >= maxRepeat {
		return 0, 0, false, fmt.Errorf("the repetition number is too large")
	}
	if !hasHi {
		fmt.Fprintf(&t.out, "{%d,}", lo)
		return lo, maxRepeat, true, nil
	}
	if lo > hi {
		return 0, 0, false, fmt.Errorf("min repeat greater than max repeat")
	}
	fmt.Fprintf(&t.out, "{%d,%d}", lo, hi)
	return lo, hi, true, nil
}

// number reads decimal digits; large values are capped at maxRepeat.
func (t *translator) number() (n int, ok bool) {
	for c := t.peek(); c >= '0' && c <= '9'; c = t.peek() {
		n, ok = min(n*10+int(c-'0'), maxRepeat), true
		t.pos++
	}
	return n, ok
}

// atom reads one thing that can be repeated, or an anchor, which cannot.
func (t *translator) atom(f flags, depth int) (w width, repeatable bool, err error) {
	c := t.src[t.pos]
	switch c {
	case '(':
		t.pos++
		w, err = t.group(f, depth)
		return w, true, err
	case '[':
		t.pos++
		return width{1, 1}, true, t.class(f)
	case '\\':
		t.pos++
		return t.escape(f)
	case '^', '$':
		t.pos++
		t.out.WriteRune(c)
		return width{}, false, nil
	case '.':
		t.pos++
		t.out.WriteByte('.')
		return width{1, 1}, true, nil
	case '*', '+', '?':
		return width{}, false, fmt.Errorf("nothing to repeat")
	case '{':
		if _, _, ok, err := t.quantifier(); ok || err != nil {
			return width{}, false, fmt.Errorf("nothing to repeat")
		}
	}
	t.pos++
	t.literal(c)
	return width{1, 1}, true, nil
}

// literal writes a character that stands for itself.
func (t *translator) literal(c rune) {
	if strings.ContainsRune(`\.+*?()|[]{}^$# `, c) {
		t.out.WriteByte('\\')
	}
	t.out.WriteRune(c)
}
