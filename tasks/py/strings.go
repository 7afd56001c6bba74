package py

import (
	"strings"
	"unicode/utf8"
)

// Len returns the number of code points of s, as Python's len does.
func Len(s string) int { return utf8.RuneCountInString(s) }

// IsSpace reports whether str.isspace holds for r: bidirectional class WS, B or S, or category Zs. Unlike Go's
// unicode.IsSpace this includes the separators U+001C to U+001F.
func IsSpace(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r >= 0x1c && r <= ' ', r == 0x85, r == 0xa0, r == 0x1680,
		r >= 0x2000 && r <= 0x200a, r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000:
		return true
	}
	return false
}

// trimSet returns the predicate of strip(chars); no characters means white space.
func trimSet(chars string) func(rune) bool {
	if chars == "" {
		return IsSpace
	}
	return func(r rune) bool { return strings.ContainsRune(chars, r) }
}

// Strip is str.strip: it removes white space, or any of chars when chars is not empty, from both ends.
func Strip(s, chars string) string { return strings.TrimFunc(s, trimSet(chars)) }

// LStrip is str.lstrip; "" means white space.
func LStrip(s, chars string) string { return strings.TrimLeftFunc(s, trimSet(chars)) }

// RStrip is str.rstrip; "" means white space.
func RStrip(s, chars string) string { return strings.TrimRightFunc(s, trimSet(chars)) }

// Split is s.split(sep); sep "" means s.split(), which splits at runs of white space and drops empty ends.
func Split(s, sep string) []string { return SplitN(s, sep, -1) }

// SplitN is s.split(sep, maxsplit): at most maxsplit cuts, any number when negative. sep "" means white space.
func SplitN(s, sep string, maxsplit int) []string {
	if sep != "" {
		if maxsplit < 0 {
			return strings.Split(s, sep)
		}
		return strings.SplitN(s, sep, min(maxsplit, len(s))+1)
	}
	out := []string{}
	for s = LStrip(s, ""); s != ""; s = LStrip(s, "") {
		end := strings.IndexFunc(s, IsSpace)
		if end < 0 {
			return append(out, s)
		}
		if maxsplit >= 0 && len(out) == maxsplit {
			return append(out, s) // Python keeps the trailing white space of the last piece
		}
		out = append(out, s[:end])
		s = s[end:]
	}
	return out
}

// RSplitN is s.rsplit(sep, maxsplit): as SplitN, but the cuts are made from the right.
func RSplitN(s, sep string, maxsplit int) []string {
	if maxsplit < 0 {
		maxsplit = len(s)
	}
	var rev []string
	if sep == "" {
		for s = RStrip(s, ""); s != ""; s = RStrip(s, "") {
			cut := strings.LastIndexFunc(s, IsSpace)
			if cut < 0 || len(rev) == maxsplit {
				rev = append(rev, s)
				break
			}
			_, n := utf8.DecodeRuneInString(s[cut:])
			rev = append(rev, s[cut+n:])
			s = s[:cut]
		}
	} else {
		for len(rev) < maxsplit {
			cut := strings.LastIndex(s, sep)
			if cut < 0 {
				break
			}
			rev = append(rev, s[cut+len(sep):])
			s = s[:cut]
		}
		rev = append(rev, s)
	}
	out := make([]string, len(rev))
	for i, piece := range rev {
		out[len(rev)-1-i] = piece
	}
	return out
}

// SplitLines is str.splitlines(keepends), which knows eleven kinds of line boundaries.
func SplitLines(s string, keepEnds bool) []string {
	out := []string{}
	for s != "" {
		end := strings.IndexFunc(s, isLineEnd)
		if end < 0 {
			return append(out, s)
		}
		_, n := utf8.DecodeRuneInString(s[end:])
		if strings.HasPrefix(s[end:], "\r\n") {
			n = 2
		}
		if keepEnds {
			out = append(out, s[:end+n])
		} else {
			out = append(out, s[:end])
		}
		s = s[end+n:]
	}
	return out
}

func isLineEnd(r rune) bool {
	switch {
	case r >= '\n' && r <= '\r', r >= 0x1c && r <= 0x1e, r == 0x85, r == 0x2028, r == 0x2029:
		return true
	}
	return false
}

// Replace is s.replace(old, repl, count): all occurrences when count is negative. An empty old matches between all
// code points, as in Python.
func Replace(s, old, repl string, count int) string { return strings.Replace(s, old, repl, count) }

// ZFill is s.zfill(width): zeros after a leading sign until s has width code points.
func ZFill(s string, width int) string {
	missing := width - Len(s)
	if missing <= 0 {
		return s
	}
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	return sign + strings.Repeat("0", missing) + s
}

// Pad puts s into a field of width code points filled with fill: ljust ('<'), rjust ('>') or center ('^').
func Pad(s string, width int, fill string, align byte) string {
	missing := width - Len(s)
	if missing <= 0 {
		return s
	}
	left := 0
	switch align {
	case '>':
		left = missing
	case '^': // CPython's rule: an odd blank goes left only when the width is odd (unicode_center)
		left = missing/2 + (missing & width & 1)
	}
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, missing-left)
}

// Index is s.find(sub): the position of sub in code points, or -1.
func Index(s, sub string) int {
	i := strings.Index(s, sub)
	if i < 0 {
		return -1
	}
	return Len(s[:i])
}

// LastIndex is s.rfind(sub): the last position of sub in code points, or -1.
func LastIndex(s, sub string) int {
	i := strings.LastIndex(s, sub)
	if i < 0 {
		return -1
	}
	return Len(s[:i])
}

// all reports whether s is not empty and f holds for all of it: the shape of Python's is... methods.
func all(s string, f func(rune) bool) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !f(r) }) < 0
}

// IsSpaceString is str.isspace.
func IsSpaceString(s string) bool { return all(s, IsSpace) }
