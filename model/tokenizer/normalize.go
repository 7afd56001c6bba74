package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/llamaeval/llamaeval/model/tokenizer/onig"
	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// A normalizer rewrites text between added tokens before it is cut into words.
// goesOn says that something was cut off in front, see Cut.
type normalizer func(text string, goesOn bool) string

func chainNormalizers(all []normalizer) normalizer {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return func(text string, goesOn bool) string {
		for _, n := range all {
			text = n(text, goesOn)
		}
		return text
	}
}

// prepend puts a text in front of what is not empty.
func prepend(prefix string) normalizer {
	return func(text string, goesOn bool) string {
		if text == "" || goesOn {
			return text
		}
		return prefix + text
	}
}

func replaceText(old, with string) normalizer {
	return func(text string, _ bool) string { return strings.ReplaceAll(text, old, with) }
}

func replaceExpr(re *onig.Regexp, with string) normalizer {
	return func(text string, _ bool) string {
		var b strings.Builder
		last := 0
		re.All(text, func(start, end int) {
			b.WriteString(text[last:start])
			b.WriteString(with)
			last = end
		})
		b.WriteString(text[last:])
		return b.String()
	}
}

func strip(left, right bool) normalizer {
	return func(text string, _ bool) string {
		if left {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
		}
		if right {
			text = strings.TrimRightFunc(text, unicode.IsSpace)
		}
		return text
	}
}

// lowered are the capitals whose small letters Go does not know, as it follows
// Unicode 15, or (İ) writes otherwise.
var lowered = map[rune]string{
	0x130: "i\u0307", 0x1c89: "\u1c8a", 0xa7cb: "\u0264", 0xa7cc: "\ua7cd", 0xa7ce: "\ua7cf", 0xa7d2: "\ua7d3",
	0xa7d4: "\ua7d5", 0xa7da: "\ua7db", 0xa7dc: "\u019b",
}

func lowercase(text string, _ bool) string {
	var b strings.Builder
	for i, r := range text {
		small, ok := lowered[r]
		switch {
		case ok:
			b.WriteString(small)
		case 0x10d50 <= r && r <= 0x10d65: // Garay
			b.WriteRune(r + 0x20)
		case 0x16ea0 <= r && r <= 0x16eb8: // Beria Erfe
			b.WriteRune(r + 0x1b)
		case r == utf8.RuneError:
			_, n := utf8.DecodeRuneInString(text[i:])
			b.WriteString(text[i : i+n])
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// A form is one of Unicode's normalisation forms (UAX #15) as the Python
// library has them: by an older version of Unicode than golang.org/x/text, and
// without the latter's limit on marks in a row.
type form struct{ compat, compose bool }

// later are the characters with a combining class or a decomposition in
// Unicode 15 that the library leaves alone.
var later = ucd.Set{
	0x7fd, 0x7fd, 0x898, 0x89f, 0x8ca, 0x8d3, 0x9fe, 0x9fe, 0xc3c, 0xc3c,
	0xd3b, 0xd3c, 0xeba, 0xeba, 0x1715, 0x1715, 0x1abf, 0x1ace, 0x1df6, 0x1dfa,
	0x32ff, 0x32ff, 0xa7f2, 0xa7f4, 0xa82c, 0xa82c, 0xab69, 0xab69, 0x10781, 0x10785,
	0x10787, 0x107b0, 0x107b2, 0x107ba, 0x10d24, 0x10d27, 0x10eab, 0x10eac, 0x10efd, 0x10eff,
	0x10f46, 0x10f50, 0x10f82, 0x10f85, 0x11070, 0x11070, 0x1133b, 0x1133b, 0x1145e, 0x1145e,
	0x11839, 0x1183a, 0x11938, 0x11938, 0x1193d, 0x1193e, 0x11943, 0x11943, 0x119e0, 0x119e0,
	0x11a34, 0x11a34, 0x11a47, 0x11a47, 0x11a99, 0x11a99, 0x11d42, 0x11d42, 0x11d44, 0x11d45,
	0x11d97, 0x11d97, 0x11f41, 0x11f42, 0x16ff0, 0x16ff1, 0x1e030, 0x1e06d, 0x1e08f, 0x1e08f,
	0x1e130, 0x1e136, 0x1e2ae, 0x1e2ae, 0x1e2ec, 0x1e2ef, 0x1e4ec, 0x1e4ef, 0x1f16c, 0x1f16c,
	0x1fbf0, 0x1fbf9,
}

func (f form) normalize(text string, _ bool) string {
	quick := [...]norm.Form{norm.NFD, norm.NFC, norm.NFKD, norm.NFKC}[2*btoi(f.compat)+btoi(f.compose)]
	if quick.IsNormalString(text) {
		return text
	}
	base := norm.NFD
	if f.compat {
		base = norm.NFKD
	}
	runes := decompose(text, base)
	if f.compose {
		runes = compose(runes)
	}
	out := make([]byte, 0, len(text))
	for _, r := range runes {
		out = r.append(out)
	}
	return string(out)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ranked is a character with its combining class; raw is a byte that is part
// of none.
type ranked struct {
	r   rune
	ccc uint8
	raw bool
}

func (c ranked) append(dst []byte) []byte {
	if c.raw {
		return append(dst, byte(c.r))
	}
	return utf8.AppendRune(dst, c.r)
}

// decompose returns the characters of text decomposed and in canonical order.
func decompose(text string, form norm.Form) []ranked {
	out := make([]ranked, 0, len(text))
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		piece := text[at : at+n]
		at += n
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, ranked{r: rune(piece[0]), raw: true})
			continue
		case r < utf8.RuneSelf, later.Has(r):
			out = append(out, ranked{r: r})
			continue
		}
		for _, d := range form.String(piece) {
			c := ranked{r: d}
			if !later.Has(d) {
				c.ccc = form.PropertiesString(string(d)).CCC()
			}
			out = append(out, c)
		}
	}
	for start := 0; start < len(out); start++ {
		end := start
		for end < len(out) && out[end].ccc > 0 {
			end++
		}
		slices.SortStableFunc(out[start:end], func(a, b ranked) int { return int(a.ccc) - int(b.ccc) })
		start = max(start, end-1)
	}
	return out
}

// compose joins starters with what follows them and is not blocked.
func compose(in []ranked) []ranked {
	out := in[:0]
	starter, last := -1, uint8(0)
	for _, c := range in {
		if starter >= 0 && (starter == len(out)-1 || last < c.ccc) && !c.raw && !out[starter].raw {
			if r, ok := composed(out[starter].r, c.r); ok {
				out[starter].r = r
				continue
			}
		}
		if last = c.ccc; c.ccc == 0 {
			starter = len(out)
		}
		out = append(out, c)
	}
	return out
}

// composed returns the character that two are composed to.
func composed(a, b rune) (rune, bool) {
	if a < utf8.RuneSelf && b < utf8.RuneSelf {
		return 0, false
	}
	if later.Has(a) || later.Has(b) {
		return 0, false
	}
	s := norm.NFC.String(string([]rune{a, b}))
	r, n := utf8.DecodeRuneInString(s)
	return r, n == len(s) && !later.Has(r)
}
