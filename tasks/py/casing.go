package py

import (
	"strings"
	"unicode"
)

// Case mappings are the full ones of the Unicode standard (SpecialCasing.txt, no locale), as in CPython's
// Objects/unicodeobject.c; Go's strings package only knows the simple ones.

// Lower is str.lower, with the final form of sigma at the end of words.
func Lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	runes := []rune(s)
	var b strings.Builder
	for i := range runes {
		writeLower(&b, runes, i)
	}
	return b.String()
}

// Upper is str.upper.
func Upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	for _, r := range s {
		writeUpper(&b, r)
	}
	return b.String()
}

// Capitalize is str.capitalize: the first code point in title case, all others in lower case.
func Capitalize(s string) string {
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		if i == 0 {
			writeTitle(&b, r)
		} else {
			writeLower(&b, runes, i)
		}
	}
	return b.String()
}

// Title is str.title: a cased letter after an uncased character starts a word, so "they're" becomes "They'Re".
func Title(s string) string {
	runes := []rune(s)
	var b strings.Builder
	inWord := false
	for i, r := range runes {
		if inWord {
			writeLower(&b, runes, i)
		} else {
			writeTitle(&b, r)
		}
		inWord = isCased(r)
	}
	return b.String()
}

// SwapCase is str.swapcase.
func SwapCase(s string) string {
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		switch {
		case isUpper(r):
			writeLower(&b, runes, i)
		case isLower(r):
			writeUpper(&b, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func writeLower(b *strings.Builder, runes []rune, i int) {
	switch r := runes[i]; r {
	case 0x130: // the only code point whose lower case is two
		b.WriteString("i\u0307")
	case 0x3a3:
		if finalSigma(runes, i) {
			b.WriteRune(0x3c2)
		} else {
			b.WriteRune(0x3c3)
		}
	default:
		b.WriteRune(unicode.ToLower(r))
	}
}

func writeUpper(b *strings.Builder, r rune) {
	if s, ok := specialUpper[r]; ok {
		b.WriteString(s)
		return
	}
	b.WriteRune(unicode.ToUpper(r))
}

func writeTitle(b *strings.Builder, r rune) {
	if s, ok := specialTitle[r]; ok {
		b.WriteString(s)
		return
	}
	b.WriteRune(unicode.ToTitle(r))
}

// finalSigma is the Final_Sigma condition of the Unicode standard, section 3.13: a cased letter comes before and
// none comes after, case-ignorable characters aside.
func finalSigma(runes []rune, i int) bool {
	j := i - 1
	for j >= 0 && isCaseIgnorable(runes[j]) {
		j--
	}
	if j < 0 || !isCased(runes[j]) {
		return false
	}
	j = i + 1
	for j < len(runes) && isCaseIgnorable(runes[j]) {
		j++
	}
	return j == len(runes) || !isCased(runes[j])
}

func isUpper(r rune) bool { return unicode.In(r, unicode.Lu, unicode.Other_Uppercase) }
func isLower(r rune) bool { return unicode.In(r, unicode.Ll, unicode.Other_Lowercase) }
func isCased(r rune) bool { return isUpper(r) || isLower(r) || unicode.Is(unicode.Lt, r) }

// isCaseIgnorable: general categories Mn, Me, Cf, Lm, Sk and the word-break classes MidLetter, MidNumLet, Single_Quote.
func isCaseIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) ||
		strings.ContainsRune("'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a", r)
}

// IsUpperString is str.isupper: at least one cased character, and none in lower or title case.
func IsUpperString(s string) bool {
	cased := false
	for _, r := range s {
		if isLower(r) || unicode.Is(unicode.Lt, r) {
			return false
		}
		cased = cased || isUpper(r)
	}
	return cased
}

// IsLowerString is str.islower.
func IsLowerString(s string) bool {
	cased := false
	for _, r := range s {
		if isUpper(r) || unicode.Is(unicode.Lt, r) {
			return false
		}
		cased = cased || isLower(r)
	}
	return cased
}

// IsTitleString is str.istitle: upper case only after uncased characters, lower case only after cased ones.
func IsTitleString(s string) bool {
	cased, inWord := false, false
	for _, r := range s {
		switch {
		case isUpper(r) || unicode.Is(unicode.Lt, r):
			if inWord {
				return false
			}
			inWord, cased = true, true
		case isLower(r):
			if !inWord {
				return false
			}
			inWord, cased = true, true
		default:
			inWord = false
		}
	}
	return cased
}

// IsDigit is str.isdigit: all characters are decimal digits or such as superscripts and circled digits.
func IsDigit(s string) bool {
	return all(s, func(r rune) bool { return unicode.In(r, unicode.Nd, digitsBeyondNd) })
}

// IsDecimal is str.isdecimal: category Nd only.
func IsDecimal(s string) bool { return all(s, func(r rune) bool { return unicode.Is(unicode.Nd, r) }) }

// IsNumeric is str.isnumeric: everything with a numeric value, fractions and Chinese numerals included.
func IsNumeric(s string) bool { return all(s, isNumeric) }

func isNumeric(r rune) bool {
	return unicode.In(r, unicode.Nd, unicode.Nl, unicode.No, numericBeyondN)
}

// IsAlpha is str.isalpha.
func IsAlpha(s string) bool { return all(s, unicode.IsLetter) }

// IsAlnum is str.isalnum.
func IsAlnum(s string) bool {
	return all(s, func(r rune) bool { return unicode.IsLetter(r) || isNumeric(r) })
}
