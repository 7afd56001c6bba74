package tokenizer

import "fmt"

// byteModel merges bytes.
type byteModel struct {
	merges  mergeTable
	byteIDs [256]int32 // -1 for bytes without a token, which are dropped
	// whole holds the words that are taken as they are, by their spelling; nil
	// where all are merged.
	whole map[string]int32
}

func (m *byteModel) encode(ids []int32, word string) []int32 {
	if m.whole != nil {
		if id, ok := m.whole[string(spell(nil, word))]; ok {
			return append(ids, id)
		}
	}
	w := words.Get().(*wordState)
	defer words.Put(w)
	w.startBytes(word, &m.byteIDs)
	return w.merge(ids, m.merges)
}

// newByteModel returns the model of a byte-level vocabulary. unknown is the
// token of bytes without one, -1 if they are dropped.
func newByteModel(merges mergeTable, ids map[string]int32, wholeWords bool, unknown int32) (*byteModel, error) {
	m := &byteModel{merges: merges}
	if wholeWords {
		m.whole = ids
	}
	for b, c := range alphabet {
		id, ok := ids[string(c)]
		if !ok {
			if ' ' <= b && b <= '~' && unknown < 0 {
				return nil, fmt.Errorf("the vocabulary has no token for the character %q, so it is not a byte-level one", rune(b))
			}
			id = unknown
		}
		m.byteIDs[b] = id
	}
	return m, nil
}

// New returns the tokenizer of a byte-level vocabulary, which must not change
// afterwards.
func New(v Vocabulary) (*Tokenizer, error) {
	s, ok := schemes[v.Pre]
	if !ok {
		return nil, unknownScheme(v.Pre)
	}
	t, err := newTokenizer(v)
	if err != nil {
		return nil, err
	}
	t.addBOS = s.addBOS
	if v.AddBOS != nil {
		t.addBOS = *v.AddBOS
	}
	if s.nfc {
		t.normalize = form{compose: true}.normalize
	}
	merges, err := newMergeTable(v.Merges, t.ids)
	if err != nil {
		return nil, err
	}
	if err := t.useBytes(merges, s.steps, s.wholeWords, -1); err != nil {
		return nil, err
	}
	t.recognise(v.named())
	t.hash = t.vocabulary.hash(t.addBOS)
	return t, nil
}

// useBytes makes t a byte-level tokenizer.
func (t *Tokenizer) useBytes(merges mergeTable, steps []step, wholeWords bool, unknown int32) error {
	m, err := newByteModel(merges, t.ids, wholeWords, unknown)
	if err != nil {
		return err
	}
	t.model, t.byteIDs = m, m.byteIDs
	if t.cutter, err = compileSteps(steps, true); err != nil {
		return err
	}
	t.spelling = spelling{style: byteSpelling, broken: maximalParts}
	for _, s := range steps {
		switch s.cuts() {
		case spoils:
			t.cut = cutNever
			return nil
		case breaks:
			t.cut = cutWhite
		}
	}
	return nil
}

// named returns the tokens that are found by their names: the user-defined
// ones always, the special ones on request.
func (v *Vocabulary) named() (added []Added) {
	for i, token := range v.Tokens {
		switch kind := v.kind(int32(i)); kind {
		case UserDefined, Control, Unknown:
			added = append(added, Added{ID: int32(i), Content: token, Special: kind != UserDefined})
		}
	}
	return added
}
