package scoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/regex"
)

// The filters of the zero-shot tasks of BIG-Bench Hard, which find an answer
// in free text. The harness has them as Python classes beside the task files.

// newListedChoice is multi_choice_regex with the choices listed in the
// question, "(A) text" each.
func newListedChoice(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	f, err := choiceFilterOf(a)
	listed := regex.MustCompile(`\([A-Z]\)([^\n^(]*)`)
	return func(item Item, in py.Value) (py.Value, error) {
		question, err := docInput(item)
		if err != nil {
			return nil, err
		}
		all, err := listed.FindAll(question)
		if err != nil {
			return nil, err
		}
		choices := make([]string, len(all))
		for i, groups := range all {
			choices[i] = groups[1]
		}
		return f.applyTo(choices, item, in)
	}, err
}

func docInput(item Item) (string, error) {
	v, _ := item.Doc.Get("input")
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("the document has no text in its field input")
	}
	return s, nil
}

// newMappedPattern gives the value of the first of several patterns that
// matches within the selected match of any of them.
func newMappedPattern(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	table, _ := a.get("regex_pattern_to_value")
	dict, ok := table.(*py.Dict)
	if !ok {
		a.fail("regex_pattern_to_value", "a mapping", table)
		return nil, nil
	}
	var patterns []string
	var each []*regex.Regexp
	for k := range dict.All() {
		re, err := regex.Compile(py.Str(k))
		if err != nil {
			return nil, err
		}
		patterns, each = append(patterns, py.Str(k)), append(each, re)
	}
	f, err := choiceFilterOf(a)
	if err != nil {
		return nil, err
	}
	whole, err := regex.Compile(strings.Join(patterns, "|"))
	if err != nil {
		return nil, err
	}
	return perText(func(s string) (string, error) {
		found, err := f.findNormal(whole, s)
		if err != nil || found == "" {
			return f.fallback, err
		}
		for i, re := range each {
			if match, err := f.findNormal(re, found); err != nil || match != "" {
				value, _ := dict.Get(patterns[i])
				return py.Str(value), err
			}
		}
		return f.fallback, nil
	}), nil
}

// findNormal is find on a text without what the filter ignores.
func (f choiceFilter) findNormal(re *regex.Regexp, s string) (string, error) {
	s, err := f.normalise(s)
	if err != nil {
		return "", err
	}
	match, _, err := f.find(re, s)
	return match, err
}

// numberWords matches a number in English words. What it takes for one is the
// harness's rule: six, seven and nine neither begin a number nor end one, nor
// stand alone.
var numberWords = func() *regex.Regexp {
	word := func(six, eight string) string {
		return "zero|one|two|three|four|five|(?:twen|thir|for|fif|six|seven|nine)(?:" + six + ")|eight(?:" + eight + ")|ten|eleven|twelve|fourteen|hundred|thousand|(?:m|b|tr)illion"
	}
	return regex.MustCompile(`((?:(?:` + word("teen|ty", "|een|y") + `)(?:` + word("|teen|ty", "een|y") +
		`|[^\S\r\n]|,|and|&)+)?(?:` + word("teen|ty", "een|y") + `))`)
}()

// newNumberFilter finds a number by its pattern, else in words.
func newNumberFilter(a *arguments) (func(Item, py.Value) (py.Value, error), error) {
	f, err := choiceFilterOf(a)
	return perText(func(s string) (string, error) {
		match, _, err := f.find(f.re, s)
		if err != nil || match != "" {
			return match, err
		}
		words, _, err := f.find(numberWords, py.Lower(s))
		if n, ok := wordsToNumber(words); ok && err == nil {
			return fmt.Sprint(n), nil
		}
		return f.fallback, err
	}), err
}

// newWordSort keeps the words of the question's list, in the order in which
// the answer names each of them last.
func newWordSort(*arguments) (func(Item, py.Value) (py.Value, error), error) {
	return func(item Item, in py.Value) (py.Value, error) {
		question, err := docInput(item)
		if err != nil {
			return nil, err
		}
		parts := strings.Split(question, "List:")
		if len(parts) < 2 {
			return nil, fmt.Errorf("the question has no list of words")
		}
		words := py.Split(parts[1], "")
		for i, w := range words {
			words[i] = `\b` + w + `\b`
		}
		re, err := regex.Compile(strings.Join(words, "|"))
		if err != nil {
			return nil, err
		}
		return perText(func(s string) (string, error) {
			all, err := re.FindAll(s)
			var named []string
			for i := len(all) - 1; i >= 0; i-- {
				if w := all[i][len(all[i])-1]; !slices.Contains(named, w) {
					named = append(named, w)
				}
			}
			slices.Reverse(named)
			return strings.Join(named, " "), err
		})(item, in)
	}, nil
}
