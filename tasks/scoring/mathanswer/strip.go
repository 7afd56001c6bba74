package mathanswer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// Equivalent is the published rule of MATH (Hendrycks et al., 2021,
// math_equivalence.py): equality of texts after Normalize. Where the original
// fails with an exception on either answer, both are compared as they are.
func Equivalent(a, b string) bool {
	na, okA := stripString(a)
	nb, okB := stripString(b)
	if !okA || !okB {
		return a == b
	}
	return na == nb
}

// Normalize is strip_string of the published rule: it drops line breaks, tiny
// spaces, sizes, degrees, dollars, percents, units and a short left side of
// "=", and writes short fractions and roots with braces. A text on which the
// original fails comes back unchanged.
func Normalize(s string) string {
	if n, ok := stripString(s); ok {
		return n
	}
	return s
}

// dropped is what the rule takes away before it looks at units, in order.
var dropped = []struct{ old, repl string }{
	{"\n", ""}, {`\!`, ""}, {`\\`, `\`},
	{"tfrac", "frac"}, {"dfrac", "frac"},
	{`\left`, ""}, {`\right`, ""},
	{`^{\circ}`, ""}, {`^\circ`, ""},
	{`\$`, ""},
}

// stripString returns false where the original raises.
func stripString(s string) (string, bool) {
	for _, d := range dropped {
		s = strings.ReplaceAll(s, d.old, d.repl)
	}
	s, ok := withoutUnits(s)
	if !ok {
		return "", false
	}
	// Twice, as the original does: the first pass can leave a new one.
	s = strings.ReplaceAll(s, `\%`, "")
	s = strings.ReplaceAll(s, `\%`, "")
	s = strings.ReplaceAll(s, " .", " 0.")
	s = strings.ReplaceAll(s, "{.", "{0.")
	if s == "" {
		return s, true
	}
	if s[0] == '.' {
		s = "0" + s
	}
	if left, right, found := strings.Cut(s, "="); found && !strings.Contains(right, "=") && utf8.RuneCountInString(left) <= 2 {
		s = right
	}
	if s, ok = bracedRoots(s); !ok {
		return "", false
	}
	s = strings.ReplaceAll(s, " ", "")
	if s, ok = bracedFractions(s); !ok {
		return "", false
	}
	if s == "0.5" {
		s = `\frac{1}{2}`
	}
	return slashedFraction(s)
}

// withoutUnits cuts at "\text{ ", which begins units; two of them are too many.
func withoutUnits(s string) (string, bool) {
	before, after, found := strings.Cut(s, `\text{ `)
	return before, !found || !strings.Contains(after, `\text{ `)
}

// bracedRoots writes \sqrt3 as \sqrt{3}. A root of nothing is an error.
func bracedRoots(s string) (string, bool) {
	parts := strings.Split(s, `\sqrt`)
	var b strings.Builder
	b.WriteString(parts[0])
	for _, p := range parts[1:] {
		if p == "" {
			return "", false
		}
		if p[0] == '{' {
			b.WriteString(`\sqrt` + p)
			continue
		}
		_, n := utf8.DecodeRuneInString(p)
		b.WriteString(`\sqrt{` + p[:n] + "}" + p[n:])
	}
	return b.String(), true
}

// bracedFractions writes \frac12 and \frac1{72} with braces. \frac at the very
// end, or before another \frac, is an error; \frac with one character after
// it leaves the whole text as it is.
func bracedFractions(s string) (string, bool) {
	parts := strings.Split(s, `\frac`)
	var b strings.Builder
	b.WriteString(parts[0])
	for _, p := range parts[1:] {
		if p == "" {
			return "", false
		}
		b.WriteString(`\frac`)
		if p[0] == '{' {
			b.WriteString(p)
			continue
		}
		_, n := utf8.DecodeRuneInString(p)
		if n == len(p) {
			return s, true
		}
		top, rest := p[:n], p[n:]
		if rest[0] == '{' {
			b.WriteString("{" + top + "}" + rest)
			continue
		}
		_, n = utf8.DecodeRuneInString(rest)
		b.WriteString("{" + top + "}{" + rest[:n] + "}" + rest[n:])
	}
	return b.String(), true
}

// slashedFraction writes a/b of two plain integers as \frac{a}{b}. What Python
// cannot read as an integer on either side of a single slash is an error.
func slashedFraction(s string) (string, bool) {
	a, b, found := strings.Cut(s, "/")
	if !found || strings.Contains(b, "/") {
		return s, true
	}
	if !isPythonInt(a) || !isPythonInt(b) {
		return "", false
	}
	if !isPlainInt(a) || !isPlainInt(b) {
		return s, true
	}
	return `\frac{` + a + "}{" + b + "}", true
}

// maxIntDigits is CPython's default limit on the digits that int() reads.
const maxIntDigits = 4300

// isPythonInt says whether Python's int(s) succeeds.
func isPythonInt(s string) bool {
	s = strings.TrimFunc(s, isIntSpace(s))
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	digits, afterDigit := 0, false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Nd, r):
			digits++
			afterDigit = true
		case r == '_' && afterDigit:
			afterDigit = false
		default:
			return false
		}
	}
	return afterDigit && digits <= maxIntDigits
}

// isIntSpace is the white space that int() strips: in pure ASCII texts, C's.
func isIntSpace(s string) func(rune) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return py.IsSpace
		}
	}
	return func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }
}

// isPlainInt says whether Python prints int(s) as s.
func isPlainInt(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "0" {
		return s == "0"
	}
	return digits != "" && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}
