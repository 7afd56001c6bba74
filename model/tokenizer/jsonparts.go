package tokenizer

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/model/tokenizer/onig"
)

// A part is an object of tokenizer.json with the fields of all its types.
type part struct {
	Type          string
	Normalizers   []json.RawMessage
	PreTokenizers []json.RawMessage `json:"pretokenizers"`
	Processors    []json.RawMessage
	Decoders      []json.RawMessage
	Pattern       pattern
	Content       string
	Prepend       string
	StripLeft     bool `json:"strip_left"`
	StripRight    bool `json:"strip_right"`
	Charsmap      *string
	Behavior      string
	Invert        bool
	Each          bool  `json:"individual_digits"`
	Prefix        *bool `json:"add_prefix_space"`
	UseRegex      *bool `json:"use_regex"`
	Replacement   string
	PrependScheme string `json:"prepend_scheme"`
	Split         *bool
	Delimiter     string
	Start, Stop   int
	Single        []map[string]struct{ ID string }
	Specials      map[string]struct{ IDs []int64 } `json:"special_tokens"`
}

// pattern is a literal text or a regular expression.
type pattern struct{ String, Regex *string }

// What a file's rewriting may make of a text: a few rules that each write ten
// characters for one would make it longer than memory.
const (
	mostParts  = 64 // objects in a Sequence
	mostGrowth = 64 // bytes for each one, all rules together
)

// parts reads an object, and of a Sequence the objects in it, in order.
// deeper sequences are read too.
func parts(raw json.RawMessage, what string, depth int) ([]part, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var p part
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("%s: %w", what, quote.Error(err))
	}
	if p.Type != "Sequence" {
		return []part{p}, nil
	}
	if depth > 10 {
		return nil, fmt.Errorf("%s: sequences lie in sequences more than 10 deep", what)
	}
	var all []part
	for _, list := range [][]json.RawMessage{p.Normalizers, p.PreTokenizers, p.Processors, p.Decoders} {
		for _, raw := range list {
			more, err := parts(raw, what, depth+1)
			if err != nil {
				return nil, err
			}
			if all = append(all, more...); len(all) > mostParts {
				return nil, fmt.Errorf("%s: a sequence of more than %d parts", what, mostParts)
			}
		}
	}
	return all, nil
}

// normalizers are those of a file and what is known of them.
type normalizers struct {
	all    []normalizer
	blanks bool // blanks become U+2581
	cuts   bool // the parts of a text cut at a blank are normalised on their own
	growth int  // how many bytes Replace may make of one
}

func readNormalizer(raw json.RawMessage) (normalizers, error) {
	out := normalizers{cuts: true, growth: 1}
	all, err := parts(raw, "normalizer", 0)
	for _, p := range all {
		n, err := p.normalizer(&out)
		if err != nil {
			return out, err
		}
		out.all = append(out.all, n)
	}
	return out, err
}

var forms = map[string]form{
	"NFC": {compose: true}, "NFD": {}, "NFKC": {compose: true, compat: true}, "NFKD": {compat: true},
}

func (p part) normalizer(known *normalizers) (normalizer, error) {
	if f, ok := forms[p.Type]; ok {
		return f.normalize, nil
	}
	switch p.Type {
	case "Lowercase":
		return lowercase, nil
	case "Strip":
		known.cuts = false
		return strip(p.StripLeft, p.StripRight), nil
	case "Prepend":
		if len(p.Prepend) > mostGrowth {
			return nil, fmt.Errorf("normalizer: Prepend writes %d bytes, at most %d are possible", len(p.Prepend), mostGrowth)
		}
		return prepend(p.Prepend), nil
	case "Replace":
		if known.grow(p); known.growth > mostGrowth {
			return nil, fmt.Errorf("normalizer: its Replace rules make texts more than %d times as long", mostGrowth)
		}
		if s := p.Pattern.String; s != nil {
			blanks := *s == " " && p.Content == blankMark
			known.blanks = known.blanks || blanks
			known.cuts = known.cuts && blanks
			return replaceText(*s, p.Content), nil
		}
		known.cuts = false
		if p.Pattern.Regex == nil {
			return nil, fmt.Errorf("normalizer: Replace without a pattern")
		}
		re, err := onig.Compile(*p.Pattern.Regex)
		if err != nil {
			return nil, fmt.Errorf("normalizer: %w", err)
		}
		return replaceExpr(re, p.Content), nil
	}
	return nil, fmt.Errorf("its normalizer %.30q is not supported; tokenizer.model or a GGUF file of the same model may do", p.Type)
}

// grow takes the longest that a Replace can make of a text into account.
func (n *normalizers) grow(p part) {
	most := len(p.Content) + 1 // an expression may match nothing, beside each byte
	if s := p.Pattern.String; s != nil && *s != "" {
		most = (len(p.Content) + len(*s) - 1) / len(*s)
	}
	n.growth = min(n.growth*min(max(most, 1), mostGrowth+1), mostGrowth+1)
}

var behaviours = map[string]behaviour{
	"Isolated": isolated, "Removed": removed, "MergedWithPrevious": withPrevious, "MergedWithNext": withNext,
	"Contiguous": contiguous,
}

