package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// jsonFile is a tokenizer.json, the file of the Python library `tokenizers`.
type jsonFile struct {
	Added        []addedJSON     `json:"added_tokens"`
	Normalizer   json.RawMessage `json:"normalizer"`
	PreTokenizer json.RawMessage `json:"pre_tokenizer"`
	Processor    json.RawMessage `json:"post_processor"`
	Decoder      json.RawMessage `json:"decoder"`
	Model        json.RawMessage `json:"model"`
}

type jsonModel struct {
	Dropout   *float64         `json:"dropout"`
	Unknown   *string          `json:"unk_token"`
	Prefix    *string          `json:"continuing_subword_prefix"`
	Suffix    *string          `json:"end_of_word_suffix"`
	Fuse      bool             `json:"fuse_unk"`
	Fallback  bool             `json:"byte_fallback"`
	WholeWord bool             `json:"ignore_merges"`
	Vocab     map[string]int64 `json:"vocab"`
	Merges    mergeList        `json:"merges"`
}

// mergeList is a list of pairs, in older files of lines "left right".
type mergeList struct {
	lines []string
	pairs [][2]string
}

func (m *mergeList) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &m.pairs) == nil {
		return nil
	}
	m.pairs = nil
	return json.Unmarshal(b, &m.lines)
}

func (m *mergeList) table(ids map[string]int32) (mergeTable, error) {
	if m.pairs == nil {
		return newMergeTable(m.lines, ids)
	}
	table := make(mergeTable, len(m.pairs))
	var joined []byte
	for rank, p := range m.pairs {
		if !table.add(rank, p[0], p[1], ids, &joined) {
			return nil, badMerge(rank, p[0]+" "+p[1])
		}
	}
	return table, nil
}

// FromJSON returns the tokenizer of a tokenizer.json with a BPE model. What
// other files beside it say comes in c. Models of another type, and steps that
// are not known, are refused by name.
func FromJSON(data []byte, c Config) (*Tokenizer, error) {
	t, err := fromJSON(data, c)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	sum := sha256.New()
	sum.Write([]byte("tokenizer.json\x00"))
	sum.Write(data)
	t.hash = hex.EncodeToString(c.mix(sum, t))
	return t, nil
}

func fromJSON(data []byte, c Config) (*Tokenizer, error) {
	var f jsonFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, quote.Error(err)
	}
	m, err := readModel(f.Model)
	if err != nil {
		return nil, err
	}
	v, added, err := f.vocabulary(m)
	if err != nil {
		return nil, err
	}
	bos, err := readProcessor(f.Processor)
	if err != nil {
		return nil, err
	}
	if v.AddBOS = new(bool); bos >= int64(len(v.Tokens)) {
		return nil, fmt.Errorf("its post_processor begins texts with token %d of %d", bos, len(v.Tokens))
	} else if bos >= 0 {
		*v.AddBOS, v.BOS = true, int32(bos)
	}
	c.Added = nil // the file has them all
	if err := c.apply(&v); err != nil {
		return nil, err
	}
	t, err := newTokenizer(v)
	if err != nil {
		return nil, err
	}
	t.addBOS = *v.AddBOS && v.BOS >= 0
	normal, err := readNormalizer(f.Normalizer)
	if err != nil {
		return nil, err
	}
	t.normalize = chainNormalizers(normal.all)
	steps, err := readSteps(f.PreTokenizer)
	if err != nil {
		return nil, err
	}
	if err := t.useJSON(m, normal, steps); err != nil {
		return nil, err
	}
	if err := t.readDecoder(f.Decoder); err != nil {
		return nil, err
	}
	t.recognise(added)
	return t, nil
}

