package runner

import "github.com/llamaeval/llamaeval/model/tokenizer"

// markEvery is about how many bytes lie between two places at which an
// encoding can be taken up again.
const markEvery = 48

// A prefixEncoder encodes one text after the other and keeps the tokens of
// what a text begins with as the one before it did: exemplars, a document's
// question. The tokens are those that encode gives for the whole text.
type prefixEncoder struct {
	// encode encodes a part of a text that was cut, rest: behind a cut.
	encode func(part string, rest bool) []int32
	cut    func(text string, from int) int // tokenizer.Cut

	text   string // the last one
	tokens []int32
	marks  []mark // ascending
}

// A mark is a place where text may be cut, and the tokens before it.
type mark struct{ at, tokens int }

func newPrefixEncoder(t *tokenizer.Tokenizer) *prefixEncoder {
	encode := func(part string, rest bool) []int32 {
		if rest {
			return t.EncodeRest(part, true)
		}
		return t.Encode(part, true)
	}
	return &prefixEncoder{encode: encode, cut: t.Cut}
}

// tokensOf returns the tokens of text. They are valid until the next call.
func (p *prefixEncoder) tokensOf(text string) []int32 {
	shared, k := commonLength(p.text, text), len(p.marks)
	// The byte behind a cut belongs to what makes it one.
	for k > 0 && p.marks[k-1].at >= shared {
		k--
	}
	p.marks = p.marks[:k]
	var from mark
	if k > 0 {
		from = p.marks[k-1]
	}
	p.text, p.tokens = text, p.tokens[:from.tokens]
	for at := from.at; at < len(text); {
		end := p.cut(text, at+markEvery)
		p.tokens = append(p.tokens, p.encode(text[at:end], at > 0)...)
		if at = end; at < len(text) {
			p.marks = append(p.marks, mark{at, len(p.tokens)})
		}
	}
	return p.tokens
}

// commonLength is how many bytes both texts begin with.
func commonLength(a, b string) int {
	const step = 64
	n, i := min(len(a), len(b)), 0
	for i+step <= n && a[i:i+step] == b[i:i+step] {
		i += step
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
