// Package onig matches the regular expressions that tokenizer files hold, as
// the library Oniguruma (Ruby syntax) does inside the Python library
// `tokenizers`: classes by Unicode category, look-around, possessive and lazy
// repetition. What it does not know it refuses by name.
package onig

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// The tree of an expression.
type node interface{}

type (
	chars  struct{ set ucd.Set } // one character
	seq    []node
	choice []node
	repeat struct {
		body     node
		min, max int // max -1: no end
		mode     mode
	}
	look struct {
		body         node
		behind, deny bool
	}
	atomic struct{ body node }
	assert byte // ^ $ A z Z b B, as they are written
)

type mode byte

const (
	greedy mode = iota
	lazy
	possessive
)

// Limits on what an expression may ask for, far above those in use.
const (
	longest     = 1 << 16 // bytes of an expression
	deepest     = 50      // groups in groups
	mostRepeats = 1000    // n in x{n}
)

type parser struct {
	text  string
	at    int
	fold  bool // (?i)
	depth int
}

func parse(text string) (node, error) {
	if len(text) > longest {
		return nil, fmt.Errorf("it has %d bytes, at most %d are read", len(text), longest)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("it is not UTF-8")
	}
	p := &parser{text: text}
	n, err := p.alternatives()
	if err == nil && p.at < len(text) {
		err = fmt.Errorf("there is a ) too many")
	}
	return n, err
}

func (p *parser) more() bool           { return p.at < len(p.text) }
func (p *parser) sees(s string) bool   { return strings.HasPrefix(p.text[p.at:], s) }
func (p *parser) accept(s string) bool { ok := p.sees(s); p.at += len(s) * btoi(ok); return ok }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *parser) next() rune {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	p.at += n
	return r
}

func (p *parser) alternatives() (node, error) {
	if p.depth++; p.depth > deepest {
		return nil, fmt.Errorf("groups lie in groups more than %d deep", deepest)
	}
	fold := p.fold
	defer func() { p.depth--; p.fold = fold }()
	var all choice
	for {
		s, err := p.sequence()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		if !p.accept("|") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *parser) sequence() (node, error) {
	var s seq
	for p.more() && !p.sees("|") && !p.sees(")") {
		if p.accept("(?i)") { // holds to the end of the group
			p.fold = true
			continue
		}
		atom, err := p.atom()
		if err != nil {
			return nil, err
		}
		if atom, err = p.repeats(atom); err != nil {
			return nil, err
		}
		s = append(s, atom)
	}
	return s, nil
}

func (p *parser) atom() (node, error) {
	switch r := p.next(); r {
	case '(':
		return p.group()
	case '[':
		set, err := p.class()
		return chars{p.folded(set)}, err
	case '.':
		return chars{ucd.Set{'\n', '\n'}.Not()}, nil
	case '^', '$':
		return assert(r), nil
	case '*', '+', '?':
		return nil, fmt.Errorf("%c repeats nothing", r)
	case '\\':
		return p.escape()
	default:
		return chars{p.folded(ucd.Set{r, r})}, nil
	}
}

func (p *parser) group() (node, error) {
	wrap := func(n node) node { return n }
	fold := p.fold
	defer func() { p.fold = fold }()
	switch {
	case p.accept("?:"):
	case p.accept("?i:"):
		p.fold = true
	case p.accept("?-i:"):
		p.fold = false
	case p.accept("?="):
		wrap = func(n node) node { return look{body: n} }
	case p.accept("?!"):
		wrap = func(n node) node { return look{body: n, deny: true} }
	case p.accept("?<="):
		wrap = func(n node) node { return look{body: n, behind: true} }
	case p.accept("?<!"):
		wrap = func(n node) node { return look{body: n, behind: true, deny: true} }
	case p.accept("?>"):
		wrap = func(n node) node { return atomic{n} }
	case p.sees("?"):
		return nil, fmt.Errorf("the group (%.10q is not known here", p.text[p.at:])
	}
	n, err := p.alternatives()
	if err == nil && !p.accept(")") {
		err = fmt.Errorf("a ) is missing")
	}
	if err != nil {
		return nil, err
	}
	return wrap(n), nil
}

// repeats reads the quantifiers behind an atom. As in Ruby, a + behind {n,m}
// repeats again, behind the others it makes them possessive.
func (p *parser) repeats(n node) (node, error) {
	for p.more() {
		r := repeat{body: n, max: -1}
		braces := false
		switch {
		case p.accept("*"):
		case p.accept("+"):
			r.min = 1
		case p.accept("?"):
			r.max = 1
		case p.sees("{"):
			var ok bool
			if r.min, r.max, ok = p.braces(); !ok {
				return nil, fmt.Errorf("{ at %.12q is no repetition up to %d", p.text[p.at:], mostRepeats)
			}
			braces = true
		default:
			return n, nil
		}
		switch {
		case braces && p.sees("?"):
			return nil, fmt.Errorf("a lazy {n,m}? is not known here")
		case !braces && p.accept("?"):
			r.mode = lazy
		case !braces && p.accept("+"):
			r.mode = possessive
		}
		n = r
	}
	return n, nil
}

func (p *parser) braces() (low, high int, ok bool) {
	inside, _, found := strings.Cut(p.text[p.at+1:], "}")
	if !found {
		return 0, 0, false
	}
	p.at += len(inside) + 2
	a, b, comma := strings.Cut(inside, ",")
	if a == "" {
		a = "0"
	}
	low, err := strconv.Atoi(a)
	high = low
	if comma && b == "" {
		high = -1
	} else if comma && err == nil {
		high, err = strconv.Atoi(b)
	}
	ok = err == nil && 0 <= low && low <= mostRepeats && high <= mostRepeats && (high < 0 || low <= high)
	return low, high, ok && inside != "" && inside != ","
}

// folded adds the characters that differ from those of s in case only.
func (p *parser) folded(s ucd.Set) ucd.Set {
	if !p.fold || s.Len() > 1000 { // a category holds both cases already
		return s
	}
	var more ucd.Set
	for i := 0; i < len(s); i += 2 {
		for r := s[i]; r <= s[i+1]; r++ {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				more = append(more, f, f)
			}
		}
	}
	return s.Union(more)
}

