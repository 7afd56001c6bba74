package report

import (
	"fmt"
	"unicode/utf8"
)

// spelled collects how the tokens that occur are spelled, once for each
// tokenizer.
type spelled struct {
	of     []int // of each model: a place in tables, or -1
	tables []tokenTable
}

type tokenTable struct {
	spell func(int32) string
	seen  map[int32]string
}

func newSpelled(models []model, o Options) *spelled {
	s := &spelled{}
	byHash := map[string]int{}
	for _, m := range models {
		hash := m.config().TokenizerHash
		i, known := byHash[hash]
		if !known {
			i = -1
			if o.Spelling != nil {
				if spell := o.Spelling(m.runs[0].run); spell != nil {
					i, s.tables = len(s.tables), append(s.tables, tokenTable{spell, map[int32]string{}})
				}
			}
			// Another run of the tokenizer may still be where its model is.
			if i >= 0 {
				byHash[hash] = i
			}
		}
		s.of = append(s.of, i)
	}
	for m, i := range s.of {
		if j, ok := byHash[models[m].config().TokenizerHash]; i < 0 && ok {
			s.of[m] = j
		}
	}
	return s
}

func (s *spelled) see(it item) {
	for _, a := range it.samples {
		i := s.of[a.model]
		if i < 0 {
			continue
		}
		t := s.tables[i]
		for _, ids := range a.TokenIDs {
			for _, id := range ids {
				if _, ok := t.seen[id]; !ok {
					t.seen[id] = readable(t.spell(id))
				}
			}
		}
	}
}

// table is the page's form: for each model the number of its table, tables by
// token.
func (s *spelled) table() any {
	tables := make([]map[string]string, len(s.tables))
	for i, t := range s.tables {
		tables[i] = map[string]string{}
		for id, text := range t.seen {
			tables[i][fmt.Sprint(id)] = text
		}
	}
	return struct {
		Of     []int               `json:"of"`
		Tables []map[string]string `json:"tables"`
	}{s.of, tables}
}

// readable writes the bytes of a token that is part of a character in hex.
func readable(token string) string {
	if utf8.ValidString(token) {
		return token
	}
	return fmt.Sprintf("‹% X›", token)
}
