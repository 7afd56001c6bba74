package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

func TestDifference(t *testing.T) {
	plain := func() Vocabulary {
		return Vocabulary{Pre: "smollm", Tokens: []string{"<s>", "a", "b", "c", "ab", "bc"}, Kinds: []Kind{Control, Normal, Normal, Normal, Normal, Normal},
			Merges: []string{"a b", "b c"}, BOS: 0, EOS: 0, EOT: -1}
	}
	yes := true
	for _, tt := range []struct {
		want   string // part of what is said; "": nothing
		change func(*Vocabulary)
	}{
		{"", func(v *Vocabulary) {}},
		{"", func(v *Vocabulary) { v.ChatTemplate = "{{ 1 }}" }},
		{"", func(v *Vocabulary) { v.EOT = 0 }},
		{"6 tokens and 7", func(v *Vocabulary) { v.Tokens, v.Kinds = append(v.Tokens, "d"), append(v.Kinds, Normal) }},
		{`token 3 is "c" in one and "x" in the other`, func(v *Vocabulary) { v.Tokens[3], v.Merges, v.Tokens[5] = "x", []string{"a b", "b x"}, "bx" }},
		{`token 1, "a", is of kind 1 in one and 5`, func(v *Vocabulary) { v.Kinds[1] = Unused }},
		{"merges", func(v *Vocabulary) { slices.Reverse(v.Merges) }},
		{"split", func(v *Vocabulary) { v.Pre = "llama-bpe" }},
		{"BOS and EOS", func(v *Vocabulary) { v.EOS = 1 }},
		{"one puts BOS in front", func(v *Vocabulary) { v.AddBOS = &yes }},
	} {
		a, err := New(plain())
		if err != nil {
			t.Fatal(err)
		}
		v := plain()
		tt.change(&v)
		b, err := New(v)
		if err != nil {
			t.Fatal(err)
		}
		if got := Difference(a, b); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("said %q, want %q", got, tt.want)
		}
	}
}
