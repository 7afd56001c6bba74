package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/llamaeval/llamaeval/model/gguf"
)

// Kind is a token's role, the values of tokenizer.ggml.token_type (llama_token_type
// in llama.h).
type Kind int32

// The kinds of tokens. Control tokens are the special ones: they are recognised
// in text only on request and may be skipped in decoding. User-defined tokens
// are recognised always.
const (
	Normal      Kind = 1
	Unknown     Kind = 2
	Control     Kind = 3
	UserDefined Kind = 4
	Unused      Kind = 5
	Byte        Kind = 6
)

// Vocabulary is what a checkpoint says about its tokenizer.
type Vocabulary struct {
	Pre    string   // the word-splitting scheme
	Tokens []string // as spelled in the file, indexed by id
	Kinds  []Kind   // same length, or nil for all normal
	Merges []string // "left right", best first
	// BOS, EOS and EOT are ids, or -1. EOT ends a turn of a dialogue.
	BOS, EOS, EOT int32
	Ends          []int32 // further tokens that end generated text
	AddBOS        *bool   // nil where the checkpoint does not say
	ChatTemplate  string  // Jinja, "" without one
}

// FromGGUF returns the tokenizer that a checkpoint holds. Errors name the file
// and the metadata key that is absent or wrong.
func FromGGUF(f *gguf.File) (*Tokenizer, error) {
	t, err := fromGGUF(f)
	if err != nil {
		return nil, fmt.Errorf("%s: tokenizer: %w", f.Path, err)
	}
	return t, nil
}

func fromGGUF(f *gguf.File) (*Tokenizer, error) {
	switch model, ok := f.String("tokenizer.ggml.model"); {
	case !ok:
		return nil, fmt.Errorf("tokenizer.ggml.model is absent: the checkpoint has no tokenizer")
	case model == "llama":
		return sentencePieceOf(f)
	case model == "gpt2":
		v, err := readVocabulary(f)
		if err != nil {
			return nil, err
		}
		return New(v)
	case model == "t5":
		return nil, fmt.Errorf("tokenizer.ggml.model is %q (SentencePiece unigram), only gpt2 (byte-level BPE) and llama (SentencePiece BPE) are read; choose a checkpoint with one of these", model)
	default:
		return nil, fmt.Errorf("tokenizer.ggml.model is %.30q, only gpt2 (byte-level BPE) and llama (SentencePiece BPE) are read; choose a checkpoint with one of these", model)
	}
}

// readVocabulary reads a byte-level vocabulary.
func readVocabulary(f *gguf.File) (Vocabulary, error) {
	var v Vocabulary
	if prefix, _ := f.Bool("tokenizer.ggml.add_space_prefix"); prefix {
		return v, fmt.Errorf("tokenizer.ggml.add_space_prefix is set, which byte-level BPE does not support")
	}
	var ok bool
	if v.Pre, ok = f.String("tokenizer.ggml.pre"); !ok {
		return v, fmt.Errorf("tokenizer.ggml.pre is absent, so the word-splitting rule is unknown; convert the checkpoint anew")
	}
	if err := readTokens(f, &v); err != nil {
		return v, err
	}
	if v.Merges, ok = f.Strings("tokenizer.ggml.merges"); !ok {
		return v, fmt.Errorf("tokenizer.ggml.merges is absent or no list of strings")
	}
	return v, nil
}

// sentencePieceOf reads a vocabulary with scores.
func sentencePieceOf(f *gguf.File) (*Tokenizer, error) {
	p := &spModel{norm: spNormalizer{dummyPrefix: true, escape: true}, surface: " \u2047 "}
	v := &p.vocabulary
	if err := readTokens(f, v); err != nil {
		return nil, err
	}
	scores, ok := f.Floats("tokenizer.ggml.scores")
	if !ok {
		return nil, fmt.Errorf("tokenizer.ggml.scores is absent or no list of floats, so it is not known which pieces join first")
	}
	if len(scores) != len(v.Tokens) {
		return nil, fmt.Errorf("tokenizer.ggml.scores has %d entries for %d tokens", len(scores), len(v.Tokens))
	}
	for _, s := range scores {
		p.scores = append(p.scores, float32(s))
	}
	if b, ok := f.Bool("tokenizer.ggml.add_space_prefix"); ok {
		p.norm.dummyPrefix = b
	}
	p.norm.squeeze, _ = f.Bool("tokenizer.ggml.remove_extra_whitespaces")
	if rules, ok := f.Ints("tokenizer.ggml.precompiled_charsmap"); ok {
		b := make([]byte, len(rules))
		for i, r := range rules {
			b[i] = byte(r)
		}
		var err error
		if p.norm.rules, err = readCharsmap(b); err != nil {
			return nil, fmt.Errorf("tokenizer.ggml.%w", err)
		}
	}
	t, err := p.tokenizer(Config{})
	if err != nil {
		return nil, err
	}
	t.hash = p.hash(t.addBOS)
	return t, nil
}

