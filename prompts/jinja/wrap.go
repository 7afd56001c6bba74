package jinja

import (
	"regexp"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// wordwrapFilter breaks each line with the rules of Python's textwrap (white space kept, breaks after hyphens inside
// words, long words cut).
func wordwrapFilter(it *interp, v py.Value, a Args) (py.Value, error) {
	if err := a.Check("width", "break_long_words", "wrapstring", "break_on_hyphens"); err != nil {
		return nil, err
	}
	s, err := it.str(v)
	if err != nil {
		return nil, err
	}
	width, err := it.intArg(a, 0, "width", 79)
	if err != nil {
		return nil, err
	}
	breakLong, err := it.boolArg(a, 1, "break_long_words", true)
	if err != nil {
		return nil, err
	}
	newline := "\n"
	if w, ok := a.Get(2, "wrapstring"); ok && w != nil {
		if newline, err = it.textArg(a, 2, "wrapstring", "\n"); err != nil {
			return nil, err
		}
	}
	hyphens, err := it.boolArg(a, 3, "break_on_hyphens", true)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, line := range py.SplitLines(s, false) {
		out = append(out, strings.Join(wrapLine(line, max(width, 1), breakLong, hyphens), newline))
	}
	return it.joined(newline, out)
}

var (
	spacePattern  = regexp.MustCompile(`[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+`)
	hyphenPattern = regexp.MustCompile(`[\pL_]{2}-[\pL_]-?[\pL_]`)
)

// chunks splits a line into the pieces between which it may break.
func chunks(line string, hyphens bool) []string {
	var out []string
	for _, word := range spacePattern.FindAllString(line, -1) {
		for hyphens {
			at := hyphenPattern.FindStringIndex(word)
			if at == nil {
				break
			}
			cut := at[0] + strings.IndexByte(word[at[0]:], '-') + 1
			out = append(out, word[:cut])
			word = word[cut:]
		}
		out = append(out, word)
	}
	return out
}

// cutLong divides a word that is too long for a line after room characters, or after a hyphen before that.
func cutLong(word string, room int, hyphens bool) (head, tail string) {
	end := len(word)
	for i := range word {
		if room--; room < 0 {
			end = i
			break
		}
	}
	if at := strings.LastIndexByte(word[:end], '-'); hyphens && at > 0 && strings.Trim(word[:at], "-") != "" {
		end = at + 1
	}
	return word[:end], word[end:]
}

// longer says whether s has more than n characters, without counting them all.
func longer(s string, n int) bool {
	for range s {
		if n--; n < 0 {
			return true
		}
	}
	return false
}

// wrapLine is TextWrapper._wrap_chunks with drop_whitespace.
func wrapLine(line string, width int, breakLong, hyphens bool) []string {
	var lines []string
	rest := chunks(line, hyphens)
	for len(rest) > 0 {
		if len(lines) > 0 && py.IsSpaceString(rest[0]) {
			rest = rest[1:]
			continue
		}
		var current []string
		size := 0
		for len(rest) > 0 && !longer(rest[0], width-size) {
			current = append(current, rest[0])
			size += py.Len(rest[0])
			rest = rest[1:]
		}
		if len(rest) > 0 && longer(rest[0], width) {
			switch {
			case breakLong:
				var head string
				head, rest[0] = cutLong(rest[0], width-size, hyphens)
				current = append(current, head)
			case len(current) == 0:
				current, rest = rest[:1], rest[1:]
			}
		}
		if n := len(current); n > 0 && py.Strip(current[n-1], "") == "" {
			current = current[:n-1]
		}
		if len(current) > 0 {
			lines = append(lines, strings.Join(current, ""))
		}
	}
	return lines
}
