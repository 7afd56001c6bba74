package scoring

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/regex"
)

// answerPattern is the regex filters' default: GSM8K's answer line.
const answerPattern = `#### (\-?[0-9\.\,]+)`

// extractor picks one match of a pattern in a text.
type extractor struct {
	re       *regex.Regexp
	which    int // index into the matches, negative from the end
	fallback string
}

func newExtractor(a *arguments) (extractor, error) {
	x := extractor{which: a.integer("group_select", 0), fallback: a.text("fallback", "[invalid]")}
	re, err := regex.Compile(a.text("regex_pattern", answerPattern))
	x.re = re
	return x, err
}

// find returns the selected match, stripped: the whole of it, its group, or
// with several groups the first that is not empty. ok is false without a
// match or without such a group.
func (x extractor) find(re *regex.Regexp, text string) (match string, ok bool, err error) {
	all, err := re.FindAll(text)
	i := x.which
	if i < 0 {
		i += len(all)
	}
	if err != nil || i < 0 || i >= len(all) {
		return "", false, err
	}
	groups := all[i]
	switch len(groups) {
	case 1:
		match = groups[0]
	case 2:
		match = groups[1]
	default:
		first := slices.IndexFunc(groups[1:], func(g string) bool { return g != "" })
		if first < 0 {
			return "", false, nil
		}
		match = groups[1+first]
	}
	return py.Strip(match, ""), true, nil
}

// text returns a response as text; anything else counts as empty.
func text(v py.Value) string {
	s, _ := v.(string)
	return s
}

func newRegexFilter(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	x, err := newExtractor(a)
	return perValue(func(_ Item, v py.Value) (py.Value, error) {
		match, ok, err := x.find(x.re, text(v))
		if !ok {
			match = x.fallback
		}
		return match, err
	}), err
}

// newTagFilter extracts the tags of ('token', 'TAG') pairs.
func newTagFilter(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	a.get("regex_pattern") // accepted and without effect, as in the harness
	a.get("group_select")
	var fallback py.Value = []any{"invalid"}
	if v, ok := a.get("fallback"); ok && v != nil {
		fallback = v
	}
	pairs := regex.MustCompile(`\('([^']*)', '([^']*)'\)`)
	return perValue(func(_ Item, v py.Value) (py.Value, error) {
		all, err := pairs.FindAll(text(v))
		if err != nil || len(all) == 0 {
			return fallback, err
		}
		tags := make([]any, len(all))
		for i, groups := range all {
			tags[i] = groups[2]
		}
		return tags, nil
	}), nil
}

// choiceFilter finds the letter of an answer to a multiple-choice question in
// free text: by its pattern, else by a choice's text, else by a letter after a
// colon. The document's choices are in its field "choices".
type choiceFilter struct {
	extractor
	ignore     []*regex.Regexp
	ignoreCase bool
	ignorePunc bool
}

func newChoiceFilter(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	f, err := choiceFilterOf(a)
	return f.apply, err
}

func choiceFilterOf(a *arguments) (choiceFilter, error) {
	x, err := newExtractor(a)
	f := choiceFilter{extractor: x, ignoreCase: a.truth("ignore_case"), ignorePunc: a.truth("ignore_punctuation")}
	for _, pattern := range a.texts("regexes_to_ignore") {
		re, err := regex.Compile(pattern)
		if err != nil {
			return f, err
		}
		f.ignore = append(f.ignore, re)
	}
	return f, err
}

func (f choiceFilter) apply(item Item, in py.Value) (py.Value, error) {
	choices, err := docChoices(item)
	if err != nil {
		return nil, err
	}
	return f.applyTo(choices, item, in)
}

func (f choiceFilter) applyTo(choices []string, item Item, in py.Value) (py.Value, error) {
	byText, letters, err := f.patterns(choices)
	if err != nil {
		return nil, err
	}
	return perValue(func(_ Item, v py.Value) (py.Value, error) {
		return f.pick(text(v), byText, letters)
	})(item, in)
}

// choicePattern matches choices and says which letter each match means.
type choicePattern struct {
	re     *regex.Regexp
	letter map[string]string
}

func docChoices(item Item) ([]string, error) {
	v, _ := item.Doc.Get("choices")
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("the document has no list of choices in its field choices")
	}
	out := make([]string, len(list))
	for i, c := range list {
		if out[i], ok = c.(string); !ok {
			return nil, fmt.Errorf("choice %s is no text", py.Repr(c))
		}
	}
	return out, nil
}

func (f choiceFilter) patterns(choices []string) (byText, letters choicePattern, err error) {
	byText.letter, letters.letter = map[string]string{}, map[string]string{}
	var texts, names []string
	for i, c := range choices {
		c, err = f.normalise(py.Strip(c, ""))
		if err != nil {
			return byText, letters, err
		}
		name := string(rune('A' + i))
		texts = append(texts, regex.Escape(c))
		names = append(names, name)
		byText.letter[c] = "(" + name + ")"
		letters.letter[name] = "(" + name + ")"
	}
	// Longest first: a choice must not be found inside a longer one.
	slices.SortStableFunc(texts, func(a, b string) int { return py.Len(b) - py.Len(a) })
	if byText.re, err = regex.Compile(strings.Join(texts, "|")); err != nil {
		return byText, letters, err
	}
	letters.re, err = regex.Compile(`:[\s]*(` + strings.Join(names, "|") + `)`)
	return byText, letters, err
}

func (f choiceFilter) normalise(s string) (string, error) {
	for _, re := range f.ignore {
		var err error
		if s, err = re.Sub("", s, 0); err != nil {
			return "", err
		}
	}
	if f.ignoreCase {
		s = py.Lower(s)
	}
	if f.ignorePunc {
		s = strings.Map(func(r rune) rune {
			if unicode.IsPunct(r) {
				return -1
			}
			return r
		}, s)
	}
	return s, nil
}

func (f choiceFilter) pick(response string, byText, letters choicePattern) (string, error) {
	if match, _, err := f.find(f.re, response); err != nil || match != "" {
		return match, err
	}
	normal, err := f.normalise(response)
	if err != nil {
		return "", err
	}
	for _, try := range []struct {
		choicePattern
		text string
	}{{byText, normal}, {letters, response}} {
		match, _, err := f.find(try.re, try.text)
		if err != nil {
			return "", err
		}
		if letter, ok := try.letter[match]; ok && match != "" {
			match = letter
		}
		if match != "" {
			return match, nil
		}
	}
	return f.fallback, nil
}
