package onig

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAll(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		want       []string
	}{
		{`a|ab`, "abab", []string{"a", "a"}},
		{`(?>a|ab)c`, "abc ac", []string{"ac"}},
		{`a++b|a`, "aaab aa", []string{"aaab", "a", "a"}},
		{`\p{N}{1,3}+`, "1234567", []string{"1234567"}}, // repeats again, as in Ruby
		{`a{2}{2}`, "aaaaa", []string{"aaaa"}},
		{`a+?|b??c`, "aac", []string{"a", "a", "c"}},
		{`\s+(?!\S)`, "a   b ", []string{"  ", " "}},
		{`(?<=ab)c|(?<!b)c`, "abc cc bc", []string{"c", "c", "c"}},
		{`[^\p{L}&&[^a-c]]+`, "abcd1", []string{"abc", "1"}},
		{`[a\-\]x-z]+`, "a-]y b", []string{"a-]y"}},
		{`(?i:'S|ß)`, "'ſ 's ẞ", []string{"'ſ", "'s", "ẞ"}},
		{`$|^`, "a\nb", []string{"", "", "", ""}},
		{`\bx\b|\B.`, "x xy", []string{"x", "y"}},
		{`.`, "a\n\xff\xe2\x82b", []string{"a", "\xff", "\xe2", "\x82", "b"}},
		{`x*`, "axx", []string{"", "xx"}},
	} {
		re, err := Compile(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		var got []string
		re.All(c.text, func(start, end int) { got = append(got, c.text[start:end]) })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s in %q: %q, want %q", c.expr, c.text, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, expr := range []string{
		`(a`, `a)`, `[a`, `[]`, `[z-a]`, `*a`, `a{2}?`, `a{9999}`, `(?:(?:ab){1000}){1000}`, `(?:a*)*`, `(?<n>a)`, `\1`, `\k`, `\X`,
		`\p{Klingon}`, `\p{Cn}`, `[[:alpha:]]`, `(?<=a+)b`, `a\`, `\x{110000}`, "\xff",
	} {
		if _, err := Compile(expr); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

// A backtracking matcher without a memory takes forever here.
func TestPatience(t *testing.T) {
	start := time.Now()
	for _, expr := range []string{`(?:a|aa)+$b`, `(?:a+)+b`, `(?:(?:a|a)+)+c`, `(?>(?:a|aa)+)c|(?=(?:a|aa)+d)`} {
		re, err := Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok := re.Find(strings.Repeat("a", 200), 0); ok {
			t.Errorf("%s matches", expr)
		}
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}
