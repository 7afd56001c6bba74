package checkpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// probes are texts that tokenizers get wrong: blanks of every kind, scripts,
// joined symbols, digits, names of special tokens.
var probes = []string{
	"The quick brown fox jumps over the lazy dog.", "  two\n\n\tlines  ", "x = [i**2 for i in range(10)]\n    return x",
	"naïve Æsop, straße, ﬁn", "Привет, мир! שלום עולם مرحبا", "日本語のテキスト 한국어", "👩‍👩‍👧 🏳️‍🌈 e\u0301", "3.14159, 1000000, ½, ٣",
	"it's I'LL we'Ve", "\u00a0\u2003\u3000\u0085", "<|im_start|> </s> [INST]", "",
}

// SelfTest encodes texts and decodes them again, and looks for each special
// token in its own name. rows, if positive, is how many
// tokens the model knows.
func SelfTest(t *tokenizer.Tokenizer, rows int) error {
	if rows > 0 && t.VocabSize() > rows {
		return fmt.Errorf("has %d tokens, the model %d", t.VocabSize(), rows)
	}
	for _, text := range probes {
		ids := t.Encode(text, false)
		for _, id := range ids {
			if id < 0 || int(id) >= t.VocabSize() {
				return fmt.Errorf("encodes %q with token %d of %d", text, id, t.VocabSize())
			}
		}
		once := t.Decode(ids, false)
		twice := t.Decode(t.Encode(once, false), false)
		if strings.TrimLeft(once, " ") != strings.TrimLeft(twice, " ") { // some put a blank before each text
			return fmt.Errorf("makes %q of %q, and then %q", once, text, twice)
		}
	}
	for _, id := range t.Specials() {
		if ids := t.Encode(t.Token(id), true); !slices.Contains(ids, id) {
			return fmt.Errorf("does not find its special token %d, %q, in a text", id, t.Token(id))
		}
	}
	return nil
}
