package tokenizer

// cutRule says where text may be cut.
type cutRule byte

const (
	cutNever cutRule = iota
	cutWhite         // between an ASCII letter and ASCII white space
	cutBlank         // between an ASCII letter and a blank
)

// Cut returns the first place at or after from where text can be cut without
// changing its tokens: Encode(text) is Encode(text[:at]) followed by
// EncodeRest(text[at:]), both with or both without special tokens. It is
// len(text) where there is none. Whether at is such a place is decided by
// text[at-1] and text[at] alone.
//
// In byte-level tokenizers such a place lies between an ASCII letter and an
// ASCII white-space character: in every scheme that is used so, a word with the
// letter ends there, nothing that comes before looks further than that, and no
// normalisation joins the two. In tokenizers that write blanks as U+2581 it
// lies between a letter and a blank, if no token holds a U+2581 behind
// something else: then no merge goes over that place, and merges on its two
// sides do not know of each other. Where neither is known to be so, and where
// names of added tokens hold such a pair, there are no such places.
func (t *Tokenizer) Cut(text string, from int) int {
	if t.cut == cutNever {
		return len(text)
	}
	for at := max(from, 1); at < len(text); at++ {
		if isLetter(text[at-1]) && (text[at] == ' ' || t.cut == cutWhite && isWhite(text[at])) {
			return at
		}
	}
	return len(text)
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isWhite(c byte) bool  { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// cuts reports whether a name holds a place where Cut would part it.
func cuts(name string) bool {
	for at := 1; at < len(name); at++ {
		if isLetter(name[at-1]) && isWhite(name[at]) {
			return true
		}
	}
	return false
}
