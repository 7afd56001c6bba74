package regex

import "github.com/dlclark/regexp2/v2"

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

// find runs one variant from a rune position; it also returns the match's end
// as a rune position.
func (r *Regexp) find(re *regexp2.Regexp, in input, from int) (m Match, end int, ok bool, err error) {
	found, err := re.FindRunesMatchStartingAt(in.runes, from)
	if err != nil {
		return Match{}, 0, false, r.matchError(err)
	}
	if found == nil {
		return Match{}, 0, false, nil
	}
	m = Match{text: in.text, spans: make([]span, r.groups+1)}
	for i := range m.spans {
		m.spans[i] = span{-1, -1}
		if g := found.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
			m.spans[i] = span{in.offsets[g.RuneIndex], in.offsets[g.RuneIndex+g.RuneLength]}
		}
	}
	return m, found.RuneIndex + found.RuneLength, true, nil
}

// each calls yield for every match, left to right without overlap, as
// finditer does since Python 3.7: an empty match may follow another match
// directly, and after an empty match the same place is tried once more for a
// match that is not empty.
func (r *Regexp) each(s string, yield func(Match) bool) error {
	in := newInput(s)
	re, err := r.compiled(&r.search, "", "")
	if err != nil {
		return err
	}
	use := re
	for at := 0; ; {
		m, end, ok, err := r.find(use, in, at)
		if err != nil {
			return err
		}
		if !ok || !yield(m) {
			return nil
		}
		at, use = end, re
		if m.spans[0].start == m.spans[0].end {
			if use, err = r.compiled(&r.advance, "", `(?!\G)`); err != nil {
				return err
			}
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

// Search returns the groups of the first match anywhere in s.
func (r *Regexp) Search(s string) (groups []string, ok bool, err error) {
	return r.once(&r.search, s, "", "")
}

// Match returns the groups of a match at the beginning of s.
func (r *Regexp) Match(s string) (groups []string, ok bool, err error) {
	return r.once(&r.match, s, `\A`, "")
}

// FullMatch returns the groups of a match of all of s.
func (r *Regexp) FullMatch(s string) (groups []string, ok bool, err error) {
	return r.once(&r.full, s, `\A`, `\z`)
}

func (r *Regexp) once(v *variant, s, before, after string) ([]string, bool, error) {
	re, err := r.compiled(v, before, after)
	if err != nil {
		return nil, false, err
	}
	m, _, ok, err := r.find(re, newInput(s), 0)
	if err != nil || !ok {
		return nil, false, err
	}
	return m.Groups(), true, nil
}

// Split cuts s at every match, as re.split with no limit does: the texts of
// capturing groups stand between the pieces, "" for those that took no part.
func (r *Regexp) Split(s string) ([]string, error) {
	var out []string
	last := 0
	err := r.each(s, func(m Match) bool {
		start, end := m.Span()
		out = append(out, s[last:start])
		out = append(out, m.Groups()[1:]...)
		last = end
		return true
	})
	return append(out, s[last:]), err
}
