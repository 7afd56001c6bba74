package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// blankMark is what SentencePiece writes for a blank.
const blankMark = "\u2581"

// charModel merges characters; those without a token are spelled by the tokens
// of their bytes, or are unknown.
type charModel struct {
	merges   mergeTable
	ids      map[string]int32
	byteIDs  [256]int32 // -1 for those without
	fallback bool       // to bytes
	unknown  int32      // -1: such characters are dropped
	fuse     bool       // unknown ones in a row are one
	whole    bool       // words in the vocabulary are taken as they are
}

func (m *charModel) encode(ids []int32, word string) []int32 {
	if m.whole {
		if id, ok := m.ids[word]; ok {
			return append(ids, id)
		}
	}
	w := words.Get().(*wordState)
	defer words.Put(w)
	w.reset()
	lost := false // the symbol before is unknown
	for at := 0; at < len(word); {
		_, n := utf8.DecodeRuneInString(word[at:])
		c := word[at : at+n]
		at += n
		if id, ok := m.ids[c]; ok {
			w.add(id)
			lost = false
		} else if m.fallback && m.spells(c) {
			for i := range len(c) {
				w.add(m.byteIDs[c[i]])
			}
			lost = false
		} else if m.unknown >= 0 && !(lost && m.fuse) {
			w.add(m.unknown)
			lost = true
		}
	}
	w.end()
	return w.merge(ids, m.merges)
}

// spells reports whether all bytes of c have tokens.
func (m *charModel) spells(c string) bool {
	for i := range len(c) {
		if m.byteIDs[c[i]] < 0 {
			return false
		}
	}
	return true
}

// tokensOfBytes returns the ids of the tokens <0xNN>, -1 where there is none.
func tokensOfBytes(ids map[string]int32) (out [256]int32) {
	const hex = "0123456789ABCDEF"
	for b := range out {
		out[b] = -1
		if id, ok := ids["<0x"+string(hex[b>>4])+string(hex[b&15])+">"]; ok {
			out[b] = id
		}
	}
	return out
}

// crossesBlank reports whether a token goes over the start of a word: holds a
// U+2581 behind something else.
func crossesBlank(token string) bool {
	return strings.Contains(strings.TrimLeft(token, blankMark), blankMark)
}

// cutBlanks cuts in front of each run of U+2581, where no merge goes over such
// a place. The words are then the same in every text and can be remembered.
func cutBlanks(text string, first bool, emit emitter) {
	start := 0
	for at := 1; at < len(text); at++ {
		if text[at] != blankMark[0] || !strings.HasPrefix(text[at:], blankMark) || strings.HasSuffix(text[start:at], blankMark) {
			continue
		}
		emit(text[start:at], first && start == 0)
		start = at
	}
	if start < len(text) {
		emit(text[start:], first && start == 0)
	}
}
