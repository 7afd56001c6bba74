package tokenizer

import "unicode/utf8"

// DecodeBytes returns the bytes that ids stand for, special tokens by their
// names. Ids outside the vocabulary stand for nothing.
func (t *Tokenizer) DecodeBytes(ids []int32) []byte {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = t.appendToken(b, id)
	}
	return b
}

// Decode returns the text of ids, without the special tokens among them if
// skipSpecial. Bytes that are not UTF-8 become U+FFFD, one for each maximal
// subpart of a character (Unicode 15, section 3.9), as Python's
// errors="replace" does it.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) string {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		if !skipSpecial || !t.IsSpecial(id) {
			b = t.appendToken(b, id)
		}
	}
	return replaceInvalid(b)
}

func (t *Tokenizer) appendToken(dst []byte, id int32) []byte {
	if id < 0 || int(id) >= t.VocabSize() {
		return dst
	}
	token := t.vocabulary.Tokens[id]
	switch t.vocabulary.kind(id) {
	case Control, UserDefined, Unknown: // spelled as they are
		return append(dst, token...)
	}
	return unspell(dst, token)
}

func replaceInvalid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = maximalSubpart(b)
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return string(out)
}

// maximalSubpart returns the length of the longest start of a character that
// ill-formed b begins with, at least 1. The ranges of the second byte are
// those of Unicode 15, table 3-7.
func maximalSubpart(b []byte) int {
	low, high, want := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case 0xe0 <= c && c <= 0xef:
		want = 3
	case 0xf0 <= c && c <= 0xf4:
		want = 4
	default: // alone, or a lead byte of two that nothing fitting follows
		return 1
	}
	switch b[0] {
	case 0xe0: // overlong below
		low = 0xa0
	case 0xed: // surrogates above
		high = 0x9f
	case 0xf0: // overlong below
		low = 0x90
	case 0xf4: // beyond U+10FFFF
		high = 0x8f
	}
	n := 1
	for n < want && n < len(b) && low <= b[n] && b[n] <= high {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}
