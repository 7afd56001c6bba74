package tokenizer

import (
	"fmt"
	"slices"
)

// Difference says in what two tokenizers give a text other tokens, or a token
// another meaning; "" where they do not. Chat templates and the tokens that end
// a turn do not count.
func Difference(a, b *Tokenizer) string {
	v, w := &a.vocabulary, &b.vocabulary
	if len(v.Tokens) != len(w.Tokens) {
		return fmt.Sprintf("%d tokens and %d", len(v.Tokens), len(w.Tokens))
	}
	for i := range v.Tokens {
		id := int32(i)
		if v.Tokens[i] != w.Tokens[i] {
			return fmt.Sprintf("token %d is %.60q in one and %.60q in the other", i, v.Tokens[i], w.Tokens[i])
		}
		if v.kind(id) != w.kind(id) {
			return fmt.Sprintf("token %d, %.60q, is of kind %d in one and %d in the other", i, v.Tokens[i], v.kind(id), w.kind(id))
		}
	}
	switch {
	case v.Pre != w.Pre:
		return fmt.Sprintf("words are split by the rule %.60q in one and %.60q in the other", v.Pre, w.Pre)
	case !slices.Equal(v.Merges, w.Merges):
		return fmt.Sprintf("the merges differ, %d and %d", len(v.Merges), len(w.Merges))
	case v.BOS != w.BOS || v.EOS != w.EOS:
		return fmt.Sprintf("BOS and EOS are tokens %d and %d in one, %d and %d in the other", v.BOS, v.EOS, w.BOS, w.EOS)
	case a.addBOS != b.addBOS:
		return "one puts BOS in front of a text, the other does not"
	case a.hash != b.hash && v.EOT == w.EOT:
		return "their hashes differ"
	}
	return ""
}
