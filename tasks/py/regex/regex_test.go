package regex

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/internal/bounded"
)

type fixtureRow struct {
	Text string     `json:"text"`
	All  [][]string `json:"all"` // empty: no match, and nothing else is given
	Sub1 string     `json:"sub1"`
	Subs []*string  `json:"subs"` // by replacement; null: refused
}

type fixtures struct {
	Replacements []string    `json:"replacements"`
	Escapes      [][2]string `json:"escapes"`
	Cases        []struct {
		Pattern string       `json:"pattern"`
		Error   bool         `json:"error"`
		Groups  int          `json:"groups"`
		Rows    []fixtureRow `json:"rows"`
	} `json:"cases"`
}

func load(t testing.TB) fixtures {
	t.Helper()
	data, err := os.Open(filepath.Join("testdata", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	return decode(t, data)
}

func loadGzip(t testing.TB, file string) fixtures {
	t.Helper()
	data, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	z, err := gzip.NewReader(data)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, z)
}

func decode(t testing.TB, r io.Reader) fixtures {
	t.Helper()
	var f fixtures
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestAgainstPython holds every operation against Python's re on the same
// patterns and texts.
func TestAgainstPython(t *testing.T) {
	if rows := checkAll(t, load(t)); rows < 5000 {
		t.Fatalf("only %d rows: the fixture file is cut", rows)
	}
}

// TestFieldPatterns does so with the patterns of the field's task files.
// LLAMAEVAL_FIELD_REGEX names a larger file of the same form
// (scripts/fixtures/field_regex.py, regex_random.py).
func TestFieldPatterns(t *testing.T) {
	if rows := checkAll(t, loadGzip(t, filepath.Join("testdata", "field.json.gz"))); rows < 1000 {
		t.Fatalf("only %d rows: the fixture file is cut", rows)
	}
	if more := os.Getenv("LLAMAEVAL_FIELD_REGEX"); more != "" {
		t.Logf("%s: %d rows", more, checkAll(t, loadGzip(t, more)))
	}
}

// TestRandomPatterns does so with patterns of all kinds.
func TestRandomPatterns(t *testing.T) {
	if rows := checkAll(t, loadGzip(t, filepath.Join("testdata", "random.json.gz"))); rows < 3000 {
		t.Fatalf("only %d rows: the fixture file is cut", rows)
	}
}

func checkAll(t *testing.T, f fixtures) (rows int) {
	t.Helper()
	for _, c := range f.Cases {
		r, err := Compile(c.Pattern)
		if c.Error {
			if err == nil {
				t.Errorf("%q: compiled, but Python refuses it", c.Pattern)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.Pattern, err)
			continue
		}
		if r.groups != c.Groups {
			t.Errorf("%q: %d groups, want %d", c.Pattern, r.groups, c.Groups)
			continue
		}
		for _, row := range c.Rows {
			rows++
			checkRow(t, r, f.Replacements, row)
		}
	}
	return rows
}

func checkRow(t *testing.T, r *Regexp, replacements []string, row fixtureRow) {
	t.Helper()
	check := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%q on %q: %s: %v", r.pattern, row.Text, what, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q on %q: %s (-want +got):\n%s", r.pattern, row.Text, what, d)
		}
	}
	all, err := r.FindAll(row.Text)
	check("findall", slices.Concat(all...), slices.Concat(row.All...), err)
	if len(row.All) == 0 {
		sub, err := r.Sub("<>", row.Text, 0)
		check("sub", sub, row.Text, err)
		return
	}
	sub, err := r.Sub("<>", row.Text, 1)
	check("sub once", sub, row.Sub1, err)
	for i, want := range row.Subs {
		got, err := r.Sub(replacements[i], row.Text, 0)
		switch {
		case want == nil && err == nil:
			t.Errorf("%q on %q: replacement %q accepted, Python refuses it", r.pattern, row.Text, replacements[i])
		case want != nil:
			check("sub "+replacements[i], got, *want, err)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, pair := range load(t).Escapes {
		if got := Escape(pair[0]); got != pair[1] {
			t.Errorf("Escape(%q) = %q, want %q", pair[0], got, pair[1])
		}
	}
}

// TestEscapedMatchesItself: any text, escaped, matches exactly itself.
func TestEscapedMatchesItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		r, err := Compile(Escape(s))
		if err != nil {
			t.Fatal(err)
		}
		found, err := r.FindAll(s)
		if err != nil || len(found) != 1 || found[0][0] != s {
			t.Fatalf("Escape(%q) does not match it: %q %v", s, found, err)
		}
	})
}

