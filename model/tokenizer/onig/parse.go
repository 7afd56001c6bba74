// Package onig matches the regular expressions that tokenizer files hold, as
// the library Oniguruma (Ruby syntax) does inside the Python library
// `tokenizers`: classes by Unicode category, look-around, possessive and lazy
// repetition. What it does not know it refuses by name.
package onig

import (
	"fmt"
	"strconv"
	"strings"
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
