package regex

// Bounds on one search. Both are counted, so that a pattern that is given up
// on one machine is given up on all.
const (
	maxSteps = 1 << 26
	// maxRounds bounds the rounds of repeats under way, which take memory.
	maxRounds = 200_000
)

// A machine is one search in one text. It goes back to the last choice when a
// step fails, as Python's does; a step that fails leaves all as it was.
type machine struct {
	text   []rune
	caps   []span // rune positions; start < 0: took no part
	open   []int  // where groups under way begin
	loops  []round
	end    int // of the last match, or of what an atomic part matched
	barred int // where a match must not end, -1 for nowhere
	steps  int
	rounds int
	failed bool // gave up
}

// A round is the state of a repeat: rounds begun, and where the last began.
type round struct{ count, at int }

// A step matches from a position on to the end of the pattern.
type step func(m *machine, at int) bool

// spend counts steps and reports whether any are left.
func (m *machine) spend(n int) bool {
	if m.steps += n; m.steps > maxSteps {
		m.failed = true
	}
	return !m.failed
}

// accept ends the pattern.
func accept(m *machine, at int) bool {
	if at == m.barred {
		return false
	}
	m.end = at
	return true
}

// acceptPart ends a part that is matched by itself.
func acceptPart(m *machine, at int) bool {
	m.end = at
	return true
}

func (s sequence) compile(next step) step {
	for i := len(s) - 1; i >= 0; i-- {
		if r, ok := s[i].(*repeat); ok && i+1 < len(s) {
			r.then = firstChar(s[i+1])
		}
		next = s[i].compile(next)
	}
	return next
}

func (c choice) compile(next step) step {
	branches := make([]step, len(c))
	for i, n := range c {
		branches[i] = n.compile(next)
	}
	return func(m *machine, at int) bool {
		for _, b := range branches {
			if !m.spend(1) {
				return false
			}
			if b(m, at) {
				return true
			}
		}
		return false
	}
}

func (c *char) compile(next step) step {
	return func(m *machine, at int) bool {
		return at < len(m.text) && c.is(m.text[at]) && m.spend(1) && next(m, at+1)
	}
}

func (a anchor) compile(next step) step {
	return func(m *machine, at int) bool { return a(m, at) && next(m, at) }
}

func (c *capture) compile(next step) step {
	n := c.group
	body := c.body.compile(func(m *machine, at int) bool {
		old := m.caps[n]
		m.caps[n] = span{m.open[n], at}
		if next(m, at) {
			return true
		}
		m.caps[n] = old
		return false
	})
	return func(m *machine, at int) bool {
		old := m.open[n]
		m.open[n] = at
		if body(m, at) {
			return true
		}
		m.open[n] = old
		return false
	}
}

func (a *atomic) compile(next step) step {
	body := a.body.compile(acceptPart)
	return func(m *machine, at int) bool {
		kept := m.keep()
		if !m.spend(1) || !body(m, at) {
			return false
		}
		if next(m, m.end) {
			return true
		}
		copy(m.caps, kept)
		return false
	}
}

// keep copies the captures, to restore what a part that matched has set.
func (m *machine) keep() []span { return append([]span(nil), m.caps...) }

func (l *look) compile(next step) step {
	body := l.body.compile(acceptPart)
	return func(m *machine, at int) bool {
		from := at
		if l.behind {
			from -= l.width
		}
		kept := m.keep()
		found := from >= 0 && m.spend(1) && body(m, from)
		if l.negative {
			copy(m.caps, kept)
		}
		if !m.failed && found != l.negative && next(m, at) {
			return true
		}
		copy(m.caps, kept)
		return false
	}
}

func (r *reference) compile(next step) step {
	return func(m *machine, at int) bool {
		s := m.caps[r.group]
		if s.start < 0 || at+s.end-s.start > len(m.text) || !m.spend(1+s.end-s.start) {
			return false
		}
		for i, c := range m.text[s.start:s.end] {
			other := m.text[at+i]
			if c != other && !(r.flags.ignoreCase && lower(c, r.flags.ascii) == lower(other, r.flags.ascii)) {
				return false
			}
		}
		return next(m, at+s.end-s.start)
	}
}

func (c *conditional) compile(next step) step {
	yes, no := c.yes.compile(next), c.no.compile(next)
	return func(m *machine, at int) bool {
		if m.caps[c.group].start >= 0 {
			return yes(m, at)
		}
		return no(m, at)
	}
}