func (p *parser) escape() (node, error) {
	start := p.at
	if !p.more() {
		return nil, fmt.Errorf("it ends with a backslash")
	}
	switch r := p.next(); r {
	case 'A', 'z', 'Z', 'b', 'B':
		return assert(r), nil
	}
	p.at = start
	set, err := p.escaped()
	return chars{p.folded(set)}, err
}

// escaped reads what follows a backslash, in a class or outside.
func (p *parser) escaped() (ucd.Set, error) {
	if !p.more() {
		return nil, fmt.Errorf("it ends with a backslash")
	}
	one := func(r rune) (ucd.Set, error) { return ucd.Set{r, r}, nil }
	digits, _ := ucd.Named("Nd")
	switch r := p.next(); r {
	case 'n':
		return one('\n')
	case 'r':
		return one('\r')
	case 't':
		return one('\t')
	case 'f':
		return one('\f')
	case 'v':
		return one('\v')
	case 's':
		return ucd.Space(), nil
	case 'S':
		return ucd.Space().Not(), nil
	case 'd':
		return digits, nil
	case 'D':
		return digits.Not(), nil
	case 'w':
		return ucd.Word(), nil
	case 'W':
		return ucd.Word().Not(), nil
	case 'p', 'P':
		return p.property(r == 'P')
	case 'x', 'u':
		return p.hex(r)
	default:
		if r < utf8.RuneSelf && ('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') {
			return nil, fmt.Errorf("\\%c is not known here", r)
		}
		return one(r)
	}
}

func (p *parser) property(deny bool) (ucd.Set, error) {
	name, _, ok := strings.Cut(p.text[p.at:], "}")
	if !ok || name == "" || name[0] != '{' {
		return nil, fmt.Errorf("\\p without {name}")
	}
	p.at += len(name) + 1
	name = name[1:]
	if rest, not := strings.CutPrefix(name, "^"); not {
		name, deny = rest, !deny
	}
	set, ok := ucd.Named(name)
	if !ok {
		return nil, fmt.Errorf("the property \\p{%.30q} is not known here", name)
	}
	if deny {
		set = set.Not()
	}
	return set, nil
}

func (p *parser) hex(kind rune) (ucd.Set, error) {
	digits, skip := "", 0
	switch rest := p.text[p.at:]; {
	case kind == 'x' && strings.HasPrefix(rest, "{"):
		inside, _, _ := strings.Cut(rest[1:], "}")
		digits, skip = inside, len(inside)+2
	case kind == 'x' && len(rest) >= 2:
		digits, skip = rest[:2], 2
	case kind == 'u' && len(rest) >= 4:
		digits, skip = rest[:4], 4
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || v > unicode.MaxRune || p.at+skip > len(p.text) || kind == 'x' && skip == 2 && v >= utf8.RuneSelf {
		return nil, fmt.Errorf("\\%c with %.8q is no character", kind, p.text[p.at:])
	}
	p.at += skip
	return ucd.Set{rune(v), rune(v)}, nil
}

// class reads a bracket class behind its [.
func (p *parser) class() (ucd.Set, error) {
	if p.depth++; p.depth > deepest {
		return nil, fmt.Errorf("classes lie in classes more than %d deep", deepest)
	}
	defer func() { p.depth-- }()
	deny := p.accept("^")
	if p.sees("]") || p.sees("[:") {
		return nil, fmt.Errorf("the class at %.10q is not known here", p.text[p.at-1:])
	}
	var set, all ucd.Set // all: what stands before &&
	and := false
	meet := func() {
		if and {
			set = all.Intersect(set)
		}
		all, set, and = set, nil, true
	}
	for !p.accept("]") {
		if !p.more() {
			return nil, fmt.Errorf("a ] is missing")
		}
		if p.accept("&&") {
			meet()
			continue
		}
		item, err := p.classItem()
		if err != nil {
			return nil, err
		}
		set = set.Union(item)
	}
	if and {
		set = all.Intersect(set)
	}
	set = p.folded(set)
	if deny {
		set = set.Not()
	}
	return set, nil
}

// classItem reads a class in the class, an escape, a character or a range.
func (p *parser) classItem() (ucd.Set, error) {
	set, err := p.classAtom()
	if err != nil || len(set) != 2 || set[0] != set[1] || !p.sees("-") || p.sees("-]") {
		return set, err
	}
	p.at++
	end, err := p.classAtom()
	if err != nil {
		return nil, err
	}
	if len(end) != 2 || end[0] != end[1] || end[0] < set[0] {
		return nil, fmt.Errorf("a range ends wrongly before %.10q", p.text[p.at:])
	}
	return ucd.Set{set[0], end[0]}, nil
}

func (p *parser) classAtom() (ucd.Set, error) {
	if !p.more() {
		return nil, fmt.Errorf("a ] is missing")
	}
	switch r := p.next(); r {
	case '[':
		return p.class()
	case '\\':
		return p.escaped()
	default:
		return ucd.Set{r, r}, nil
	}
}
