package regex

import "unicode"

// alike are letters that a pattern ignoring case takes for one another though
// their lower cases differ: for each, others of the same upper case.
var alike = map[rune][]rune{}

func init() {
	for _, set := range [][]rune{
		{'i', 'ı'}, {'s', 'ſ'}, {'µ', 'μ'}, {'\u0345', 'ι', '\u1fbe'}, {'ΐ', '\u1fd3'}, {'ΰ', '\u1fe3'}, {'β', 'ϐ'}, {'ε', 'ϵ'},
		{'θ', 'ϑ'}, {'κ', 'ϰ'}, {'π', 'ϖ'}, {'ρ', 'ϱ'}, {'ς', 'σ'}, {'φ', 'ϕ'}, {'в', 'ᲀ'}, {'д', 'ᲁ'}, {'о', 'ᲂ'}, {'с', 'ᲃ'},
		{'т', 'ᲄ', 'ᲅ'}, {'ъ', 'ᲆ'}, {'ѣ', 'ᲇ'}, {'ᲈ', 'ꙋ'}, {'ṡ', 'ẛ'}, {'ﬅ', 'ﬆ'},
	} {
		for _, r := range set {
			alike[r] = set
		}
	}
}

func lower(r rune, ascii bool) rune {
	if ascii && r > unicode.MaxASCII {
		return r
	}
	return unicode.ToLower(r)
}

// sameLetter compares ignoring case.
func sameLetter(a, b rune, ascii bool) bool {
	a, b = lower(a, ascii), lower(b, ascii)
	if a == b || ascii {
		return a == b
	}
	for _, r := range alike[a] {
		if r == b {
			return true
		}
	}
	return false
}

// folded is has ignoring case: whether the class holds a letter that is the
// same, or a category the lower case.
func (c *class) folded(ascii bool) func(rune) bool {
	letters := class{ranges: c.ranges}
	categories := class{categories: c.categories}
	return func(r rune) bool {
		r = lower(r, ascii)
		if letters.has(r) || categories.has(r) {
			return true
		}
		for _, other := range append([]rune{r}, alike[r]...) {
			for x := unicode.SimpleFold(other); x != other; x = unicode.SimpleFold(x) {
				if letters.has(x) && sameLetter(x, r, ascii) {
					return true
				}
			}
			if letters.has(other) && sameLetter(other, r, ascii) {
				return true
			}
		}
		return r == 'i' && !ascii && letters.has('İ')
	}
}
