package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// Added is a token that is found in text before anything else, as in
// tokenizer.json's added_tokens.
type Added struct {
	ID      int32
	Content string
	// Special tokens are recognised on request and may be skipped in decoding;
	// the others are recognised always.
	Special bool
	// LStrip and RStrip take the white space beside it along; SingleWord wants
	// no letter there.
	LStrip, RStrip, SingleWord bool
	// Normalized tokens are looked for in normalised text.
	Normalized bool
}

// names finds added tokens in text.
type names struct {
	trie  trie
	odd   map[int32]Added // those with flags
	plain bool            // there are none
}

func newNames(all []Added, spelling func(string) string) names {
	n := names{odd: make(map[int32]Added)}
	for _, a := range all {
		n.trie.add(spelling(a.Content), a.ID)
		if a.LStrip || a.RStrip || a.SingleWord {
			n.odd[a.ID] = a
		}
	}
	n.plain = len(n.odd) == 0
	return n
}

// find returns the next added token in text at or after from, with the white
// space it takes along; nothing before low is taken. start and end are
// len(text) if there is none, next is where to look for another one.
func (n *names) find(text string, low, from int) (start, end, next int, id int32) {
	for {
		start, end, id = n.trie.find(text[from:])
		start, end = start+from, end+from
		if next = end; n.plain || start == end {
			return start, end, next, id
		}
		a := n.odd[id]
		if a.SingleWord && (wordBefore(text[:start]) || wordAfter(text[end:])) {
			from = end
			continue
		}
		if a.LStrip {
			start = max(low, len(strings.TrimRightFunc(text[:start], unicode.IsSpace)))
		}
		if a.RStrip {
			end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
		}
		return start, end, next, id
	}
}

func wordBefore(s string) bool {
	r, n := utf8.DecodeLastRuneInString(s)
	return n > 0 && ucd.RustWord().Has(r)
}

func wordAfter(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && ucd.RustWord().Has(r)
}

// partable reports whether Cut could part what a finds, or change what it is
// beside: behind a token that ends with a letter, text has a blank put in front.
func (a Added) partable(rule cutRule) bool {
	if a.Content == "" {
		return false
	}
	first, last := a.Content[0], a.Content[len(a.Content)-1]
	return cuts(a.Content) || (a.RStrip || rule == cutBlank) && isLetter(last) || a.SingleWord && isWhite(first)
}
