package onig

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// What stands for characters in an expression: escapes, properties, classes.

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
