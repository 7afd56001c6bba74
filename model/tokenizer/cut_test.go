package tokenizer

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// checkCuts encodes a text whole and in two parts, at each place that Cut
// names.
func checkCuts(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, tok *Tokenizer, text string, special bool) (cuts int) {
	t.Helper()
	whole := tok.Encode(text, special)
	for at := tok.Cut(text, 0); at < len(text); at = tok.Cut(text, at+1) {
		cuts++
		if parts := append(tok.Encode(text[:at], special), tok.EncodeRest(text[at:], special)...); !slices.Equal(parts, whole) {
			t.Fatalf("%q cut at %d: %v, whole %v", text, at, parts, whole)
		}
	}
	return cuts
}

func TestCutKeepsTokens(t *testing.T) {
	_, cases := golden(t)
	pieces := []string{" ", "\n", "\t", "\r", "  ", "a", "S", "ll", "e", "re", "'", "'s", "'l", "ſ", "é", "e\u0301", "\u0301", "9", "٣", "字", "\u00a0", "\u2028", "!", "…", "\xff", "\xe2\x82", "<|im_end|>", "<|im", "|>"}
	for pre := range schemes {
		t.Run(pre, func(t *testing.T) {
			tok := small(t, pre)
			cuts := 0
			for _, c := range cases[:300] {
				cuts += checkCuts(t, tok, c.Text, true)
			}
			rapid.Check(t, func(t *rapid.T) {
				checkCuts(t, tok, strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 24).Draw(t, "pieces"), ""), true)
			})
			if cuts < 50 && pre != "exaone-moe" && pre != "superbpe" { // whose words hold blanks
				t.Errorf("%d cuts: name the rule here if that is as it must be", cuts)
			}
		})
	}
}

// A special token's name that could be parted forbids cuts.
func TestCutSparesNames(t *testing.T) {
	v, _ := golden(t)
	v.Pre = "gpt-2"
	v.Tokens = append(slices.Clone(v.Tokens), "<|end of text|>")
	v.Kinds = make([]Kind, len(v.Tokens))
	for i := range v.Kinds {
		v.Kinds[i] = Normal
	}
	v.Kinds[len(v.Kinds)-1] = Control
	tok, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	const text = "a b <|end of text|>"
	if at := tok.Cut(text, 0); at != len(text) {
		t.Errorf("cut at %d", at)
	}
}
