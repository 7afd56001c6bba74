package tokenizer

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// a SentencePiece vocabulary with control tokens and bytes, as Llama 2 has it.
func llamaLike(t *testing.T, c Config) *Tokenizer {
	t.Helper()
	p := &spModel{norm: spNormalizer{dummyPrefix: true, escape: true}}
	add := func(token string, kind Kind, score float32) {
		p.vocabulary.Tokens = append(p.vocabulary.Tokens, token)
		p.vocabulary.Kinds = append(p.vocabulary.Kinds, kind)
		p.scores = append(p.scores, score)
	}
	add("<unk>", Unknown, 0)
	add("<s>", Control, 0)
	add("</s>", Control, 0)
	for b := range 256 {
		const hex = "0123456789ABCDEF"
		add("<0x"+string(hex[b>>4])+string(hex[b&15])+">", Byte, 0)
	}
	for i, piece := range []string{"▁▁", "▁▁▁▁", "▁a", "▁return", "re", "tu", "rn", "ret", "return", "▁", "a", "e", "n", "r", "t", "u", "x"} {
		add(piece, Normal, float32(-i))
	}
	p.vocabulary.BOS, p.vocabulary.EOS, p.vocabulary.EOT = 1, 2, -1
	tok, err := p.tokenizer(c)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// Generated text keeps its indentation: it is what decoding it together with
// its prompt adds.
func TestDecodeKeepsIndentation(t *testing.T) {
	tok := llamaLike(t, Config{})
	for _, c := range []struct{ prompt, text string }{
		{"a", " return"}, {"a\n", "    return x"}, {"a", "    a"}, {"a\n", "\t😀"}, {"", " a"},
	} {
		whole := append([]int32{1}, tok.Encode(c.prompt, false)...)
		n := len(whole)
		whole = append(whole, tok.EncodeRest(c.text, false)...)
		got := tok.Decode(whole[n:], true)
		if got != c.text || c.prompt != "" && tok.DecodeText(whole, true) != c.prompt+c.text {
			t.Errorf("%q behind %q decodes as %q, together %q", c.text, c.prompt, got, tok.DecodeText(whole, true))
		}
		var bytes []byte // token by token, as stop strings are looked for
		for _, id := range whole[n:] {
			bytes = append(bytes, tok.DecodeBytes([]int32{id})...)
		}
		if string(bytes) != c.text {
			t.Errorf("%q decodes token by token as %q", c.text, bytes)
		}
	}
}

// Bytes of a character that are no character become U+FFFD, each of them.
func TestDecodeBrokenBytes(t *testing.T) {
	tok := llamaLike(t, Config{})
	if got := tok.Decode([]int32{3 + 0xf0, 3 + 0x9f, 3 + 'a', 3 + 0xc3, 3 + 0xa9, 269, 3 + 0xa9}, false); got != "\ufffd\ufffdaéa\ufffd" {
		t.Errorf("got %q", got)
	}
}

func TestPrefixBehindSpecialTokens(t *testing.T) {
	for _, first := range []bool{false, true} {
		tok := llamaLike(t, Config{PrefixFirstOnly: first, Added: []Added{{ID: 300, Content: "[I]", Special: true}}})
		blankA, a := tok.ids["▁a"], tok.ids["a"]
		want := []int32{blankA, 2, blankA, 300, blankA}
		if first {
			want = []int32{blankA, 2, a, 300, blankA}
		}
		text := "a</s>a[I] a"
		if !first {
			text = "a</s>a[I]a"
		}
		if got := tok.Encode(text, true); !slices.Equal(got, want) {
			t.Errorf("first only %v: %v, want %v", first, got, want)
		}
		if !tok.IsSpecial(300) || tok.Token(280) != "" || !tok.AddBOS() {
			t.Errorf("the added token is special: %v", tok.IsSpecial(300))
		}
	}
}

func TestFromSentencePieceRefuses(t *testing.T) {
	good := tinyModel("<unk>", "a", blankMark)
	if tok, err := FromSentencePiece(good, Config{}); err != nil || len(tok.Hash()) != 64 {
		t.Fatal(err)
	}
	bpe := []byte{0x12, 2, 0x18, 2}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"unigram":       {bytes.Replace(good, bpe, []byte{0x12, 2, 0x18, 1}, 1), "the model type is unigram, only bpe is read; use"},
		"no type":       {bytes.Replace(good, bpe, nil, 1), "the model type is unigram"},
		"cut":           {good[:len(good)-2], "ends early"},
		"empty":         {nil, "the model type is unigram"},
		"text":          {[]byte("version https://git-lfs"), "no SentencePiece model"},
		"token twice":   {tinyModel("<unk>", "a", "a"), `both spelled "a"`},
		"empty piece":   {tinyModel("<unk>", ""), "piece 1 is empty"},
		"nothing":       {bpe, "the vocabulary has 0 tokens"},
		"type of piece": {append(slices.Clone(good), 0x0a, 5, 0x0a, 1, 'x', 0x18, 9), "piece 3 has the type 9"},
		"suffix":        {append(slices.Clone(good), 0x12, 3, 0xc0, 1, 1), "treat_whitespace_as_suffix"},
		"charsmap":      {append(slices.Clone(good), 0x1a, 4, 0x12, 2, 9, 9), "precompiled_charsmap"},
	} {
		_, err := FromSentencePiece(c.data, Config{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "tokenizer.model: ") {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
}
