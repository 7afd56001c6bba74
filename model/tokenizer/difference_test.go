package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

func TestDifference(t *testing.T) {
	// Token 0 is special, 1 to 256 are the bytes, two are merged.
	plain := func() Vocabulary {
		v := Vocabulary{Pre: "smollm", Tokens: []string{"<s>"}, Merges: []string{"a b", "b c"}, EOT: -1}
		for _, r := range spellBytes() {
			v.Tokens = append(v.Tokens, string(r))
		}
		v.Tokens = append(v.Tokens, "ab", "bc")
		v.Kinds = slices.Repeat([]Kind{Normal}, len(v.Tokens))
		v.Kinds[0] = Control
		return v
	}
	yes := true
	for _, tt := range []struct {
		want   string // part of what is said; "": nothing
		change func(*Vocabulary)
	}{
		{"", func(v *Vocabulary) {}},
		{"", func(v *Vocabulary) { v.ChatTemplate = "{{ 1 }}" }},
		{"", func(v *Vocabulary) { v.EOT = 0 }},
		{"259 tokens and 260", func(v *Vocabulary) { v.Tokens, v.Kinds = append(v.Tokens, "abc"), append(v.Kinds, Normal) }},
		{`token 0 is "<s>" in one and "<x>" in the other`, func(v *Vocabulary) { v.Tokens[0] = "<x>" }},
		{`token 98, "a", is special in one`, func(v *Vocabulary) { v.Kinds[98] = Control }},
		{"abc", func(v *Vocabulary) { slices.Reverse(v.Merges) }},
		{"", func(v *Vocabulary) { v.Pre = "starcoder" }}, // the same rule
		{"", func(v *Vocabulary) { v.Tokens, v.Kinds = append(v.Tokens, "[PAD]"), append(v.Kinds, Unused) }},
		{"becomes tokens", func(v *Vocabulary) {
			v.Merges = append(v.Merges, ". .")
			v.Tokens, v.Kinds = append(v.Tokens, ".."), append(v.Kinds, Unused)
		}},
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
