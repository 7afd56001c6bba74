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

// mostLine is the length of a Line, in bytes, without its dots.
const mostLine = 300

// Line shortens a text to one line without control characters; dots follow
// what was cut.
func Line(text string) string {
	text = strings.Join(strings.Fields(strings.Map(visible, text)), " ")
	if len(text) > mostLine {
		text = strings.ToValidUTF8(text[:mostLine], "") + "..."
	}
	return text
}

// Error makes what err says a Line: decoders put whole numbers and times of
// the file into it. What it wraps stays.
func Error(err error) error { return short{Line(err.Error()), err} }

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
