package tasks

import (
	"regexp"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// WikiText-2 is stored in tokens; these turn it back into running text, in
// the order of the reference. The benchmark's numbers depend on every one of
// them, those without an effect on English included.
var (
	wikitextQuoted = regexp.MustCompile(`/' [0-9]/`)
	wikitextMiddle = []string{
		" @-@ ", "-", " @,@ ", ",", " @.@ ", ".",
		" : ", ": ", " ; ", "; ", " . ", ". ", " ! ", "! ", " ? ", "? ", " , ", ", ",
	}
	wikitextPairs = []string{"()", "[]", "{}", `""`, "''"}
	wikitextAfter = []string{
		"= = = =", "====", "= = =", "===", "= =", "==",
		" \u00b0 ", "\u00b0", " \n", "\n", "\n ", "\n", " N ", " 1 ", " 's", "'s",
	}
)

// wikitextText is the text of a document that is scored.
func wikitextText(doc *py.Dict) (py.Value, error) {
	s, err := column(doc, "page")
	if err != nil {
		return nil, err
	}
	s = strings.ReplaceAll(s, "s '", "s'")
	// The reference writes the pattern itself in place of what it matches.
	s = wikitextQuoted.ReplaceAllLiteralString(s, `/'[0-9]/`)
	s = replaceInTurn(s, wikitextMiddle)
	for _, p := range wikitextPairs {
		s = tightenPairs(s, p[:1], p[1:])
	}
	return replaceInTurn(s, wikitextAfter), nil
}

// replaceInTurn replaces each odd text by the one after it, one pass per pair.
func replaceInTurn(s string, pairs []string) string {
	for i := 0; i < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return s
}

// tightenPairs removes the white space inside brackets or quotes, from an
// opening to the next closing character.
func tightenPairs(s, open, end string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, open)
		inner, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(before + open + py.Strip(inner, "") + end)
		s = after
	}
}
