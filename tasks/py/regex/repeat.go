package regex

// compile chooses the way to repeat: characters are counted, anything else
// goes round by round.
func (r *repeat) compile(next step) step {
	c, single := r.body.(*char)
	switch {
	case r.possessive:
		return r.compilePossessive(next)
	case single && r.lazy:
		return r.lazyChars(c, next)
	case single:
		return r.greedyChars(c, next)
	}
	return r.compileRounds(next)
}

// scanned is how many characters looked at count as one step.
const scanned = 32

// run is how many characters from at on match, up to hi.
func (r *repeat) run(m *machine, c *char, at int) int {
	most := min(r.hi, len(m.text)-at)
	if c == anything {
		return most
	}
	n := 0
	for n < most && c.is(m.text[at+n]) {
		n++
	}
	m.spend(n / scanned)
	return n
}

func (r *repeat) greedyChars(c *char, next step) step {
	return func(m *machine, at int) bool {
		n := r.run(m, c, at)
		for {
			if r.then >= 0 { // the last place where what follows could begin
				from := n
				for n >= r.lo && (at+n == len(m.text) || m.text[at+n] != r.then) {
					n--
				}
				m.spend((from - n) / scanned)
			}
			if n < r.lo || !m.spend(1) {
				return false
			}
			if next(m, at+n) {
				return true
			}
			n--
		}
	}
}

func (r *repeat) lazyChars(c *char, next step) step {
	return func(m *machine, at int) bool {
		for n := 0; ; n++ {
			if !m.spend(1) {
				return false
			}
			if n >= r.lo && next(m, at+n) {
				return true
			}
			if n >= r.hi || at+n >= len(m.text) || !c.is(m.text[at+n]) {
				return false
			}
		}
	}
}

// compileRounds repeats anything. A round that matched nothing is the last.
func (r *repeat) compileRounds(next step) step {
	var body step
	again := func(m *machine, at int, then round) bool {
		before := m.loops[r.loop]
		if m.rounds++; m.rounds > maxRounds {
			m.failed = true
		}
		m.loops[r.loop] = then
		ok := m.spend(1) && body(m, at)
		m.rounds--
		if !ok {
			m.loops[r.loop] = before
		}
		return ok
	}
	turn := func(m *machine, at int) bool {
		s := m.loops[r.loop]
		switch more := s.count < r.hi && at != s.at; {
		case s.count < r.lo:
			return again(m, at, round{s.count + 1, s.at})
		case r.lazy:
			return next(m, at) || more && again(m, at, round{s.count + 1, at})
		default:
			return more && again(m, at, round{s.count + 1, at}) || next(m, at)
		}
	}
	body = r.body.compile(turn)
	return func(m *machine, at int) bool {
		before := m.loops[r.loop]
		m.loops[r.loop] = round{0, -1}
		if turn(m, at) {
			return true
		}
		m.loops[r.loop] = before
		return false
	}
}

// compilePossessive takes as many rounds as there are and never goes back.
func (r *repeat) compilePossessive(next step) step {
	body := r.body.compile(acceptPart)
	return func(m *machine, at int) bool {
		kept := m.keep()
		end, n := at, 0
		for n < r.hi && m.spend(1) && body(m, end) {
			n++
			empty := m.end == end
			if end = m.end; empty {
				n = max(n, r.lo)
				break
			}
		}
		if n >= r.lo && !m.failed && next(m, end) {
			return true
		}
		copy(m.caps, kept)
		return false
	}
}
