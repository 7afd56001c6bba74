package checkpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// SelfTest encodes texts and decodes them again, and looks for each special
// token in its own name. rows, if positive, is how many tokens the model knows.
func SelfTest(t *tokenizer.Tokenizer, rows int) error {
	if rows > 0 && t.VocabSize() > rows {
		return fmt.Errorf("has %d tokens, the model %d", t.VocabSize(), rows)
	}
	for _, text := range tokenizer.Probes {
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
		if ids := t.Encode(t.Name(id), true); !slices.Contains(ids, id) {
			return fmt.Errorf("does not find its special token %d, %q, in a text", id, t.Name(id))
		}
	}
	return nil
}