// TestReplacedByItself: a text whose matches are put back is the same, also
// where it is not valid UTF-8.
func TestReplacedByItself(t *testing.T) {
	r := MustCompile(`(\s+|,)`)
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.SampledFrom([]byte(" ,a\xff\xc3\xa9\n"))).Draw(t, "s"))
		if got, err := r.Sub(`\1`, s, 0); err != nil || got != s {
			t.Fatalf("%q becomes %q, %v", s, got, err)
		}
	})
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	for pattern, want := range map[string]string{
		"ab(c":         "missing ), unterminated subpattern at character 4",
		"a**":          "multiple repeat at character 3",
		`a\q`:          `bad escape \q at character 2`,
		"(?<=a+)b":     "look-behind requires fixed-width pattern",
		`\N{DIGIT}`:    `\N{...} is not supported`,
		"(?P<a>)(?L)":  "global flags not at the start",
		"(?(2)a|b)(c)": "invalid group reference 2",
	} {
		if _, err := Compile(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Compile(%q): %v, want ... %s ...", pattern, err, want)
		}
	}
	if _, err := Compile(strings.Repeat("(", 5000)); err == nil || len(err.Error()) > 400 {
		t.Errorf("deep nesting: %v", err)
	}
}

// TestBacktrackingEnds: a search that takes too many steps or rounds is an
// error, soon and without the text in the message, and always the same one.
func TestBacktrackingEnds(t *testing.T) {
	for pattern, text := range map[string]string{
		`(?:(a)|b|(c))*d`: strings.Repeat("abc", 100_000),
		`(?:a+b?)+$`:      strings.Repeat("a", 5000) + "c",
		`(a|a)*\1b`:       strings.Repeat("a", 60),
		`(?=(.*)*x)`:      strings.Repeat("a", 400),
	} {
		begun := time.Now()
		_, err := MustCompile(pattern).FindAll(text)
		if err == nil || !strings.Contains(err.Error(), "too much backtracking") || len(err.Error()) > 300 {
			t.Errorf("%s: want a short error, got %v", pattern, err)
		}
		t.Logf("%s: %v", pattern, time.Since(begun))
	}
}

func FuzzRegex(f *testing.F) {
	for i, c := range load(f).Cases {
		f.Add(c.Pattern, "ab 12 \u00e9\n", `<\g<0>>`)
		if i > 200 {
			break
		}
	}
	f.Fuzz(func(t *testing.T, pattern, text, repl string) {
		bounded.Run(t, 256<<20, func() {
			if len(pattern) > 60 || len(text) > 60 || len(repl) > 60 {
				return
			}
			r, err := Compile(pattern)
			if err != nil {
				bounded.Error(t, err)
				return
			}
			all, err := r.FindAll(text)
			if err != nil {
				return
			}
			for _, m := range all {
				if len(m) != r.groups+1 || !strings.Contains(text, m[0]) {
					t.Fatalf("%q on %q: bad match %q", pattern, text, m)
				}
			}
			if same, err := r.SubFunc(func(m Match) string { s, _ := m.Group(0); return s }, text, 0); err != nil || same != text {
				t.Fatalf("%q on %q: replacing matches by themselves gives %q, %v", pattern, text, same, err)
			}
			if _, err := r.Sub(repl, text, 0); err != nil {
				bounded.Error(t, err)
			}
		})
	})
}
