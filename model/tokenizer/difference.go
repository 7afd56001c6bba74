package tokenizer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Difference says in what two tokenizers give a text other tokens, or a token
// another meaning; "" where they do not. It looks at what they do, not at how
// a file says it: one may come from tokenizer.json, the other from a GGUF file.
// Chat templates, the tokens that end a turn and ids that nothing uses do not
// count.
func Difference(a, b *Tokenizer) string {
	if a.hash == b.hash {
		return ""
	}
	if d := differentTokens(a, b); d != "" {
		return d
	}
	v, w := &a.vocabulary, &b.vocabulary
	switch {
	case v.BOS != w.BOS || v.EOS != w.EOS:
		return fmt.Sprintf("BOS and EOS are tokens %d and %d in one, %d and %d in the other", v.BOS, v.EOS, w.BOS, w.EOS)
	case a.addBOS != b.addBOS:
		return "one puts BOS in front of a text, the other does not"
	}
	larger := a
	if b.VocabSize() > a.VocabSize() {
		larger = b
	}
	for text := range probes(larger) {
		for _, special := range []bool{false, true} {
			if x, y := a.Encode(text, special), b.Encode(text, special); !slices.Equal(x, y) {
				return fmt.Sprintf("the text %.80q becomes tokens %s in one and %s in the other", text, firstDifference(x, y), firstDifference(y, x))
			}
		}
	}
	return ""
}

// differentTokens compares the vocabularies.
func differentTokens(a, b *Tokenizer) string {
	for i := range max(a.VocabSize(), b.VocabSize()) {
		id := int32(i)
		switch {
		case a.unused(id) && b.unused(id):
		case i >= min(a.VocabSize(), b.VocabSize()):
			return fmt.Sprintf("%d tokens and %d", a.VocabSize(), b.VocabSize())
		case a.IsSpecial(id) != b.IsSpecial(id):
			return fmt.Sprintf("token %d, %.60q, is special in one and not in the other", i, a.vocabulary.Tokens[i])
		}
		if x, y := a.Name(id), b.Name(id); x != y && !(a.unused(id) && b.unused(id)) {
			return fmt.Sprintf("token %d is %.60q in one and %.60q in the other", i, x, y)
		}
	}
	return ""
}

// unused reports whether no text gives a token: converters fill up with such.
func (t *Tokenizer) unused(id int32) bool {
	return int(id) >= t.VocabSize() || t.vocabulary.kind(id) == Unused
}

// firstDifference shows x from a little before where it differs from y.
func firstDifference(x, y []int32) string {
	at := 0
	for at < min(len(x), len(y)) && x[at] == y[at] {
		at++
	}
	return fmt.Sprintf("%d… (from the %d. on)", x[at:min(at+6, len(x))], at+1)
}

// probeTokens is how many tokens the texts of probes are made of, at least.
const probeTokens = 1 << 16

// probes yields texts for comparing tokenizers: what is hard to split, each
// token of one, and all of them in random order, which tries its merges against
// each other.
func probes(t *Tokenizer) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, text := range Probes {
			if !yield(text) {
				return
			}
		}
		r := rand.New(rand.NewPCG(1, 2))
		for done := 0; done < probeTokens; done += t.VocabSize() {
			order := r.Perm(t.VocabSize())
			for some := range slices.Chunk(order, 32) {
				var text strings.Builder
				for _, id := range some {
					token := t.Token(int32(id))
					text.WriteString(token)
					if done == 0 && !yield(strings.ToValidUTF8(token, "")) {
						return
					}
				}
				if !yield(strings.ToValidUTF8(text.String(), "")) {
					return
				}
			}
		}
	}
}

// Probes are texts that tokenizers get wrong: blanks of every kind, scripts,
// joined symbols, digits, names of special tokens.
var Probes = []string{
	"The quick brown fox jumps over the lazy dog.", "  two\n\n\tlines  ", "x = [i**2 for i in range(10)]\n    return x",
	"naïve Æsop, straße, ﬁn", "Привет, мир! שלום עולם مرحبا", "日本語のテキスト 한국어", "👩‍👩‍👧 🏳️‍🌈 e\u0301", "3.14159, 1000000, ½, ٣",
	"it's I'LL we'Ve", "\u00a0\u2003\u3000\u0085", "<|im_start|> </s> [INST]", "",
}
