package scoring

import (
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// englishNumbers are the words of which wordsToNumber makes numbers.
var englishNumbers = func() map[string]int64 {
	out := map[string]int64{"hundred": 100, "thousand": 1e3, "million": 1e6, "billion": 1e9}
	for i, w := range strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen") {
		out[w] = int64(i)
	}
	for i, w := range strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety") {
		out[w] = int64(20 + 10*i)
	}
	return out
}()

// wordsToNumber reads a number in English words as Python's word2number does:
// other words are left out, and what makes no number by its rules is odd: two
// words without a hundred are added up, of five and more the first counts. ok
// is false where word2number raises an error.
func wordsToNumber(s string) (n int64, ok bool) {
	var words []string
	for _, w := range py.Split(py.Lower(strings.ReplaceAll(s, "-", " ")), "") {
		if _, known := englishNumbers[w]; known {
			words = append(words, w)
		}
	}
	switch len(words) {
	case 0:
		return 0, false
	case 1:
		return englishNumbers[words[0]], true
	}
	left, rest := words, words // behind the last scale word, and behind the last that is not the last word
	for _, scale := range []string{"billion", "million", "thousand"} {
		i := slices.Index(left, scale)
		if i < 0 {
			continue
		}
		count, ok := smallNumber(left[:i])
		if !ok || slices.Contains(left[i+1:], scale) || slices.ContainsFunc(left[:i], func(w string) bool { return englishNumbers[w] >= 1000 }) {
			return 0, false
		}
		n += count * englishNumbers[scale]
		if left = left[i+1:]; len(left) > 0 || len(rest) == len(words) {
			rest = left
		}
	}
	if len(rest) == 0 {
		return n, true
	}
	more, ok := smallNumber(rest)
	return n + more, ok
}

// smallNumber reads the words between thousands.
func smallNumber(words []string) (int64, bool) {
	v := make([]int64, len(words))
	for i, w := range words {
		v[i] = englishNumbers[w]
	}
	switch {
	case len(v) == 0:
		return 0, false
	case len(v) == 2 && slices.Contains(v, 100):
		return v[0] * v[1], true
	case len(v) == 2:
		return v[0] + v[1], true
	case len(v) == 3:
		return v[0]*v[1] + v[2], true
	case len(v) == 4:
		return v[0]*v[1] + v[2] + v[3], true
	}
	return v[0], true
}
