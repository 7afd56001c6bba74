package tokenizer

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/model/tokenizer/onig"
	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// A step cuts text into smaller pieces, or spells it differently, one after
// the other; what the last one leaves are the words. The steps are those of
// tokenizer.json's pre_tokenizer, see json.go.
type step interface {
	// compile returns the step as a function.
	compile() (cutter, error)
	// cuts says whether text may be cut before it comes to the step.
	cuts() cutting
}

// cutting is what a step means for Cut. TestCutKeepsTokens and the parity test
// try it.
type cutting byte

const (
	spoils cutting = iota // what it does between a letter and white space depends on what is around
	keeps                 // it does nothing there
	breaks                // a piece ends there
)

// A cutter calls emit for each piece of text in order. first is true for what
// begins the whole text.
type cutter func(text string, first bool, emit emitter)

type emitter func(piece string, first bool)

// behaviour says what becomes of what a pattern matches.
type behaviour byte

const (
	isolated behaviour = iota // a piece of its own
	removed
	withPrevious
	withNext
	contiguous // neighbours that both match, or both do not, are one piece
)

// split cuts at what an expression matches, or a literal text.
type split struct {
	expr      string
	literal   bool
	behaviour behaviour
	invert    bool // what does not match counts as matched
}

// isolate is the split that checkpoints use: every match is a word.
func isolate(expr string) step { return split{expr: expr} }

// fastSplits are hand-written versions of isolate.
var fastSplits = map[string]cutter{
	exprGPT2:   splitGPT2,
	exprLlama3: splitLlama3,
	exprQwen2:  splitQwen2,
}

func (s split) compile() (cutter, error) {
	if fast := fastSplits[s.expr]; fast != nil && s == isolate(s.expr) {
		return fast, nil
	}
	if s.literal {
		return cutAt(func(text string, f func(a, b int)) { literals(text, s.expr, f) }, s.behaviour, s.invert), nil
	}
	re, err := onig.Compile(s.expr)
	if err != nil {
		return nil, err
	}
	return cutAt(re.All, s.behaviour, s.invert), nil
}

func (s split) cuts() cutting {
	if s != isolate(s.expr) {
		return spoils
	}
	return knownCuts()[s.expr]
}

// knownCuts is what the expressions of schemes mean for Cut: those that match
// words break between a letter and white space. exprExaoneMoE does not.
var knownCuts = sync.OnceValue(func() map[string]cutting {
	known := make(map[string]cutting)
	for _, scheme := range schemes {
		for _, s := range scheme.steps {
			s, ok := s.(split)
			switch {
			case !ok:
			case s.expr == exprExaoneMoE:
				known[s.expr] = spoils
			case s.expr == exprCased, s.expr == exprBloom, strings.Contains(s.expr, `\p{L`):
				known[s.expr] = breaks
			default:
				known[s.expr] = keeps
			}
		}
	}
	return known
})

func literals(text, s string, f func(a, b int)) {
	for at := 0; s != ""; {
		i := strings.Index(text[at:], s)
		if i < 0 {
			return
		}
		f(at+i, at+i+len(s))
		at += i + len(s)
	}
}

// span is a part of a text.
type span struct {
	start, end int
	match      bool
}

// cutAt cuts where all finds something.
func cutAt(all func(text string, f func(start, end int)), b behaviour, invert bool) cutter {
	return func(text string, first bool, emit emitter) {
		var spans []span
		last := 0
		all(text, func(start, end int) {
			if last < start {
				spans = append(spans, span{last, start, invert})
			}
			spans = append(spans, span{start, end, !invert})
			last = end
		})
		if last < len(text) {
			spans = append(spans, span{last, len(text), invert})
		}
		for _, s := range join(spans, b) {
			if s.start < s.end {
				emit(text[s.start:s.end], first && s.start == 0)
			}
		}
	}
}

// join joins or drops spans as a behaviour wants it.
func join(spans []span, b behaviour) []span {
	switch b {
	case removed:
		kept := spans[:0]
		for _, s := range spans {
			if !s.match {
				kept = append(kept, s)
			}
		}
		return kept
	case withPrevious, contiguous:
		kept, before := spans[:0], false
		for _, s := range spans {
			joins := s.match == before
			if b == withPrevious {
				joins = s.match && !before
			}
			if n := len(kept); joins && n > 0 {
				kept[n-1].end = s.end
			} else {
				kept = append(kept, s)
			}
			before = s.match
		}
		return kept
	case withNext:
		n, after := len(spans), false // kept are spans[n:]
		for i := len(spans) - 1; i >= 0; i-- {
			s := spans[i]
			if s.match && !after && n < len(spans) {
				spans[n].start = s.start
			} else {
				n--
				spans[n] = s
			}
			after = s.match
		}
		return spans[n:]
	}
	return spans
}