func readModel(raw json.RawMessage) (*jsonModel, error) {
	var kind struct {
		Type  string
		Vocab json.RawMessage
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, fmt.Errorf("model: %w", quote.Error(err))
	}
	if kind.Type == "" && len(kind.Vocab) > 0 && kind.Vocab[0] == '[' {
		kind.Type = "Unigram"
	}
	if kind.Type != "BPE" && kind.Type != "" {
		return nil, fmt.Errorf("its model is of the type %.30q, only BPE is read; use a checkpoint with a BPE tokenizer", kind.Type)
	}
	m := &jsonModel{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("model: %w", quote.Error(err))
	}
	switch {
	case m.Vocab == nil:
		return nil, fmt.Errorf("model.vocab is absent")
	case m.Dropout != nil && *m.Dropout != 0:
		return nil, fmt.Errorf("model.dropout is %v, merges at random are not supported", *m.Dropout)
	case m.Prefix != nil && *m.Prefix != "":
		return nil, fmt.Errorf("model.continuing_subword_prefix is %.20q, which is not supported", *m.Prefix)
	case m.Suffix != nil && *m.Suffix != "":
		return nil, fmt.Errorf("model.end_of_word_suffix is %.20q, which is not supported", *m.Suffix)
	}
	return m, nil
}

// vocabulary puts the model's tokens and the added ones in the order of ids.
func (f *jsonFile) vocabulary(m *jsonModel) (Vocabulary, []Added, error) {
	v := Vocabulary{BOS: -1, EOS: -1, EOT: -1}
	size := int64(0)
	for token, id := range m.Vocab {
		if id < 0 || id > int64(len(m.Vocab)+len(f.Added)+mostHoles) {
			return v, nil, fmt.Errorf("the token %.60q has the id %d, the vocabulary %d tokens", token, id, len(m.Vocab))
		}
		size = max(size, id+1)
	}
	v.Tokens, v.Kinds = make([]string, size), slices.Repeat([]Kind{Unused}, int(size))
	for token, id := range m.Vocab {
		if v.Kinds[id] != Unused {
			return v, nil, fmt.Errorf("the tokens %.60q and %.60q have the same id %d", token, v.Tokens[id], id)
		}
		v.Tokens[id], v.Kinds[id] = token, Normal
	}
	added := make([]Added, len(f.Added))
	for i, a := range f.Added {
		if a.ID < 0 || a.ID > int64(len(v.Tokens)+mostHoles) {
			return v, nil, fmt.Errorf("the added token %.60q has the id %d, the vocabulary %d tokens", a.Content, a.ID, len(v.Tokens))
		}
		added[i] = a.added()
	}
	return v, added, v.place(added)
}

// useJSON sets up the model behind normalizer and steps.
func (t *Tokenizer) useJSON(m *jsonModel, normal normalizers, steps []step) error {
	unknown := int32(-1)
	if m.Unknown != nil {
		id, ok := t.ids[*m.Unknown]
		if !ok {
			return fmt.Errorf("model.unk_token %.60q is not in the vocabulary", *m.Unknown)
		}
		unknown = id
	}
	merges, err := m.Merges.table(t.ids)
	if err != nil {
		return err
	}
	isBytes := func(s step) bool { _, ok := s.(byteLevel); return ok }
	if slices.ContainsFunc(steps, isBytes) {
		if err := t.useBytes(merges, steps, m.WholeWord, unknown); err != nil {
			return err
		}
		if !normal.cuts || normal.blanks {
			t.cut = cutNever
		}
		return nil
	}
	model := &charModel{merges: merges, ids: t.ids, fallback: m.Fallback, unknown: unknown, fuse: m.Fuse, whole: m.WholeWord}
	model.byteIDs = tokensOfBytes(t.ids)
	t.model, t.spelling.style = model, charSpelling
	return t.cutChars(model, normal, steps)
}

// cutChars sets the cutter of a tokenizer of characters, and where its text
// may be cut.
func (t *Tokenizer) cutChars(m *charModel, normal normalizers, steps []step) error {
	cut, err := compileSteps(steps, false)
	if err != nil {
		return err
	}
	t.cutter = cut
	blanks, known := normal.blanks, true
	for _, s := range steps {
		meta, ok := s.(metaspace)
		blanks = blanks || ok && meta.blank == blankMark
		// Gemma's: there are no blanks left to split at.
		known = known && (ok || normal.blanks && s == step(split{expr: " ", literal: true, behaviour: withPrevious}))
	}
	_, ok := t.ids[blankMark]
	if !blanks || !known || m.whole || !ok && !(m.fallback && m.spells(blankMark)) {
		return nil
	}
	for _, to := range m.merges {
		if crossesBlank(t.vocabulary.Tokens[to.id]) {
			return nil
		}
	}
	t.cutter = chain([]cutter{cut, cutBlanks})
	if normal.cuts {
		t.cut = cutBlank
	}
	return nil
}