func readSteps(raw json.RawMessage) ([]step, error) {
	all, err := parts(raw, "pre_tokenizer", 0)
	if err != nil {
		return nil, err
	}
	var steps []step
	for _, p := range all {
		s, err := p.step()
		if err != nil {
			return nil, fmt.Errorf("pre_tokenizer: %w", err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func (p part) step() (step, error) {
	switch p.Type {
	case "Split":
		return p.splitStep()
	case "ByteLevel":
		return byteLevel{prefix: isTrue(p.Prefix, true), words: isTrue(p.UseRegex, true)}, nil
	case "Digits":
		return digits{p.Each}, nil
	case "Punctuation":
		if p.Behavior == "" {
			p.Behavior = "Isolated"
		}
		b, ok := behaviours[p.Behavior]
		if !ok {
			return nil, fmt.Errorf("the behavior %.30q is not known", p.Behavior)
		}
		return punctuation{b}, nil
	case "Whitespace":
		return whitespace{words: true}, nil
	case "WhitespaceSplit":
		return whitespace{}, nil
	case "CharDelimiterSplit":
		return split{expr: p.Delimiter, literal: true, behaviour: removed}, nil
	case "Metaspace":
		scheme, err := p.prefixScheme()
		return metaspace{blank: p.Replacement, prefix: scheme, split: isTrue(p.Split, true)}, err
	}
	return nil, fmt.Errorf("the step %.30q is not supported", p.Type)
}

func (p part) splitStep() (step, error) {
	b, ok := behaviours[p.Behavior]
	if !ok {
		return nil, fmt.Errorf("the behavior %.30q of Split is not known", p.Behavior)
	}
	s := split{behaviour: b, invert: p.Invert}
	switch {
	case p.Pattern.Regex != nil:
		s.expr = *p.Pattern.Regex
	case p.Pattern.String != nil:
		s.expr, s.literal = *p.Pattern.String, true
	default:
		return nil, fmt.Errorf("there is a Split without a pattern")
	}
	return s, nil
}

// prefixScheme reads where Metaspace puts a blank, which older files say by
// add_prefix_space.
func (p part) prefixScheme() (string, error) {
	if utf8.RuneCountInString(p.Replacement) != 1 {
		return "", fmt.Errorf("there is a Metaspace with the replacement %.30q, want one character", p.Replacement)
	}
	switch p.PrependScheme {
	case "always", "first", "never":
		return p.PrependScheme, nil
	case "":
		if isTrue(p.Prefix, true) {
			return "always", nil
		}
		return "never", nil
	}
	return "", fmt.Errorf("the prepend_scheme %.30q of Metaspace is not known", p.PrependScheme)
}

func isTrue(b *bool, otherwise bool) bool {
	if b == nil {
		return otherwise
	}
	return *b
}

// readProcessor returns the token that texts begin with, -1 for none.
func readProcessor(raw json.RawMessage) (int64, error) {
	all, err := parts(raw, "post_processor", 0)
	bos := int64(-1)
	for _, p := range all {
		switch p.Type {
		case "ByteLevel": // places only
		case "TemplateProcessing":
			if bos, err = p.template(); err != nil {
				return -1, err
			}
		default:
			return -1, fmt.Errorf("its post_processor %.30q is not supported", p.Type)
		}
	}
	return bos, err
}

func (p part) template() (int64, error) {
	bos, text := int64(-1), false
	for _, piece := range p.Single {
		if _, ok := piece["Sequence"]; ok {
			text = true
			continue
		}
		name := piece["SpecialToken"].ID
		ids := p.Specials[name].IDs
		if text || bos >= 0 || len(ids) != 1 || ids[0] < 0 {
			return -1, fmt.Errorf("its post_processor adds %.30q, only one token in front of the text is supported", name)
		}
		bos = ids[0]
	}
	return bos, nil
}

// readDecoder sets how tokens are spelled.
func (t *Tokenizer) readDecoder(raw json.RawMessage) error {
	all, err := parts(raw, "decoder", 0)
	if err != nil {
		return err
	}
	if t.spelling.style == byteSpelling {
		if len(all) > 0 && (len(all) > 1 || all[0].Type != "ByteLevel") {
			return fmt.Errorf("its decoder %.30q does not fit the pre_tokenizer ByteLevel", all[0].Type)
		}
		return nil
	}
	t.spelling = spelling{style: charSpelling, broken: wholeRuns}
	for _, p := range all {
		if err := t.decoderPart(p); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tokenizer) decoderPart(p part) error {
	s := &t.spelling
	switch p.Type {
	case "Fuse":
	case "ByteFallback":
		for id, token := range t.vocabulary.Tokens {
			if _, ok := byteToken(token); ok && t.vocabulary.Kinds[id] == Normal {
				t.vocabulary.Kinds[id] = Byte
			}
		}
	case "Metaspace":
		scheme, err := p.prefixScheme()
		if err != nil {
			return fmt.Errorf("decoder: %w", err)
		}
		if s.blank = p.Replacement; scheme != "never" {
			s.leading = firstToken
		}
	case "Replace":
		if p.Pattern.String == nil || p.Content != " " || s.blank != "" {
			return fmt.Errorf("its decoder Replace is not supported but for writing blanks")
		}
		s.blank = *p.Pattern.String
	case "Strip":
		if p.Content != " " || p.Start < 0 || p.Stop != 0 {
			return fmt.Errorf("its decoder Strip is not supported but for blanks at the start")
		}
		s.leading = p.Start
	default:
		return fmt.Errorf("its decoder %.30q is not supported", p.Type)
	}
	return nil
}
