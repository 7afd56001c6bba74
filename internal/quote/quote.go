// Package quote shows names out of strangers' files in messages of one line.
package quote

import "fmt"

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
