package tokenizer

// Cut returns the first place at or after from where text can be cut without
// changing its tokens: Encode(text) is Encode(text[:at]) followed by
// Encode(text[at:]). It is len(text) where there is none. Whether at is such a
// place is decided by text[at-1] and text[at] alone.
//
// Such a place lies between an ASCII letter and an ASCII white-space
// character: in every scheme a word with the letter ends there, nothing that
// comes before looks further than that, and no normalisation joins the two.
// Names of special tokens that hold such a pair forbid cuts altogether.
func (t *Tokenizer) Cut(text string, from int) int {
	if !t.cuttable {
		return len(text)
	}
	for at := max(from, 1); at < len(text); at++ {
		if breaks(text[at-1], text[at]) {
			return at
		}
	}
	return len(text)
}

func breaks(before, after byte) bool {
	letter := 'a' <= before && before <= 'z' || 'A' <= before && before <= 'Z'
	return letter && (after == ' ' || after == '\n' || after == '\t' || after == '\r')
}

// cuts reports whether a name holds a place where Cut would part it.
func cuts(name string) bool {
	for at := 1; at < len(name); at++ {
		if breaks(name[at-1], name[at]) {
			return true
		}
	}
	return false
}
