package mathanswer

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reference is written by scripts/fixtures/math_cases.py: inputs, then what
// the harness's function returns; null where it raises or finds nothing.
type reference struct {
	Strip, Boxed, Between [][]*string
	Equivalent            [][]any
}

func loadReference(t testing.TB) reference {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "reference.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.NewDecoder(z).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if len(r.Strip) < 3000 || len(r.Boxed) < 500 || len(r.Equivalent) < 500 || len(r.Between) < 100 {
		t.Fatal("too few cases")
	}
	return r
}

func TestNormalizeAgainstReference(t *testing.T) {
	r := loadReference(t)
	for _, c := range r.Strip {
		got, ok := stripString(*c[0])
		if want := c[1]; ok != (want != nil) || ok && got != *want {
			t.Errorf("stripString(%q) = %q, %v, want %s", *c[0], got, ok, quote(want))
		}
		if !ok && Normalize(*c[0]) != *c[0] {
			t.Errorf("Normalize(%q) changes a text that the original fails on", *c[0])
		}
	}
	equal := 0
	for _, c := range r.Equivalent {
		a, b, want := c[0].(string), c[1].(string), c[2].(bool)
		if Equivalent(a, b) != want || Equivalent(b, a) != want {
			t.Errorf("Equivalent(%q, %q) != %v", a, b, want)
		}
		if want && a != b {
			equal++
		}
	}
	if equal < 50 {
		t.Errorf("only %d pairs are spelled differently and equivalent", equal)
	}
}

func TestExtractAgainstReference(t *testing.T) {
	r := loadReference(t)
	for _, c := range r.Boxed {
		text, want, whole := *c[0], c[1], c[2]
		got, ok := Extract(text)
		if want == nil && whole != nil && strings.HasPrefix(*whole, `\fbox{`) {
			// The original finds the box and then fails on it.
			inner := strings.TrimSuffix(strings.TrimPrefix(*whole, `\fbox{`), "}")
			want = &inner
		}
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("Extract(%q) = %q, %v, want %s", text, got, ok, quote(want))
		}
	}
	for _, c := range r.Between {
		if got := BetweenDollars(*c[0]); got != *c[1] {
			t.Errorf("BetweenDollars(%q) = %q, want %q", *c[0], got, *c[1])
		}
	}
}

func quote(s *string) string {
	if s == nil {
		return "nothing"
	}
	return "«" + *s + "»"
}
