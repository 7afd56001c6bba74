// Package quote shows what comes out of strangers' files in messages of one
// short line.
package quote

import (
	"fmt"
	"strings"
	"unicode"
)

const (
	mostRunes = 80
	most      = 200 // bytes of a quotation: one rune can become ten of them
)

// Name quotes name, cut so that the quotation stays short; dots follow what
// was cut.
func Name(name string) string {
	for runes := mostRunes; ; runes /= 2 {
		short := fmt.Sprintf("%.*q", runes, name)
		if len(short) > most {
			continue
		}
		if short != fmt.Sprintf("%.*q", runes+1, name) {
			short += "..."
		}
		return short
	}
}

// mostError is the length of what Error says, in bytes.
const mostError = 300

// Error shortens err to one line: decoders put whole numbers and times of the
// file into what they say. What it wraps stays.
func Error(err error) error {
	text := strings.Join(strings.Fields(strings.Map(visible, err.Error())), " ")
	if len(text) > mostError {
		text = strings.ToValidUTF8(text[:mostError], "") + "..."
	}
	return short{text, err}
}

func visible(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

type short struct {
	text string
	err  error
}

func (s short) Error() string { return s.text }
func (s short) Unwrap() error { return s.err }
