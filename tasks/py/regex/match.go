package regex

// A Match is one match in a text.
type Match struct {
	text  string
	spans []span // group 0 is the whole match
}

// span is a half-open byte range; start < 0 means the group took no part.
type span struct{ start, end int }

// Group returns a group's text; ok is false when it took no part in the match
// (None in Python).
func (m Match) Group(n int) (text string, ok bool) {
	s := m.spans[n]
	if s.start < 0 {
		return "", false
	}
	return m.text[s.start:s.end], true
}

// Groups returns the whole match and all groups, "" for those that took no
// part, as findall writes them.
func (m Match) Groups() []string {
	out := make([]string, len(m.spans))
	for i := range m.spans {
		out[i], _ = m.Group(i)
	}
	return out
}

// Span returns the byte range of the whole match.
func (m Match) Span() (start, end int) { return m.spans[0].start, m.spans[0].end }

// input is a text as the engine sees it; offsets maps rune indexes to bytes.
type input struct {
	text    string
	runes   []rune
	offsets []int
}

func newInput(s string) input {
	in := input{text: s, runes: []rune(s)}
	in.offsets = make([]int, 0, len(in.runes)+1)
	for i := range s {
		in.offsets = append(in.offsets, i)
	}
	in.offsets = append(in.offsets, len(s))
	return in
}

// find returns the first match from a rune position on, and its end as a rune
// position. A match that is empty at barred does not count.
func (r *Regexp) find(in input, from, barred int) (_ Match, end int, ok bool, err error) {
	m := &machine{text: in.runes, caps: make([]span, r.groups+1), open: make([]int, r.groups+1), loops: make([]round, r.loops)}
	for i := range m.caps {
		m.caps[i] = span{-1, -1}
	}
	for at := from; at <= len(in.runes); at++ {
		if r.first >= 0 && (at == len(in.runes) || in.runes[at] != r.first) {
			continue
		}
		if m.barred = -1; at == barred {
			m.barred = at
		}
		ok := m.spend(1) && r.start(m, at)
		if m.failed {
			return Match{}, 0, false, r.tooLong()
		}
		if ok {
			return r.found(in, m, at), m.end, true, nil
		}
	}
	return Match{}, 0, false, nil
}

// found writes what a machine found by bytes.
func (r *Regexp) found(in input, m *machine, from int) Match {
	m.caps[0] = span{from, m.end}
	for i, s := range m.caps {
		if s.start >= 0 {
			m.caps[i] = span{in.offsets[s.start], in.offsets[s.end]}
		}
	}
	return Match{text: in.text, spans: m.caps}
}

// each calls yield for every match, left to right without overlap, as
// finditer does since Python 3.7: an empty match may follow another match
// directly, and after an empty match the same place is tried once more for a
// match that is not empty.
func (r *Regexp) each(s string, yield func(Match) bool) error {
	in := newInput(s)
	for at, barred := 0, -1; ; {
		m, end, ok, err := r.find(in, at, barred)
		if err != nil {
			return err
		}
		if !ok || !yield(m) {
			return nil
		}
		if at, barred = end, -1; m.spans[0].start == m.spans[0].end {
			barred = end
		}
	}
}

// FindAll returns the groups of every match: [whole, group 1, group 2, ...],
// "" for a group that took no part. It is Python's findall, which leaves the
// whole match out when there are groups.
func (r *Regexp) FindAll(s string) ([][]string, error) {
	var out [][]string
	err := r.each(s, func(m Match) bool {
		out = append(out, m.Groups())
		return true
	})
	return out, err
}
