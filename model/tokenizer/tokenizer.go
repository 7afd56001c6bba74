// Package tokenizer turns text into token ids and back, with the byte pair
// encoding of a checkpoint (Sennrich et al. 2016): added tokens are cut out of
// the text, the rest is normalised and split into words, in each word symbols
// are merged pairwise, best pair first. Symbols are bytes (GPT-2 and after it),
// or characters with bytes for unknown ones (SentencePiece: Llama 2, Mistral).
// The ids are those of the Python libraries `tokenizers` and `sentencepiece`.
package tokenizer

import (
	"fmt"
	"math"
	"slices"
)

// Tokenizer encodes and decodes. It is safe for concurrent use.
type Tokenizer struct {
	vocabulary Vocabulary
	addBOS     bool
	hash       string
	ids        map[string]int32 // spelling to id

	// always finds the tokens that are recognised on any account, special
	// those and the special ones; each in text as it is, or normalised.
	always, special, alwaysNormal, specialNormal names

	normalize normalizer // nil keeps the text
	cutter    cutter
	byteIDs   [256]int32 // of bytes that are words, -1: ask the model
	model     model
	cache     *wordCache

	spelling spelling
	cut      cutRule
	// prefixFirstOnly: what is put in front of text is not put in front of
	// what stands behind special tokens.
	prefixFirstOnly bool
}

// A model turns a word into ids.
type model interface {
	encode(ids []int32, word string) []int32
}

// turnEnds are the usual names of the token that ends a turn, for checkpoints
// that do not say eot_token_id.
var turnEnds = []string{"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>"}

// newTokenizer returns a tokenizer that knows its tokens and nothing else.
func newTokenizer(v Vocabulary) (*Tokenizer, error) {
	if len(v.Tokens) == 0 || len(v.Tokens) > math.MaxInt32 {
		return nil, fmt.Errorf("the vocabulary has %d tokens", len(v.Tokens))
	}
	if v.Kinds != nil && len(v.Kinds) != len(v.Tokens) {
		return nil, fmt.Errorf("%d token kinds for %d tokens", len(v.Kinds), len(v.Tokens))
	}
	if err := checkNames(&v); err != nil {
		return nil, err
	}
	t := &Tokenizer{vocabulary: v, cache: newWordCache(), ids: make(map[string]int32, len(v.Tokens))}
	for b := range t.byteIDs {
		t.byteIDs[b] = -1
	}
	for i, token := range v.Tokens {
		id := int32(i)
		if token == "" && v.kind(id) == Unused { // a hole
			continue
		}
		if first, twice := t.ids[token]; twice {
			return nil, fmt.Errorf("tokens %d and %d are both spelled %.60q", first, id, token)
		}
		t.ids[token] = id
	}
	if v.EOT < 0 {
		for _, name := range turnEnds {
			if id, ok := t.ids[name]; ok && v.kind(id) == Control {
				t.vocabulary.EOT = id
				break
			}
		}
	}
	return t, nil
}

// recognise makes the tokenizer find added tokens in text.
func (t *Tokenizer) recognise(added []Added) {
	pick := func(normalized, special bool, spelling func(string) string) names {
		var some []Added
		for _, a := range added {
			if a.Normalized == normalized && (special || !a.Special) {
				some = append(some, a)
			}
		}
		return newNames(some, spelling)
	}
	as := func(s string) string { return s }
	t.always, t.special = pick(false, false, as), pick(false, true, as)
	if t.normalize != nil {
		as = func(s string) string { return t.normalize(s, false) }
	}
	t.alwaysNormal, t.specialNormal = pick(true, false, as), pick(true, true, as)
	if slices.ContainsFunc(added, func(a Added) bool { return a.partable(t.cut) }) {
		t.cut = cutNever
	}
}

// Encode returns the ids of text. With special, the names of special tokens in
// the text become these tokens, as in the Python library; without, they are
// text like any other. At each place the longest name wins. No BOS is added.
// Bytes without a token (control characters, in some vocabularies) are dropped,
// as the Python library drops them.
func (t *Tokenizer) Encode(text string, special bool) []int32 {
	return t.encode(text, special, false)
}

// EncodeRest is Encode for the second part of a text that was cut in two, see
// Cut: there is no start of text where it starts.
func (t *Tokenizer) EncodeRest(text string, special bool) []int32 {
	return t.encode(text, special, true)
}

func (t *Tokenizer) encode(text string, special, goesOn bool) []int32 {
	raw, normal := &t.always, &t.alwaysNormal
	if special {
		raw, normal = &t.special, &t.specialNormal
	}
	e := encoding{t: t, ids: make([]int32, 0, len(text)/3+4)}
	e.emit = e.word
	low, from := 0, 0
	for {
		start, end, next, id := raw.find(text, low, from)
		if low < start {
			e.plain(text[low:start], normal, !goesOn && low == 0, goesOn && low == 0)
		}
		if start == end {
			return e.ids
		}
		e.ids = append(e.ids, id)
		low, from = end, next
	}
}

// encoding is the state of one Encode.
type encoding struct {
	t    *Tokenizer
	ids  []int32
	emit emitter // e.word, allocated once
}

// plain encodes text without raw names. first says that it begins the whole
// text, goesOn that it goes on from a cut.
func (e *encoding) plain(text string, normal *names, first, goesOn bool) {
	if e.t.normalize != nil {
		text = e.t.normalize(text, goesOn || e.t.prefixFirstOnly && !first)
	}
	if normal.trie.nodes == nil {
		e.t.cutter(text, first, e.emit)
		return
	}
	low, from := 0, 0
	for {
		start, end, next, id := normal.find(text, low, from)
		if low < start {
			e.t.cutter(text[low:start], first && low == 0, e.emit)
		}
		if start == end {
			return
		}
		e.ids = append(e.ids, id)
		low, from = end, next
	}
}

func (e *encoding) word(word string, _ bool) {
	if word == "" {
		return
	}
	t := e.t
	if id := t.byteIDs[word[0]]; len(word) == 1 && id >= 0 {
		e.ids = append(e.ids, id)
		return
	}
	var ok bool
	if e.ids, ok = t.cache.appendIDs(e.ids, word); ok {
		return
	}
	start := len(e.ids)
	e.ids = t.model.encode(e.ids, word)
	t.cache.add(word, e.ids[start:])
}

// Token returns the bytes of a token, "" for an id outside the vocabulary.
func (t *Tokenizer) Token(id int32) string { return string(t.appendToken(nil, id)) }

// Name is what a special token is called, and what another one stands for.
func (t *Tokenizer) Name(id int32) string {
	if t.IsSpecial(id) {
		return t.vocabulary.Tokens[id]
	}
	return t.Token(id)
}

// BOS returns the token that begins a text, if the checkpoint names one.
func (t *Tokenizer) BOS() (int32, bool) { return t.vocabulary.BOS, t.vocabulary.BOS >= 0 }

// EOS returns the token that ends a text, if the checkpoint names one.
func (t *Tokenizer) EOS() (int32, bool) { return t.vocabulary.EOS, t.vocabulary.EOS >= 0 }

// Ends returns the tokens that end generated text, each once: EOS, the one that
// ends a turn of a dialogue (which the checkpoint names, else a control token
// with one of the usual names) and those that the checkpoint lists.
func (t *Tokenizer) Ends() []int32 {
	var out []int32
	for _, id := range append([]int32{t.vocabulary.EOS, t.vocabulary.EOT}, t.vocabulary.Ends...) {
		if id >= 0 && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

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
