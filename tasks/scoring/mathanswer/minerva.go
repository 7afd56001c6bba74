package mathanswer

import (
	"regexp"
	"strings"
	"sync"

	pyregex "github.com/llamaeval/llamaeval/tasks/py/regex"
)

// The lists of normalize_final_answer in Minerva (Lewkowycz et al., 2022,
// appendix D); they define the benchmark's rule and are kept to the letter.
var (
	minervaSubstitutions = []struct{ old, repl string }{
		{"an ", ""}, {"a ", ""}, {".$", "$"}, {`\$`, ""}, {`\ `, ""}, {" ", ""}, {"mbox", "text"},
		{`,\text{and}`, ","}, {`\text{and}`, ","}, {`\text{m}`, `\text{}`},
	}
	minervaWords = []string{
		"square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units",
	}
	minervaMoreWords = []string{
		"sue", "points", "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters",
		"meals", "edges", "students", "childrentickets", "multiples",
	}
	minervaMarks = []string{
		`\text{s}`, `\text{.}`, "\\text{\ns}", `\text{}^2`, `\text{}^3`, "\\text{\n}", `\text{}`, `\mathrm{th}`,
		`^\circ`, `^{\circ}`, `\;`, `,\!`, "{,}", `"`, `\dots`,
	}
)

// minervaShapes are applied in order; none can match the empty text, so Go's
// replacement agrees with Python's.
var minervaShapes = []struct {
	re   *regexp.Regexp
	repl string
}{
	{regexp.MustCompile(`(.*?)(\$)(.*?)(\$)(.*)`), "$$${3}$$"},
	{regexp.MustCompile(`\\text\{(.*?)\}`), "${1}"},
	{regexp.MustCompile(`\\textbf\{(.*?)\}`), "${1}"},
	{regexp.MustCompile(`\\overline\{(.*?)\}`), "${1}"},
	{regexp.MustCompile(`\\boxed\{(.*)\}`), "${1}"},
	{regexp.MustCompile(`frac([^{])(.)`), "frac{${1}}{${2}}"},
	{regexp.MustCompile(`sqrt(\[[^\]]*\])([\p{L}\p{N}_])`), "sqrt${1}{${2}}"},
	{regexp.MustCompile(`sqrt([^{\[])`), "sqrt{${1}}"},
}

var thousands = regexp.MustCompile(`\A-?\p{Nd}{1,3}(,\p{Nd}{3})+\z`)

// wholeWords matches the unit words where Python's \b sees them as words.
var wholeWords = sync.OnceValue(func() *pyregex.Regexp {
	words := append(append([]string{}, minervaWords...), minervaMoreWords...)
	return pyregex.MustCompile(`(?<!\\)\b(?:` + strings.Join(words, "|") + `)\b`)
})

// command is one LaTeX command name, which units must not be cut out of.
var command = regexp.MustCompile(`\\[a-zA-Z]+`)

// NormalizeFinalAnswer is Minerva's normalize_final_answer as lm-evaluation-
// harness 0.4.13 has it: what follows the last "=", without units and styling,
// with short fractions and roots in braces and without thousands separators.
func NormalizeFinalAnswer(s string) string {
	s = s[strings.LastIndex(s, "=")+1:]
	if t, err := wholeWords().Sub("", s, 0); err == nil {
		s = t
	}
	for _, m := range minervaSubstitutions {
		s = strings.ReplaceAll(s, m.old, m.repl)
	}
	for _, w := range minervaWords {
		s = cutOutsideCommands(s, w)
	}
	s = strings.ReplaceAll(s, `\ldots`, "")
	for _, w := range minervaMoreWords {
		s = cutOutsideCommands(s, w)
	}
	for _, m := range minervaMarks {
		s = strings.ReplaceAll(s, m, "")
	}
	for _, shape := range minervaShapes {
		s = shape.re.ReplaceAllString(s, shape.repl)
	}
	s = strings.ReplaceAll(s, "$", "")
	if thousands.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	return s
}

// cutOutsideCommands removes a word everywhere but inside command names.
func cutOutsideCommands(s, word string) string {
	if !strings.Contains(s, word) {
		return s
	}
	var b strings.Builder
	last := 0
	for _, at := range command.FindAllStringIndex(s, -1) {
		b.WriteString(strings.ReplaceAll(s[last:at[0]], word, ""))
		b.WriteString(s[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(strings.ReplaceAll(s[last:], word, ""))
	return b.String()
}
