package regex

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth  = 200     // nested groups
	maxRepeat = 1 << 30 // counts as without end
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

// parser reads a pattern by Python's grammar.
type parser struct {
	src    []rune
	pos    int
	loops  int
	global flags
	groups int
	names  map[string]int
	widths map[int]width // of closed groups
	// largestTest is the largest group a conditional asks for; unlike a
	// back-reference it may stand before its group.
	largestTest int
}

func parse(pattern string) (*parser, node, error) {
	if !utf8.ValidString(pattern) {
		return nil, nil, fmt.Errorf("not valid UTF-8")
	}
	p := &parser{src: []rune(pattern), names: map[string]int{}, widths: map[int]width{}}
	root, _, err := p.alternation(&p.global, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("%w at character %d", err, p.pos)
	}
	if p.pos < len(p.src) {
		return nil, nil, fmt.Errorf("unbalanced parenthesis at character %d", p.pos)
	}
	if p.largestTest > p.groups {
		return nil, nil, fmt.Errorf("invalid group reference %d", p.largestTest)
	}
	return p, root, nil
}

func (p *parser) peek() rune {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return -1
}

// accept steps over s when it comes next.
func (p *parser) accept(s string) bool {
	rs := []rune(s)
	if len(p.src)-p.pos < len(rs) || string(p.src[p.pos:p.pos+len(rs)]) != s {
		return false
	}
	p.pos += len(rs)
	return true
}

// until returns the text before the next end and steps over both.
func (p *parser) until(end rune, what string) (string, error) {
	for i := p.pos; i < len(p.src); i++ {
		if p.src[i] == end {
			s := string(p.src[p.pos:i])
			p.pos = i + 1
			return s, nil
		}
	}
	return "", fmt.Errorf("missing %c, unterminated %s", end, what)
}

// alternation reads branches up to a closing parenthesis or the end. Inline
// flags of the whole pattern change f, which is then &p.global.
func (p *parser) alternation(f *flags, depth int) (node, width, error) {
	if depth > maxDepth {
		return nil, width{}, fmt.Errorf("groups nested more than %d deep", maxDepth)
	}
	first, w, err := p.sequence(f, depth, depth == 0)
	branches := choice{first}
	for err == nil && p.accept("|") {
		var n node
		var branch width
		n, branch, err = p.sequence(f, depth, false)
		branches, w = append(branches, n), w.or(branch)
	}
	if len(branches) == 1 {
		return first, w, err
	}
	return branches, w, err
}

// sequence reads one branch. mayFlag: this is the first branch of the whole
// pattern, where flags for all of it may stand.
func (p *parser) sequence(f *flags, depth int, mayFlag bool) (node, width, error) {
	var total width
	var out sequence
	for {
		if err := p.skipIgnored(*f); err != nil {
			return nil, total, err
		}
		c := p.peek()
		if c < 0 || c == '|' || c == ')' {
			return out, total, nil
		}
		if p.globalFlags() {
			if !mayFlag {
				return nil, total, fmt.Errorf("global flags not at the start of the expression")
			}
			if err := p.readGlobalFlags(f); err != nil {
				return nil, total, err
			}
			continue
		}
		mayFlag = false
		n, w, repeatable, err := p.atom(*f, depth)
		if err != nil {
			return nil, total, err
		}
		n, w, err = p.repeats(*f, n, w, repeatable)
		if err != nil {
			return nil, total, err
		}
		out, total = append(out, n), total.then(w)
	}
}

// skipIgnored steps over comments, and in verbose patterns over white space.
func (p *parser) skipIgnored(f flags) error {
	for {
		if f.verbose {
			p.skipVerbose()
		}
		if !p.accept("(?#") {
			return nil
		}
		if _, err := p.until(')', "comment"); err != nil {
			return err
		}
	}
}

// skipVerbose steps over white space and comments of verbose patterns.
func (p *parser) skipVerbose() {
	for {
		switch c := p.peek(); {
		case strings.ContainsRune(" \t\n\r\v\f", c) && c >= 0:
			p.pos++
		case c == '#':
			for p.peek() >= 0 && p.peek() != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

// repeats reads the quantifier after an atom, if there is one.
func (p *parser) repeats(f flags, n node, w width, repeatable bool) (node, width, error) {
	if err := p.skipIgnored(f); err != nil {
		return nil, w, err
	}
	lo, hi, ok, err := p.quantifier()
	if err != nil || !ok {
		return n, w, err
	}
	if !repeatable {
		return nil, w, fmt.Errorf("nothing to repeat")
	}
	r := &repeat{body: n, lo: lo, hi: hi, loop: p.loops, then: -1}
	p.loops++
	if p.accept("?") {
		r.lazy = true
	} else if p.accept("+") {
		r.possessive = true
	}
	if err := p.skipIgnored(f); err != nil {
		return nil, w, err
	}
	if _, _, again, err := p.quantifier(); err != nil || again {
		return nil, w, fmt.Errorf("multiple repeat")
	}
	return r, w.times(lo, hi), nil
}

// quantifier reads *, +, ?, {n}, {n,}, {,m} or {n,m}. A brace that starts no
// such thing is left for the next atom: it is a literal.
func (p *parser) quantifier() (lo, hi int, ok bool, err error) {
	start := p.pos
	switch {
	case p.accept("*"):
		return 0, maxRepeat, true, nil
	case p.accept("+"):
		return 1, maxRepeat, true, nil
	case p.accept("?"):
		return 0, 1, true, nil
	case !p.accept("{"):
		return 0, 0, false, nil
	}
	lo, hasLo := p.number()
	hi, hasHi := lo, hasLo
	comma := p.accept(",")
	if comma {
		hi, hasHi = p.number()
	}
	if !p.accept("}") || !comma && !hasLo {
		p.pos = start
		return 0, 0, false, nil
	}
	if lo >= maxRepeat || hi >= maxRepeat {
		return 0, 0, false, fmt.Errorf("the repetition number is too large")
	}
	if !hasHi {
		return lo, maxRepeat, true, nil
	}
	if lo > hi {
		return 0, 0, false, fmt.Errorf("min repeat greater than max repeat")
	}
	return lo, hi, true, nil
}

// number reads decimal digits; large values are capped at maxRepeat.
func (p *parser) number() (n int, ok bool) {
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		n, ok = min(n*10+int(c-'0'), maxRepeat), true
		p.pos++
	}
	return n, ok
}

// atom reads one thing that can be repeated, or an anchor, which cannot.
func (p *parser) atom(f flags, depth int) (n node, w width, repeatable bool, err error) {
	c := p.src[p.pos]
	switch c {
	case '(':
		p.pos++
		n, w, err = p.group(f, depth)
		return n, w, true, err
	case '[':
		p.pos++
		n, err = p.class(f)
		return n, width{1, 1}, true, err
	case '\\':
		p.pos++
		return p.escape(f)
	case '^', '$':
		p.pos++
		return lineAnchor(c, f.multiline), width{}, false, nil
	case '.':
		p.pos++
		if f.dotAll {
			return anything, width{1, 1}, true, nil
		}
		return notNewline, width{1, 1}, true, nil
	case '*', '+', '?':
		return nil, width{}, false, fmt.Errorf("nothing to repeat")
	case '{':
		if _, _, ok, err := p.quantifier(); ok || err != nil {
			return nil, width{}, false, fmt.Errorf("nothing to repeat")
		}
	}
	p.pos++
	return literal(c, f), width{1, 1}, true, nil
}
