package tokenizer

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// scoreModel is SentencePiece's byte pair encoding: of all neighbours that are
// a piece together, those with the best score are joined first, the leftmost
// of equals. As in sentencepiece, user-defined pieces are taken out of the text
// before and join nothing, pieces of the kind Unused are taken apart at the
// end, and what is unknown becomes bytes or one unknown token.
//
// Symbols are ids of tokens; from len(tokens) on follow characters that are in
// pieces but none themselves, then one for all other characters, then tokens
// that join nothing.
type scoreModel struct {
	merges   mergeTable
	chars    map[rune]int32 // id of each character that is a piece or part of one
	size     int32          // tokens
	none     int32          // the id for all other characters
	byteIDs  [256]int32
	fallback bool
	unknown  int32
	own      trie   // user-defined pieces
	unused   []bool // by id; nil without any
}

// newScoreModel reads the pieces of v and their scores.
func newScoreModel(v *Vocabulary, scores []float32, ids map[string]int32) (*scoreModel, error) {
	if len(scores) != len(v.Tokens) {
		return nil, fmt.Errorf("%d scores for %d tokens", len(scores), len(v.Tokens))
	}
	m := &scoreModel{chars: make(map[rune]int32), merges: make(mergeTable), size: int32(len(v.Tokens)), unknown: -1}
	pieces, err := m.readKinds(v)
	if err != nil {
		return nil, err
	}
	m.none = m.size
	symbol := func(text string) (int32, bool) {
		if id, ok := pieces[text]; ok {
			return id, true
		}
		r, n := utf8.DecodeRuneInString(text)
		if n != len(text) {
			return 0, false
		}
		id, ok := m.chars[r]
		if !ok {
			id = m.none
			m.chars[r] = id
			m.none++
		}
		return id, true
	}
	ranks, err := rank(scores)
	if err != nil {
		return nil, err
	}
	for i, token := range v.Tokens {
		if id, ok := pieces[token]; ok && id == int32(i) {
			if err := m.enter(token, merge{ranks[i], id}, symbol); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// readKinds sorts the tokens by their kinds and returns the ids of those that
// texts are made of.
func (m *scoreModel) readKinds(v *Vocabulary) (map[string]int32, error) {
	pieces := make(map[string]int32, len(v.Tokens))
	bytes := make(map[string]int32)
	for i, token := range v.Tokens {
		id := int32(i)
		switch v.kind(id) {
		case Byte:
			bytes[token] = id
			continue
		case Unknown:
			m.unknown = id
			continue
		case Control:
			continue
		case UserDefined:
			m.own.add(token, id)
		case Unused:
			if token == "" {
				continue
			}
			if m.unused == nil {
				m.unused = make([]bool, len(v.Tokens))
			}
			m.unused[id] = true
		}
		if token != "" {
			pieces[token] = id
		}
	}
	m.byteIDs = tokensOfBytes(bytes)
	m.fallback = !slices.Contains(m.byteIDs[:], -1)
	if m.unknown < 0 && !m.fallback {
		return nil, fmt.Errorf("there is neither an unknown token nor one for each byte")
	}
	return pieces, nil
}

// longestPiece bounds the pieces that merges are looked for: each place in
// each piece is tried.
const longestPiece = 1024 // bytes

// enter adds all pairs of symbols that join to a token.
func (m *scoreModel) enter(token string, to merge, symbol func(string) (int32, bool)) error {
	if r, n := utf8.DecodeRuneInString(token); n == len(token) {
		m.chars[r] = to.id
		return nil
	}
	if len(token) > longestPiece || !utf8.ValidString(token) {
		return fmt.Errorf("token %d, %.60q, is longer than %d bytes or not UTF-8", to.id, token, longestPiece)
	}
	for at := range token {
		if at == 0 {
			continue
		}
		left, ok := symbol(token[:at])
		right, ok2 := symbol(token[at:])
		if ok && ok2 {
			m.merges[pair{left, right}] = to
		}
	}
	return nil
}

// rank returns the place of each score when the best come first; equal scores
// share one.
func rank(scores []float32) ([]int32, error) {
	order := make([]int32, len(scores))
	for i, s := range scores {
		if math.IsNaN(float64(s)) {
			return nil, fmt.Errorf("the score of token %d is not a number", i)
		}
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(scores[b], scores[a]) })
	ranks := make([]int32, len(scores))
	for i, id := range order {
		ranks[id] = int32(i)
		if i > 0 && scores[order[i-1]] == scores[id] {
			ranks[id] = ranks[order[i-1]]
		}
	}
	return ranks, nil
}

func (m *scoreModel) encode(ids []int32, word string) []int32 {
	w := words.Get().(*wordState)
	defer words.Put(w)
	w.reset()
	var places []int32 // where each symbol starts
	for at := 0; at < len(word); {
		places = append(places, int32(at))
		if n, id := m.own.longest(word[at:]); n > 0 {
			w.add(m.none + 1 + id)
			at += n
			continue
		}
		r, n := utf8.DecodeRuneInString(word[at:])
		id, ok := m.chars[r]
		if !ok {
			id = m.none
		}
		w.add(id)
		at += n
	}
	w.end()
	if m.unused != nil {
		w.unused, w.parts = m.unused, make(map[int32]pair)
	}
	w.join(m.merges)
	w.unused = nil
	lost := false
	for i, s := range w.symbols {
		if s.id >= 0 {
			_, n := utf8.DecodeRuneInString(word[places[i]:])
			ids, lost = m.write(ids, s.id, word[places[i]:][:n], lost, w)
		}
	}
	return ids
}

// write appends the tokens of a symbol, which is the character c where it is
// none. lost says that the symbol before was unknown.
func (m *scoreModel) write(ids []int32, id int32, c string, lost bool, w *wordState) ([]int32, bool) {
	switch {
	case id > m.none:
		return append(ids, id-m.none-1), false
	case id < m.size:
		if m.unused != nil && m.unused[id] {
			if p, ok := w.parts[id]; ok {
				// Parts that are no tokens are characters of the vocabulary's.
				ids, lost = m.write(ids, p.left, m.charOf(p.left), lost, w)
				return m.write(ids, p.right, m.charOf(p.right), lost, w)
			}
		}
		return append(ids, id), false
	case m.fallback:
		for i := range len(c) {
			ids = append(ids, m.byteIDs[c[i]])
		}
		return ids, false
	case lost:
		return ids, true
	}
	return append(ids, m.unknown), true
}

// charOf returns the character of a symbol that is no token.
func (m *scoreModel) charOf(id int32) string {
	if id >= m.size {
		for r, known := range m.chars {
			if known == id {
				return string(r)
			}
		}
	}
	return ""
}