// readTokens reads the tokens, their kinds and which have a part to play.
func readTokens(f *gguf.File, v *Vocabulary) error {
	var ok bool
	if v.Tokens, ok = f.Strings("tokenizer.ggml.tokens"); !ok {
		return fmt.Errorf("tokenizer.ggml.tokens is absent or no list of strings")
	}
	if err := readKinds(f, v); err != nil {
		return err
	}
	for key, id := range map[string]*int32{"bos": &v.BOS, "eos": &v.EOS, "eot": &v.EOT} {
		if err := readID(f, "tokenizer.ggml."+key+"_token_id", len(v.Tokens), id); err != nil {
			return err
		}
	}
	if add, ok := f.Bool("tokenizer.ggml.add_bos_token"); ok {
		v.AddBOS = &add
	}
	v.ChatTemplate, _ = f.String("tokenizer.chat_template")
	return nil
}

func readKinds(f *gguf.File, v *Vocabulary) error {
	const key = "tokenizer.ggml.token_type"
	kinds, ok := f.Ints(key)
	if !ok {
		return nil // optional: all are normal
	}
	if len(kinds) != len(v.Tokens) {
		return fmt.Errorf("%s has %d entries for %d tokens", key, len(kinds), len(v.Tokens))
	}
	v.Kinds = make([]Kind, len(kinds))
	for id, kind := range kinds {
		if kind < int64(Normal) || kind > int64(Byte) {
			return fmt.Errorf("%s of token %d is %d, want 1 to 6", key, id, kind)
		}
		v.Kinds[id] = Kind(kind)
	}
	return nil
}

// readID sets id to the token id under key, to -1 where the key is absent.
func readID(f *gguf.File, key string, size int, id *int32) error {
	*id = -1
	n, ok := f.Int(key)
	if !ok {
		return nil
	}
	if n < 0 || n >= int64(size) {
		return fmt.Errorf("%s is %d, outside the vocabulary of %d tokens", key, n, size)
	}
	*id = int32(n)
	return nil
}

// hash returns the SHA-256 of everything that decides which ids a text gets,
// in lower-case hex.
func (v *Vocabulary) hash(addBOS bool) string { return v.hashAs("byte-level BPE", addBOS) }

// hash is the same for pieces with scores.
func (p *spModel) hash(addBOS bool) string {
	rules := ""
	if p.norm.rules != nil {
		rules = fmt.Sprint(p.norm.rules.units) + p.norm.rules.texts
	}
	more := fmt.Sprintf("SentencePiece BPE %t %t %q %v", p.norm.dummyPrefix, p.norm.squeeze, rules, p.scores)
	return p.vocabulary.hashAs(more, addBOS)
}

func (v *Vocabulary) hashAs(model string, addBOS bool) string {
	b := make([]byte, 0, 24*(len(v.Tokens)+len(v.Merges)))
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	text(model)
	text(v.Pre)
	b = binary.AppendUvarint(b, uint64(len(v.Tokens)))
	for id, token := range v.Tokens {
		text(token)
		b = append(b, byte(v.kind(int32(id))))
	}
	b = binary.AppendUvarint(b, uint64(len(v.Merges)))
	for _, merge := range v.Merges {
		text(merge)
	}
	for _, id := range []int32{v.BOS, v.EOS, v.EOT} {
		b = binary.AppendVarint(b, int64(id))
	}
	b = fmt.Appendf(b, "%t", addBOS)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (v *Vocabulary) kind(id int32) Kind {
	if v.Kinds == nil {
		return Normal
	}
	return v.Kinds[id]
}
