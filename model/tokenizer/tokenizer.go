// Package tokenizer turns text into token ids and back with the byte-level BPE
// of a checkpoint (Sennrich et al. 2016 over bytes, as in GPT-2): special
// tokens are cut out of the text, the rest is split into words, each word's
// bytes are merged pairwise, best pair first. The ids are those of the Python
// library `tokenizers`.
package tokenizer

import (
	"fmt"
	"math"
	"slices"
)

// Tokenizer encodes and decodes. It is safe for concurrent use.
type Tokenizer struct {
	vocabulary Vocabulary
	scheme     scheme
	addBOS     bool
	hash       string

	ids     map[string]int32 // spelling to id
	byteIDs [256]int32       // -1 for bytes without a token, see Encode
	merges  mergeTable
	cache   *wordCache

	// always matches user-defined tokens, special those and the control ones.
	always, special trie
	cuttable        bool // see Cut
}

// turnEnds are the usual names of the token that ends a turn, for checkpoints
// that do not say eot_token_id.
var turnEnds = []string{"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>"}

// New returns the tokenizer of a vocabulary, which must not change afterwards.
func New(v Vocabulary) (*Tokenizer, error) {
	s, ok := schemes[v.Pre]
	if !ok {
		return nil, fmt.Errorf("the word-splitting rule %.60q is not known, known are: %s", v.Pre, schemeNames())
	}
	if len(v.Tokens) == 0 || len(v.Tokens) > math.MaxInt32 {
		return nil, fmt.Errorf("the vocabulary has %d tokens", len(v.Tokens))
	}
	if v.Kinds != nil && len(v.Kinds) != len(v.Tokens) {
		return nil, fmt.Errorf("%d token kinds for %d tokens", len(v.Kinds), len(v.Tokens))
	}
	t := &Tokenizer{vocabulary: v, scheme: s, addBOS: s.addBOS, cache: newWordCache()}
	if v.AddBOS != nil {
		t.addBOS = *v.AddBOS
	}
	if err := t.index(); err != nil {
		return nil, err
	}
	var err error
	if t.merges, err = newMergeTable(v.Merges, t.ids); err != nil {
		return nil, err
	}
	t.hash = t.vocabulary.hash(t.addBOS)
	return t, nil
}

// index fills the maps from spellings to ids.
func (t *Tokenizer) index() error {
	v := &t.vocabulary
	t.ids = make(map[string]int32, len(v.Tokens))
	t.cuttable = true
	for i, token := range v.Tokens {
		id := int32(i)
		if first, twice := t.ids[token]; twice {
			return fmt.Errorf("tokens %d and %d are both spelled %.60q", first, id, token)
		}
		t.ids[token] = id
		switch v.kind(id) {
		case UserDefined:
			t.always.add(token, id)
			t.special.add(token, id)
			t.cuttable = t.cuttable && !cuts(token)
		case Control, Unknown:
			t.special.add(token, id)
			t.cuttable = t.cuttable && !cuts(token)
		}
	}
	for b, c := range alphabet {
		id, ok := t.ids[string(c)]
		if !ok {
			if ' ' <= b && b <= '~' {
				return fmt.Errorf("the vocabulary has no token for the character %q, so it is not a byte-level one", rune(b))
			}
			id = -1
		}
		t.byteIDs[b] = id
	}
	if v.EOT < 0 {
		for _, name := range turnEnds {
			if id, ok := t.ids[name]; ok && v.kind(id) == Control {
				v.EOT = id
				break
			}
		}
	}
	return nil
}

// Encode returns the ids of text. With special, the names of special tokens in
// the text become these tokens, as in the Python library; without, they are
// text like any other. At each place the longest name wins. No BOS is added.
// Bytes without a token (control characters, in some vocabularies) are dropped,
// as the Python library drops them.
func (t *Tokenizer) Encode(text string, special bool) []int32 {
	names := &t.always
	if special {
		names = &t.special
	}
	ids := make([]int32, 0, len(text)/3+4)
	for {
		start, end, id := names.find(text)
		ids = t.encodePlain(ids, text[:start])
		if start == end {
			return ids
		}
		ids = append(ids, id)
		text = text[end:]
	}
}

func (t *Tokenizer) encodePlain(ids []int32, text string) []int32 {
	if text == "" {
		return ids
	}
	if t.scheme.normalize != nil {
		text = t.scheme.normalize(text)
	}
	t.scheme.split(text, func(word string) {
		if id := t.byteIDs[word[0]]; len(word) == 1 && id >= 0 {
			ids = append(ids, id)
			return
		}
		var ok bool
		if ids, ok = t.cache.appendIDs(ids, word); ok {
			return
		}
		start := len(ids)
		ids = t.encodeWord(ids, word)
		t.cache.add(word, ids[start:])
	})
	return ids
}

func (t *Tokenizer) encodeWord(ids []int32, word string) []int32 {
	if t.scheme.wholeWords {
		if id, ok := t.ids[string(spell(nil, word))]; ok {
			return append(ids, id)
		}
	}
	return t.merges.encode(ids, word, &t.byteIDs)
}

// Token returns the bytes of a token, "" for an id outside the vocabulary.
func (t *Tokenizer) Token(id int32) string { return string(t.appendToken(nil, id)) }

// BOS returns the token that begins a text, if the checkpoint names one.
func (t *Tokenizer) BOS() (int32, bool) { return t.vocabulary.BOS, t.vocabulary.BOS >= 0 }

// EOS returns the token that ends a text, if the checkpoint names one.
func (t *Tokenizer) EOS() (int32, bool) { return t.vocabulary.EOS, t.vocabulary.EOS >= 0 }

// EOT returns the token that ends a turn of a dialogue: the one the checkpoint
// names, else a control token with one of the usual names.
func (t *Tokenizer) EOT() (int32, bool) { return t.vocabulary.EOT, t.vocabulary.EOT >= 0 }

// AddBOS reports whether the checkpoint wants BOS in front of every text.
func (t *Tokenizer) AddBOS() bool { return t.addBOS }

// VocabSize returns the number of tokens; ids are below it.
func (t *Tokenizer) VocabSize() int { return len(t.vocabulary.Tokens) }

// IsSpecial reports whether id is a control token.
func (t *Tokenizer) IsSpecial(id int32) bool {
	if id < 0 || int(id) >= t.VocabSize() {
		return false
	}
	kind := t.vocabulary.kind(id)
	return kind == Control || kind == Unknown
}

// Specials returns the ids of all control tokens in ascending order.
func (t *Tokenizer) Specials() []int32 {
	var ids []int32
	for id := range int32(t.VocabSize()) {
		if t.IsSpecial(id) {
			ids = append(ids, id)
		}
	}
	return slices.Clip(ids)
}

// ChatTemplate returns the checkpoint's Jinja template, "" without one.
func (t *Tokenizer) ChatTemplate() string { return t.vocabulary.ChatTemplate }

// Hash returns the SHA-256, in lower-case hex, of everything that decides which
// ids a text gets: equal hashes mean equal prompts.
func (t *Tokenizer) Hash() string { return t.hash }
