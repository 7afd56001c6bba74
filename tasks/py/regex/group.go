package regex

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// group reads what follows an opening parenthesis, through the closing one.
func (t *translator) group(f flags, depth int) (width, error) {
	switch {
	case t.accept("?P<"):
		return t.named(f, depth)
	case t.accept("?P="):
		return t.namedReference()
	case t.accept("?:"):
		return t.wrap("(?:", f, depth)
	case t.accept("?>"):
		return t.wrap("(?>", f, depth)
	case t.accept("?="):
		return t.look("(?=", f, depth, false)
	case t.accept("?!"):
		return t.look("(?!", f, depth, false)
	case t.accept("?<="):
		return t.look("(?<=", f, depth, true)
	case t.accept("?<!"):
		return t.look("(?<!", f, depth, true)
	case t.accept("?("):
		return t.conditional(f, depth)
	case t.accept("?"):
		return t.flagged(f, depth)
	}
	return t.capture(f, depth)
}

// wrap writes open, the group's alternation and the closing parenthesis.
func (t *translator) wrap(open string, f flags, depth int) (width, error) {
	t.out.WriteString(open)
	w, err := t.alternation(&f, depth+1)
	if err != nil {
		return w, err
	}
	if !t.accept(")") {
		return w, fmt.Errorf("missing ), unterminated subpattern")
	}
	t.out.WriteByte(')')
	return w, nil
}

func (t *translator) look(open string, f flags, depth int, behind bool) (width, error) {
	w, err := t.wrap(open, f, depth)
	if err == nil && behind && w.min != w.max {
		err = fmt.Errorf("look-behind requires fixed-width pattern")
	}
	return width{}, err
}

// capture numbers groups in the order of their parentheses, named or not; the
// engine would put named ones last, so it never sees a name.
func (t *translator) capture(f flags, depth int) (width, error) {
	t.groups++
	n := t.groups
	w, err := t.wrap("(", f, depth)
	t.widths[n] = w
	return w, err
}

func (t *translator) named(f flags, depth int) (width, error) {
	name, err := t.until('>', "name")
	if err != nil {
		return width{}, err
	}
	if !isIdentifier(name) {
		return width{}, fmt.Errorf("bad character in group name %q", name)
	}
	if n, ok := t.names[name]; ok {
		return width{}, fmt.Errorf("redefinition of group name %q; was group %d", name, n)
	}
	t.names[name] = t.groups + 1
	return t.capture(f, depth)
}

func isIdentifier(s string) bool {
	for i, c := range s {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != ""
}

func (t *translator) namedReference() (width, error) {
	name, err := t.until(')', "name")
	if err != nil {
		return width{}, err
	}
	n, ok := t.names[name]
	if !ok {
		return width{}, fmt.Errorf("unknown group name %q", name)
	}
	return t.reference(n)
}

// reference writes a back-reference to a group that is closed by now.
func (t *translator) reference(n int) (width, error) {
	if n > t.groups {
		return width{}, fmt.Errorf("invalid group reference %d", n)
	}
	w, closed := t.widths[n]
	if !closed {
		return width{}, fmt.Errorf("cannot refer to an open group")
	}
	fmt.Fprintf(&t.out, `\k<%d>`, n)
	return w, nil
}

// conditional reads (?(group)yes|no) after its second parenthesis.
func (t *translator) conditional(f flags, depth int) (width, error) {
	name, err := t.until(')', "name")
	if err != nil {
		return width{}, err
	}
	n, ok := t.names[name]
	if !ok {
		if n, err = strconv.Atoi(name); err != nil || n < 0 || !isDigit(name[0]) {
			return width{}, fmt.Errorf("unknown group name %q", name)
		}
	}
	if n == 0 {
		return width{}, fmt.Errorf("bad group number")
	}
	t.largestTest = max(t.largestTest, n)
	if depth+1 > maxDepth {
		return width{}, fmt.Errorf("groups nested more than %d deep", maxDepth)
	}
	fmt.Fprintf(&t.out, "(?(%d)", n)
	yes, err := t.sequence(&f, depth+1, false)
	if err != nil {
		return width{}, err
	}
	var no width
	if t.accept("|") {
		t.out.WriteByte('|')
		if no, err = t.sequence(&f, depth+1, false); err != nil {
			return width{}, err
		}
		if t.peek() == '|' {
			return width{}, fmt.Errorf("conditional backref with more than two branches")
		}
	}
	if !t.accept(")") {
		return width{}, fmt.Errorf("missing ), unterminated subpattern")
	}
	t.out.WriteByte(')')
	return yes.or(no), nil
}

// globalFlags reports whether (?letters) comes next.
func (t *translator) globalFlags() bool {
	if t.pos+2 >= len(t.src) || string(t.src[t.pos:t.pos+2]) != "(?" {
		return false
	}
	i := t.pos + 2
	for i < len(t.src) && strings.ContainsRune("aiLmsux", t.src[i]) {
		i++
	}
	return i > t.pos+2 && i < len(t.src) && t.src[i] == ')'
}

func (t *translator) readGlobalFlags(f *flags) error {
	t.pos += 2
	letters, err := t.until(')', "flags")
	if err != nil {
		return err
	}
	return f.set(letters, true)
}

// flagged reads (?flags-flags:...) after its question mark.
func (t *translator) flagged(f flags, depth int) (width, error) {
	head, err := t.until(':', "flags")
	if err != nil {
		return width{}, fmt.Errorf("unknown extension ?%c", t.peek())
	}
	on, off, minus := strings.Cut(head, "-")
	if minus && off == "" {
		return width{}, fmt.Errorf("missing flag after -")
	}
	if strings.ContainsAny(off, "auL") {
		return width{}, fmt.Errorf("bad inline flags: cannot turn off flags a, u and L")
	}
	if err := f.set(on, true); err != nil {
		return width{}, err
	}
	if err := f.set(off, false); err != nil {
		return width{}, err
	}
	return t.wrap("(?"+f.dotnet()+":", f, depth)
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

// dotnet writes the flags that the engine keeps; the others are applied here.
func (f flags) dotnet() string {
	on, off := "", ""
	for _, x := range []struct {
		set  bool
		name string
	}{{f.ignoreCase, "i"}, {f.multiline, "m"}, {f.dotAll, "s"}} {
		if x.set {
			on += x.name
		} else {
			off += x.name
		}
	}
	if off == "" {
		return on
	}
	return on + "-" + off
}
