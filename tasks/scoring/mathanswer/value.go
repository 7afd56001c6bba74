package mathanswer

import (
	"regexp"
	"strings"
)

type valueKind byte

const (
	numberValue   valueKind = iota // num: a number or an expression in variables
	infinityValue                  // sign
	tupleValue                     // items between open and shut: a point, a vector, an interval
	setValue                       // items in braces
	listValue                      // items separated by commas or words
	regionValue                    // pieces of the real line
	matrixValue                    // items by rows, columns per row
	ratioValue                     // items a : b : c
	basedValue                     // text and base: digits in a base
	textValue                      // text: words
	equationValue                  // items: left and right side
	chainValue                     // items and the relations between them in text
)

// A value is what an answer was read as.
type value struct {
	kind       valueKind
	num        quo
	sign       int
	items      []value
	open, shut string
	pieces     []piece
	columns    int
	text       string
	base       int64
	label      string // "x" of x = 5 or x ∈ [0,1], which is no part of the value
	commas     bool   // a number written 1,234, which could be two
}

// piece is an interval of the real line; a nil end is infinite.
type piece struct {
	lo, hi         *quo
	withLo, withHi bool
}

// reader reads one answer.
type reader struct {
	c *calc
}

// Limits of what is read at all.
const (
	maxBytes  = 2000
	maxTokens = 600
	maxItems  = 64
)

// read parses an answer; ok is false when it is not understood.
func read(c *calc, answer string) (v value, ok bool) {
	answer = unwrapped(answer)
	if v, ok := readBased(answer); ok {
		return v, true
	}
	if v, ok := readWords(answer); ok {
		return v, true
	}
	toks, ok := tokenize(answer)
	if !ok || len(toks) > maxTokens || len(toks) == 0 {
		return value{}, false
	}
	r := &reader{c}
	v = r.list(toks, 0)
	return v, !c.failed
}

// wrappers stand around an answer and say nothing.
var wrappers = []struct{ before, after string }{
	{"$$", "$$"}, {"$", "$"}, {`\(`, `\)`}, {`\[`, `\]`}, {`\boxed{`, "}"}, {`\fbox{`, "}"},
}

// unwrapped takes away dollar signs, boxes and the full stop at the end.
func unwrapped(s string) string {
	for range maxDepth {
		t := strings.TrimSpace(s)
		if !strings.HasSuffix(t, `\.`) {
			t = strings.TrimSpace(strings.TrimSuffix(t, "."))
		}
		for _, w := range wrappers {
			if len(t) >= len(w.before)+len(w.after) && strings.HasPrefix(t, w.before) && strings.HasSuffix(t, w.after) && wraps(t, w.before) {
				t = t[len(w.before) : len(t)-len(w.after)]
			}
		}
		if t == s {
			break
		}
		s = t
	}
	return s
}

// wraps says whether the bracket that begins a text ends with it.
func wraps(s, before string) bool {
	if !strings.HasSuffix(before, "{") {
		return strings.Count(s, before) <= 2 && !strings.HasSuffix(s, `\$`)
	}
	inner, ok := Extract(s)
	return ok && len(inner) == len(s)-len(before)-1
}

var (
	based    = regexp.MustCompile(`\A(-?)([0-9A-Z]+(?:\.[0-9A-Z]+)?)_(?:([0-9])|\{([0-9]{1,2})\})\z`)
	words    = regexp.MustCompile(`\A[A-Za-z][A-Za-z .'-]*\z`)
	longWord = regexp.MustCompile(`[A-Za-z]{4}`)
	textOnly = regexp.MustCompile(`\A\(?\\(?:text|textbf|textit|textrm|textnormal|mbox|mathrm|hbox)\s*\{([^{}\\$]*)\}\)?\z`)
	letters  = regexp.MustCompile(`\A\(?[A-Z]\)?(?:\s*(?:,|and)\s*\(?[A-Z]\)?)*\z`)
)

// readBased reads numerals like 152A_{11}.
func readBased(s string) (value, bool) {
	m := based.FindStringSubmatch(strings.NewReplacer(" ", "", `\!`, "", "{,}", "").Replace(s))
	if m == nil {
		return value{}, false
	}
	base := int64(0)
	for _, d := range m[3] + m[4] {
		base = base*10 + int64(d-'0')
	}
	if base < 2 || base > 36 || len(m[2]) > maxDigits || !isDigit(m[2][0]) && base <= 10 {
		return value{}, false
	}
	for _, d := range []byte(m[2]) {
		if d != '.' && digitValue(d) >= base {
			return value{}, false
		}
	}
	text := strings.TrimLeft(m[2], "0")
	if text == "" || text[0] == '.' {
		text = "0" + text
	}
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return value{kind: basedValue, text: m[1] + text, base: base}, true
}

func digitValue(d byte) int64 {
	if isDigit(d) {
		return int64(d - '0')
	}
	return int64(d-'A') + 10
}

// readWords reads answers in words; choices like \text{(A)} and numbers in
// \text go on to the other readers.
func readWords(s string) (value, bool) {
	inner := s
	m := textOnly.FindStringSubmatch(s)
	if m != nil {
		inner = strings.TrimSpace(m[1])
	} else if !words.MatchString(s) || !longWord.MatchString(s) || s == "infinity" {
		return value{}, false
	}
	if m != nil && letters.MatchString(inner) {
		toks, ok := tokenize(inner)
		c := &calc{}
		r := &reader{c}
		v := r.list(toks, 0)
		return v, ok && !c.failed
	}
	if m != nil && inner != "" && strings.Trim(inner, "0123456789") == "" {
		c := &calc{}
		e := expression{c: c}
		v := value{kind: numberValue, num: e.number(token{kind: numberToken, text: inner})}
		return v, !c.failed
	}
	plain := plainWords(inner)
	return value{kind: textValue, text: plain}, plain != ""
}

// plainWords drops case, spaces, brackets around, a full stop and an article.
func plainWords(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	s = strings.TrimSuffix(s, ".")
	for _, article := range []string{"the ", "a ", "an "} {
		s = strings.TrimPrefix(s, article)
	}
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s = s[1 : len(s)-1]
	}
	return strings.ReplaceAll(s, " ", "")
}
