package mathanswer

import (
	"regexp"
	"strings"
)

// unit reads the words behind a number, with their power. Nothing may follow
// but the end: 5 ft 3 in is no product.
func (e *expression) unit(words string) quo {
	name, ok := unitName(words)
	if !ok {
		return e.fail()
	}
	if e.accept("^") {
		n, ok := e.exponent().int64(3)
		if !ok || n < 1 {
			return e.fail()
		}
		if n > 1 {
			name += "^" + string(rune('0'+n))
		}
	}
	if e.pos < len(e.toks) {
		return e.fail()
	}
	switch name {
	case "degree":
		return fromPoly(single(degree, whole(1)))
	case "percent":
		return fromPoly(single(perCent, whole(1)))
	case "unit", "unit^2", "unit^3":
		return fromPoly(integer(1))
	}
	return fromPoly(single(unit(name), whole(1)))
}

var unitWords = regexp.MustCompile(`\A[A-Za-z][A-Za-z ]*\.?\z`)

// unitAliases are other spellings, in the singular.
var unitAliases = map[string]string{
	"inche": "inch", "feet": "foot", "ft": "foot", "centimeter": "cm", "millimeter": "mm", "kilometer": "km",
	"meter": "m", "kilogram": "kg", "gm": "gram", "hr": "hour", "min": "minute",
}

// unitName gives a unit one spelling: "square feet" is "foot^2".
func unitName(words string) (string, bool) {
	words = strings.Join(strings.Fields(words), " ")
	if !unitWords.MatchString(words) {
		return "", false
	}
	words = strings.ToLower(strings.TrimSuffix(words, "."))
	power := ""
	for prefix, p := range map[string]string{"square ": "^2", "sq ": "^2", "cubic ": "^3", "cu ": "^3"} {
		if rest, ok := strings.CutPrefix(words, prefix); ok {
			words, power = rest, p
		}
	}
	if len(words) > 2 {
		words = strings.TrimSuffix(words, "s")
	}
	if alias, ok := unitAliases[words]; ok {
		words = alias
	}
	return words + power, true
}
