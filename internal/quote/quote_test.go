package quote

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"", `""`},
		{"blk.0.attn_q.weight", `"blk.0.attn_q.weight"`},
		{"line\nline", `"line\nline"`},
		{strings.Repeat("a", 80), `"` + strings.Repeat("a", 80) + `"`},
		{strings.Repeat("é", 80), `"` + strings.Repeat("é", 80) + `"`},
		{strings.Repeat("a", 81), `"` + strings.Repeat("a", 80) + `"...`},
		{strings.Repeat("\x00", 80), `"` + strings.Repeat(`\x00`, 40) + `"...`},
		{strings.Repeat("\U0010ffff", 80), `"` + strings.Repeat(`\U0010ffff`, 10) + `"...`},
		{"good" + strings.Repeat("\xff", 40), `"good` + strings.Repeat(`\xff`, 40) + `"`},
	} {
		if got := Name(c.name); got != c.want {
			t.Errorf("Name(%q) = %s, want %s", c.name, got, c.want)
		}
	}
}

func TestError(t *testing.T) {
	inner := errors.New("a\n\x1b[31mb  " + strings.Repeat("é", 300))
	err := Error(inner)
	if got := err.Error(); !strings.HasPrefix(got, "a [31mb é") || len(got) > mostLine+len("...") || !strings.HasSuffix(got, "é...") {
		t.Errorf("%q", got)
	}
	if !errors.Is(err, inner) {
		t.Error("what it wraps is lost")
	}
	if got := Error(io.EOF).Error(); got != "EOF" {
		t.Errorf("%q", got)
	}
}

func FuzzName(f *testing.F) {
	f.Add("a\x00\U0010ffff")
	f.Fuzz(func(t *testing.T, name string) {
		got := Name(name)
		if len(got) > most+len("...") || strings.ContainsAny(got, "\n\r") {
			t.Fatalf("%d bytes: %s", len(got), got)
		}
	})
}