// cutRunes cuts at characters of a set.
func cutRunes(set ucd.Set, b behaviour) cutter {
	return cutAt(func(text string, f func(start, end int)) {
		for at := 0; at < len(text); {
			r, n := utf8.DecodeRuneInString(text[at:])
			if set.Has(r) {
				f(at, at+n)
			}
			at += n
		}
	}, b, false)
}

// digits cuts at numbers, or at each of their digits.
type digits struct{ each bool }

func (d digits) compile() (cutter, error) {
	if d.each {
		return eachDigit, nil
	}
	return cutRunes(ucd.Numeric(), contiguous), nil
}

func (digits) cuts() cutting { return keeps }

func eachDigit(text string, first bool, emit emitter) {
	start := 0
	for at := 0; at < len(text); {
		c, width := text[at], 1
		var number bool
		if c < utf8.RuneSelf {
			number = '0' <= c && c <= '9'
		} else {
			var r rune
			r, width = utf8.DecodeRuneInString(text[at:])
			number = ucd.Numeric().Has(r)
		}
		if number {
			if start < at {
				emit(text[start:at], first && start == 0)
			}
			start = at + width
			emit(text[at:start], first && at == 0)
		}
		at += width
	}
	if start < len(text) {
		emit(text[start:], first && start == 0)
	}
}

// punctuation cuts at punctuation marks.
type punctuation struct{ behaviour behaviour }

func (p punctuation) compile() (cutter, error) { return cutRunes(ucd.Punctuation(), p.behaviour), nil }
func (punctuation) cuts() cutting              { return keeps }

// whitespace drops white space and, with words, cuts between letters and
// others (\w+|[^\w\s]+).
type whitespace struct{ words bool }

func (w whitespace) compile() (cutter, error) {
	drop := cutRunes(ucd.Space(), removed)
	if !w.words {
		return drop, nil
	}
	words := cutRunes(ucd.RustWord(), contiguous)
	return chain([]cutter{drop, words}), nil
}

func (whitespace) cuts() cutting { return breaks }

// byteLevel spells bytes as characters of the alphabet in bytelevel.go.
type byteLevel struct {
	prefix bool // put a blank in front of pieces without one
	words  bool // split by exprGPT2 first
}

func (b byteLevel) compile() (cutter, error) {
	return func(text string, first bool, emit emitter) {
		if b.prefix && !strings.HasPrefix(text, " ") {
			text = " " + text
		}
		spelled := func(word string, first bool) { emit(string(spell(nil, word)), first) }
		if b.words {
			splitGPT2(text, first, spelled)
		} else {
			spelled(text, first)
		}
	}, nil
}

func (b byteLevel) cuts() cutting {
	switch {
	case b.prefix:
		return spoils
	case b.words:
		return breaks
	}
	return keeps
}

// metaspace writes blanks as another character, puts one in front and cuts
// before each.
type metaspace struct {
	blank  string
	prefix string // always, first or never
	split  bool
}

func (m metaspace) compile() (cutter, error) {
	cut := cutAt(func(text string, f func(a, b int)) { literals(text, m.blank, f) }, withNext, false)
	return func(text string, first bool, emit emitter) {
		text = strings.ReplaceAll(text, " ", m.blank)
		if (m.prefix == "always" || m.prefix == "first" && first) && !strings.HasPrefix(text, m.blank) {
			text = m.blank + text
		}
		if m.split {
			cut(text, first, emit)
		} else {
			emit(text, first)
		}
	}, nil
}

func (m metaspace) cuts() cutting { return spoils }

// chain feeds what one cutter emits to the next.
func chain(cutters []cutter) cutter {
	switch len(cutters) {
	case 0:
		return func(text string, first bool, emit emitter) { emit(text, first) }
	case 1:
		return cutters[0]
	}
	head, tail := cutters[0], chain(cutters[1:])
	return func(text string, first bool, emit emitter) {
		head(text, first, func(piece string, first bool) { tail(piece, first, emit) })
	}
}

// compileSteps returns the cutter of a byte-level tokenizer's steps, whose
// words are bytes, not their spelling, or of any other's.
func compileSteps(steps []step, bytes bool) (cutter, error) {
	cutters := make([]cutter, 0, len(steps)+1)
	spelled := false
	for i, s := range steps {
		level, ok := s.(byteLevel)
		if ok && bytes && i == len(steps)-1 && !spelled && !level.prefix {
			// Spelling them would be undone at once.
			if s = isolate(exprGPT2); !level.words {
				continue
			}
		} else if ok && spelled {
			return nil, fmt.Errorf("its pre_tokenizer has two steps ByteLevel")
		}
		c, err := s.compile()
		if err != nil {
			return nil, err
		}
		_, again := s.(byteLevel)
		spelled = spelled || again
		cutters = append(cutters, c)
	}
	if bytes && spelled {
		cutters = append(cutters, func(text string, first bool, emit emitter) { emit(string(unspell(nil, text)), first) })
	}
	return chain(cutters), nil
}
