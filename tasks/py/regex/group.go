package regex

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// group reads what follows an opening parenthesis, through the closing one.
func (p *parser) group(f flags, depth int) (node, width, error) {
	switch {
	case p.accept("?P<"):
		return p.named(f, depth)
	case p.accept("?P="):
		return p.namedReference(f)
	case p.accept("?:"):
		return p.inner(f, depth)
	case p.accept("?>"):
		n, w, err := p.inner(f, depth)
		return &atomic{n}, w, err
	case p.accept("?="):
		return p.look(f, depth, &look{})
	case p.accept("?!"):
		return p.look(f, depth, &look{negative: true})
	case p.accept("?<="):
		return p.look(f, depth, &look{behind: true})
	case p.accept("?<!"):
		return p.look(f, depth, &look{behind: true, negative: true})
	case p.accept("?("):
		return p.conditional(f, depth)
	case p.accept("?"):
		return p.flagged(f, depth)
	}
	return p.capture(f, depth)
}

// inner reads a group's alternation and the closing parenthesis.
func (p *parser) inner(f flags, depth int) (node, width, error) {
	n, w, err := p.alternation(&f, depth+1)
	if err != nil {
		return nil, w, err
	}
	if !p.accept(")") {
		return nil, w, fmt.Errorf("missing ), unterminated subpattern")
	}
	return n, w, nil
}

func (p *parser) look(f flags, depth int, l *look) (node, width, error) {
	n, w, err := p.inner(f, depth)
	if err == nil && l.behind && w.min != w.max {
		err = fmt.Errorf("look-behind requires fixed-width pattern")
	}
	l.body, l.width = n, w.min
	return l, width{}, err
}

// capture numbers groups in the order of their parentheses, named or not.
func (p *parser) capture(f flags, depth int) (node, width, error) {
	p.groups++
	n := p.groups
	body, w, err := p.inner(f, depth)
	p.widths[n] = w
	return &capture{body, n}, w, err
}

func (p *parser) named(f flags, depth int) (node, width, error) {
	name, err := p.until('>', "name")
	if err != nil {
		return nil, width{}, err
	}
	if !isIdentifier(name) {
		return nil, width{}, fmt.Errorf("bad character in group name %q", name)
	}
	if n, ok := p.names[name]; ok {
		return nil, width{}, fmt.Errorf("redefinition of group name %q; was group %d", name, n)
	}
	p.names[name] = p.groups + 1
	return p.capture(f, depth)
}

func isIdentifier(s string) bool {
	for i, c := range s {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != ""
}

func (p *parser) namedReference(f flags) (node, width, error) {
	name, err := p.until(')', "name")
	if err != nil {
		return nil, width{}, err
	}
	n, ok := p.names[name]
	if !ok {
		return nil, width{}, fmt.Errorf("unknown group name %q", name)
	}
	return p.reference(n, f)
}

// reference is a back-reference to a group that is closed by now.
func (p *parser) reference(n int, f flags) (node, width, error) {
	if n > p.groups {
		return nil, width{}, fmt.Errorf("invalid group reference %d", n)
	}
	w, closed := p.widths[n]
	if !closed {
		return nil, width{}, fmt.Errorf("cannot refer to an open group")
	}
	return &reference{n, f}, w, nil
}

// conditional reads (?(group)yes|no) after its second parenthesis.
func (p *parser) conditional(f flags, depth int) (node, width, error) {
	name, err := p.until(')', "name")
	if err != nil {
		return nil, width{}, err
	}
	n, ok := p.names[name]
	if !ok {
		if n, err = strconv.Atoi(name); err != nil || n < 0 || !isDigit(name[0]) {
			return nil, width{}, fmt.Errorf("unknown group name %q", name)
		}
	}
	if n == 0 {
		return nil, width{}, fmt.Errorf("bad group number")
	}
	p.largestTest = max(p.largestTest, n)
	if depth+1 > maxDepth {
		return nil, width{}, fmt.Errorf("groups nested more than %d deep", maxDepth)
	}
	c := &conditional{group: n, no: sequence{}}
	var yes, no width
	if c.yes, yes, err = p.sequence(&f, depth+1, false); err != nil {
		return nil, width{}, err
	}
	if p.accept("|") {
		if c.no, no, err = p.sequence(&f, depth+1, false); err != nil {
			return nil, width{}, err
		}
		if p.peek() == '|' {
			return nil, width{}, fmt.Errorf("conditional backref with more than two branches")
		}
	}
	if !p.accept(")") {
		return nil, width{}, fmt.Errorf("missing ), unterminated subpattern")
	}
	return c, yes.or(no), nil
}

// globalFlags reports whether (?letters) comes next.
func (p *parser) globalFlags() bool {
	if p.pos+2 >= len(p.src) || string(p.src[p.pos:p.pos+2]) != "(?" {
		return false
	}
	i := p.pos + 2
	for i < len(p.src) && strings.ContainsRune("aiLmsux", p.src[i]) {
		i++
	}
	return i > p.pos+2 && i < len(p.src) && p.src[i] == ')'
}

func (p *parser) readGlobalFlags(f *flags) error {
	p.pos += 2
	letters, err := p.until(')', "flags")
	if err != nil {
		return err
	}
	return f.set(letters, true)
}

// flagged reads (?flags-flags:...) after its question mark.
func (p *parser) flagged(f flags, depth int) (node, width, error) {
	head, err := p.until(':', "flags")
	if err != nil {
		return nil, width{}, fmt.Errorf("unknown extension ?%c", p.peek())
	}
	on, off, minus := strings.Cut(head, "-")
	if minus && off == "" {
		return nil, width{}, fmt.Errorf("missing flag after -")
	}
	if strings.ContainsAny(off, "auL") {
		return nil, width{}, fmt.Errorf("bad inline flags: cannot turn off flags a, u and L")
	}
	if err := f.set(on, true); err != nil {
		return nil, width{}, err
	}
	if err := f.set(off, false); err != nil {
		return nil, width{}, err
	}
	return p.inner(f, depth)
}

func (f *flags) set(letters string, to bool) error {
	for _, c := range letters {
		switch c {
		case 'i':
			f.ignoreCase = to
		case 'm':
			f.multiline = to
		case 's':
			f.dotAll = to
		case 'x':
			f.verbose = to
		case 'a':
			f.ascii = true
		case 'u':
			f.ascii = false
		case 'L':
			return fmt.Errorf("bad inline flags: the locale flag is for bytes patterns")
		default:
			return fmt.Errorf("unknown flag %q", c)
		}
	}
	return nil
}
