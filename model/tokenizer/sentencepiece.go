package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// spNormalizer is SentencePiece's normalisation.
type spNormalizer struct {
	dummyPrefix bool // a blank in front of the text
	squeeze     bool // remove_extra_whitespaces
	escape      bool // blanks become U+2581
	rules       *charsmap
	own         *trie // user-defined pieces, which are left as they are
}

func (s *spNormalizer) normalize(text string, goesOn bool) string {
	blank := " "
	if s.escape {
		blank = blankMark
	}
	if s.squeeze && !goesOn {
		for text != "" {
			to, n := s.next(text)
			if to != " " {
				break
			}
			text = text[n:]
		}
	}
	if text == "" {
		return ""
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/4 + 8)
	if s.dummyPrefix && !goesOn {
		b.WriteString(blank)
	}
	behindBlank := s.squeeze && !goesOn
	for text != "" {
		to, n := s.next(text)
		text = text[n:]
		if behindBlank {
			to = strings.TrimLeft(to, " ")
		}
		if to != "" {
			b.WriteString(strings.ReplaceAll(to, " ", blank))
			behindBlank = s.squeeze && strings.HasSuffix(to, " ")
		}
	}
	out := b.String()
	for s.squeeze && strings.HasSuffix(out, blank) {
		out = strings.TrimSuffix(out, blank)
	}
	return out
}

// next returns what the start of text becomes, and the length of that start.
func (s *spNormalizer) next(text string) (to string, n int) {
	if s.own != nil && s.own.nodes != nil {
		if n, _ := s.own.longest(text); n > 0 {
			return text[:n], n
		}
	}
	if s.rules != nil {
		if to, n := s.rules.longest(text); n > 0 {
			return to, n
		}
	}
	r, n := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && n == 1 {
		return "\ufffd", 1
	}
	return text[:n], n
}

// FromSentencePiece returns the tokenizer of a tokenizer.model, SentencePiece's
// file. Models of another type than BPE are refused.
func FromSentencePiece(data []byte, c Config) (*Tokenizer, error) {
	p, err := readPieces(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.model: %w", err)
	}
	t, err := p.tokenizer(c)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.model: %w", err)
	}
	sum := sha256.New()
	sum.Write([]byte("SentencePiece\x00"))
	sum.Write(data)
	t.hash = hex.EncodeToString(c.mix(sum, t))
	return t, nil
}

// spModel is what a tokenizer.model says, or a GGUF file of the model llama.
type spModel struct {
	vocabulary Vocabulary
	scores     []float32
	norm       spNormalizer
	// firstOnly gives the dummy prefix to the start of the text only, not to
	// what stands behind special tokens.
	firstOnly bool
	surface   string // of the unknown token
}

// tokenizer builds the tokenizer; hash is left to the caller.
func (p *spModel) tokenizer(c Config) (*Tokenizer, error) {
	if err := c.apply(&p.vocabulary); err != nil {
		return nil, err
	}
	t, err := newTokenizer(p.vocabulary)
	if err != nil {
		return nil, err
	}
	p.scores = append(p.scores, make([]float32, len(t.vocabulary.Tokens)-len(p.scores))...) // added tokens
	m, err := newScoreModel(&t.vocabulary, p.scores, t.ids)
	if err != nil {
		return nil, err
	}
	n := p.norm
	n.own = &m.own
	t.model, t.normalize = m, n.normalize
	if t.cutter, err = compileSteps(nil, false); err != nil {
		return nil, err
	}
	if n.escape && m.unused == nil && !slices.ContainsFunc(t.vocabulary.Tokens, crossesBlank) && t.knows(blankMark, m) {
		t.cutter = cutBlanks
		if n.rules == nil {
			t.cut = cutBlank
		}
	}
	t.spelling = spelling{style: charSpelling, broken: eachByte, unknown: p.surface}
	if n.escape {
		t.spelling.blank = blankMark
	}
	if n.squeeze {
		t.spelling.leading = oneEach
	} else if n.dummyPrefix {
		t.spelling.leading = 1
	}
	t.addBOS = t.vocabulary.BOS >= 0 && (t.vocabulary.AddBOS == nil || *t.vocabulary.AddBOS)
	added := slices.DeleteFunc(t.vocabulary.named(), func(a Added) bool { return !a.Special })
	t.recognise(append(added, c.Added...))
	t.prefixFirstOnly = p.firstOnly || c.PrefixFirstOnly
	return t, nil
}

// knows reports whether unknown characters on both sides of a cut in front of
// a blank stay apart.
func (t *Tokenizer) knows(blank string, m *scoreModel) bool {
	_, ok := t.ids[blank]
	return ok || m.fallback
}
