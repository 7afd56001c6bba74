package tokenizer

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// spelling says how tokens are written in the vocabulary.
type spelling struct {
	style style
	blank string // stands for a blank, "" if nothing does
	// leading is how many blanks at the start of a text are not part of it, or
	// one of the values below.
	leading int
	broken  broken
	// unknown is written for the unknown token, where it is not empty.
	unknown string
}

const (
	oneEach    = -1 // one of each token up to the first that is more
	firstToken = -2 // those that the first token holds, wherever
)

type style byte

const (
	byteSpelling style = iota // by the alphabet in bytelevel.go
	charSpelling              // as it is, tokens of the kind Byte as <0xNN>
)

// broken says what becomes of bytes that are not UTF-8: U+FFFD for each ...
type broken byte

const (
	maximalParts broken = iota // maximal subpart of a character
	eachByte                   // byte of them
	wholeRuns                  // byte in a run of byte tokens that is not UTF-8 as a whole
)

// DecodeBytes returns the bytes that ids stand for behind other text, special
// tokens by their names. Ids outside the vocabulary stand for nothing.
func (t *Tokenizer) DecodeBytes(ids []int32) []byte {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = t.appendToken(b, id)
	}
	return b
}

// Decode returns the text of ids as it stands behind other text, without the
// special tokens among them if skipSpecial: decoding a prompt together with
// ids and cutting the prompt off gives the same. So a word at the start of ids
// keeps the blank in front of it. What becomes of bytes that are not UTF-8 is
// what the Python libraries do; for byte-level tokenizers they become U+FFFD,
// one for each maximal subpart of a character (Unicode 15, section 3.9), as
// Python's errors="replace" does it.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) string {
	if t.spelling.style == charSpelling {
		return string(t.decodeChars(ids, skipSpecial))
	}
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		if !skipSpecial || !t.IsSpecial(id) {
			b = t.appendToken(b, id)
		}
	}
	return replaceInvalid(b)
}

// DecodeText returns the text of ids as it stands alone: the blank that
// encoding put in front of the first word is gone.
func (t *Tokenizer) DecodeText(ids []int32, skipSpecial bool) string {
	text := t.Decode(ids, skipSpecial)
	switch n := t.spelling.leading; n {
	case oneEach, firstToken:
		if skipSpecial {
			ids = slices.DeleteFunc(slices.Clone(ids), t.IsSpecial)
		}
		if n == oneEach {
			return text[t.blanksBefore(ids):]
		}
		if len(ids) == 0 || t.isByte(ids[0]) {
			return text
		}
		first := t.Token(ids[0])
		return strings.ReplaceAll(first, " ", "") + text[len(first):]
	default:
		for ; n > 0; n-- {
			text = strings.TrimPrefix(text, " ")
		}
		return text
	}
}

// blanksBefore counts the blanks that oneEach means.
func (t *Tokenizer) blanksBefore(ids []int32) (n int) {
	for _, id := range ids {
		rest, blank := strings.CutPrefix(t.Token(id), " ")
		if t.isByte(id) || t.IsSpecial(id) || !blank {
			break
		}
		if n++; rest != "" {
			break
		}
	}
	return n
}

func (t *Tokenizer) decodeChars(ids []int32, skipSpecial bool) []byte {
	out := make([]byte, 0, 4*len(ids))
	var run []byte // bytes of tokens of that kind
	flush := func() {
		out = append(out, t.spelling.broken.repair(run)...)
		run = run[:0]
	}
	for _, id := range ids {
		switch {
		case skipSpecial && t.IsSpecial(id):
		case t.isByte(id):
			run = t.appendToken(run, id)
		default:
			flush()
			out = t.appendToken(out, id)
		}
	}
	flush()
	return out
}

// repair returns the bytes of a run as text.
func (b broken) repair(run []byte) string {
	if utf8.Valid(run) {
		return string(run)
	}
	switch b {
	case wholeRuns:
		return strings.Repeat("\ufffd", len(run))
	case eachByte:
		return string([]rune(string(run))) // a conversion that replaces each byte
	}
	return replaceInvalid(run)
}

func (t *Tokenizer) isByte(id int32) bool {
	return 0 <= id && int(id) < t.VocabSize() && t.vocabulary.kind(id) == Byte
}

func (t *Tokenizer) appendToken(dst []byte, id int32) []byte {
	if id < 0 || int(id) >= t.VocabSize() {
		return dst
	}
	token := t.vocabulary.Tokens[id]
	switch t.vocabulary.kind(id) {
	case Control: // spelled as they are
		return append(dst, token...)
	case Unknown:
		if t.spelling.unknown != "" {
			token = t.spelling.unknown
		}
		return append(dst, token...)
	case UserDefined:
		if t.spelling.style == byteSpelling {
			return append(dst, token...)
		}
	case Byte:
		if b, ok := byteToken(token); ok && t.spelling.style == charSpelling {
			return append(dst, b)
		}
	}
	if t.spelling.style == byteSpelling {
		return unspell(dst, token)
	}
	if t.spelling.blank != "" {
		token = strings.ReplaceAll(token, t.spelling.blank, " ")
	}
	return append(dst, token...)
}

// byteToken returns the byte that the spelling <0xNN> stands for.
func byteToken(token string) (byte, bool) {
	if len(token) != 6 || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	high, ok := hexDigit(token[3])
	low, ok2 := hexDigit(token[4])
	return high<<4 | low, ok && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
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
