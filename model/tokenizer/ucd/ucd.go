// Package ucd knows the properties of characters as the Python library
// `tokenizers` knows them: those of Unicode 16, where Go's are of Unicode 15.
package ucd

import (
	"slices"
	"sync"
	"unicode"
)

// A Set is a list of characters: first and last of each range, ascending,
// ranges apart from each other.
type Set []rune

// majors are the categories made of others.
var majors = map[string][]string{
	"L": {"Lu", "Ll", "Lt", "Lm", "Lo"},
	"M": {"Mn", "Mc", "Me"},
	"N": {"Nd", "Nl", "No"},
	"P": {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"},
	"S": {"Sm", "Sc", "Sk", "So"},
	"Z": {"Zs", "Zl", "Zp"},
}

// sets keeps what Named has built.
var sets sync.Map // string to Set

// Named returns the characters of a general category (L, Lu, ...) or of a
// script (Han, ...), false for a name that is neither.
func Named(name string) (Set, bool) {
	if s, ok := sets.Load(name); ok {
		return s.(Set), true
	}
	var s Set
	for _, part := range majors[name] {
		sub, _ := Named(part)
		s = s.Union(sub)
	}
	if s == nil {
		table := unicode.Categories[name]
		if table == nil {
			table = unicode.Scripts[name]
		}
		if table == nil || name == "C" || name == "Cn" {
			return nil, false
		}
		s = fromTable(table).Union(newer[name]).Minus(moved[name])
	}
	sets.Store(name, s)
	return s, true
}

func fromTable(t *unicode.RangeTable) Set {
	var s Set
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			s = append(s, lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			s = append(s, r, r)
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return s.Union(nil)
}

func named(name string) Set {
	s, ok := Named(name)
	if !ok {
		panic("ucd: no category " + name)
	}
	return s
}

// Space is White_Space, \s.
var Space = sync.OnceValue(func() Set { return fromTable(unicode.White_Space) })

// Word is \w of Oniguruma.
var Word = sync.OnceValue(func() Set {
	s := named("L").Union(named("M")).Union(named("Nd")).Union(named("Nl")).Union(named("Pc"))
	return s.Union(wordExtras)
})

// RustWord is \w of Rust's regular expressions.
var RustWord = sync.OnceValue(func() Set {
	return Word().Minus(wordExtras[:6]).Union(Set{0x200c, 0x200d})
})

// Numeric is char::is_numeric of Rust.
var Numeric = sync.OnceValue(func() Set { return named("N").Union(numbers17) })

// Punctuation is what the Python library's Punctuation step takes for such:
// the category P of Unicode 8 and the symbols of ASCII.
var Punctuation = sync.OnceValue(func() Set {
	ascii := named("S").Intersect(Set{0, 0x7f})
	return named("P").Minus(notPunctuation).Minus(newer["Po"]).Minus(newer["Pd"]).Union(latePunctuation).Union(ascii)
})

// Has reports whether r is in s.
func (s Set) Has(r rune) bool {
	lo, hi := 0, len(s)/2
	for lo < hi {
		if m := (lo + hi) / 2; s[2*m+1] < r {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return 2*lo < len(s) && s[2*lo] <= r
}

// Len returns the number of characters in s.
func (s Set) Len() (n int) {
	for i := 0; i < len(s); i += 2 {
		n += int(s[i+1]-s[i]) + 1
	}
	return n
}

// Union returns what is in s or t, whose ranges may be in any order.
func (s Set) Union(t Set) Set {
	type span struct{ lo, hi rune }
	var spans []span
	for _, u := range []Set{s, t} {
		for i := 0; i < len(u); i += 2 {
			spans = append(spans, span{u[i], u[i+1]})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.lo - b.lo) })
	out := make(Set, 0, 2*len(spans))
	for _, p := range spans {
		if n := len(out); n > 0 && p.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.hi)
			continue
		}
		out = append(out, p.lo, p.hi)
	}
	return out
}

// Not returns the characters that are not in s.
func (s Set) Not() Set {
	out := Set{}
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if next < s[i] {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

// Intersect returns what is in both.
func (s Set) Intersect(t Set) Set { return s.Not().Union(t.Not()).Not() }

// Minus returns what is in s and not in t.
func (s Set) Minus(t Set) Set {
	if len(t) == 0 {
		return s
	}
	return s.Intersect(Set(nil).Union(t).Not())
}

var newLetters, newNumbers = sync.OnceValue(func() Set { return newerOf("L") }), sync.OnceValue(func() Set { return newerOf("N") })

func newerOf(major string) (s Set) {
	for _, part := range majors[major] {
		s = s.Union(newer[part])
	}
	return s
}

// IsLetter reports whether r is in \p{L}.
func IsLetter(r rune) bool { return unicode.IsLetter(r) || newLetters().Has(r) }

// IsNumber reports whether r is in \p{N}.
func IsNumber(r rune) bool { return unicode.IsNumber(r) || newNumbers().Has(r) }
