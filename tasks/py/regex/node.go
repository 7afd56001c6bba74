package regex

// The parts of a parsed pattern.
type (
	node interface {
		// compile returns the step that matches this part and then next.
		compile(next step) step
	}
	sequence []node
	choice   []node

	// char matches one character. only is the character if no other
	// matches, else -1.
	char struct {
		is   func(rune) bool
		only rune
	}
	// anchor matches no character, between two of them.
	anchor func(m *machine, at int) bool

	repeat struct {
		body             node
		lo, hi           int
		loop             int  // number of the repeat, for its counter
		then             rune // the character that follows, -1 if not one only
		lazy, possessive bool
	}
	capture struct {
		body  node
		group int
	}
	atomic struct{ body node }
	look   struct {
		body             node
		width            int // of a look-behind
		behind, negative bool
	}
	reference struct {
		group int
		flags flags
	}
	conditional struct {
		group   int
		yes, no node
	}
)

var (
	anything   = &char{is: func(rune) bool { return true }, only: -1}
	notNewline = &char{is: func(r rune) bool { return r != '\n' }, only: -1}
)

// literal is a character that stands for itself.
func literal(c rune, f flags) node {
	if f.ignoreCase {
		return &char{is: func(r rune) bool { return sameLetter(r, c, f.ascii) }, only: -1}
	}
	return &char{is: func(r rune) bool { return r == c }, only: c}
}

// lineAnchor is ^ or $; without multiline $ matches at the end and before a
// newline that ends the text.
func lineAnchor(c rune, multiline bool) node {
	if c == '^' {
		return anchor(func(m *machine, at int) bool {
			return at == 0 || multiline && m.text[at-1] == '\n'
		})
	}
	return anchor(func(m *machine, at int) bool {
		left := len(m.text) - at
		return left == 0 || (multiline || left == 1) && m.text[at] == '\n'
	})
}

// textAnchor is \A or \Z.
func textAnchor(c rune) node {
	return anchor(func(m *machine, at int) bool {
		return c == 'A' && at == 0 || c == 'Z' && at == len(m.text)
	})
}

// boundary is \b, or \B when inside. Before Python 3.14 \B does not match in an
// empty text.
func boundary(inside, ascii bool) node {
	word, _ := category('w', ascii)
	return anchor(func(m *machine, at int) bool {
		before := at > 0 && word(m.text[at-1])
		after := at < len(m.text) && word(m.text[at])
		return (before != after) != inside && len(m.text) > 0
	})
}
