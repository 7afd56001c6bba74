package tokenizer

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// cases.jsonl.gz is made by scripts/fixtures/tokenizer_cases.py.
type goldenCase struct {
	Text  string
	Rules map[string]goldenRule
}

type goldenRule struct {
	IDs   []int32
	Words []string
}

func (c *goldenCase) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	c.Rules = make(map[string]goldenRule)
	for name, raw := range fields {
		if name == "text" {
			if err := json.Unmarshal(raw, &c.Text); err != nil {
				return err
			}
			continue
		}
		var r goldenRule
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		c.Rules[name] = r
	}
	return nil
}

// readLines calls f with each line of a gzipped file.
func readLines(t testing.TB, path string, f func([]byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	gz, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(gz)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		f(s.Bytes())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

func golden(t testing.TB) (Vocabulary, []goldenCase) {
	t.Helper()
	var v Vocabulary
	var cases []goldenCase
	readLines(t, "testdata/cases.jsonl.gz", func(b []byte) {
		if v.Tokens == nil {
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatal(err)
			}
			return
		}
		var c goldenCase
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	})
	v.BOS, v.EOS, v.EOT = -1, -1, -1
	return v, cases
}

// small returns a tokenizer of the fixture's vocabulary under a rule.
func small(t testing.TB, pre string) *Tokenizer {
	t.Helper()
	v, _ := golden(t)
	v.Pre = pre
	tok, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestGoldenCases(t *testing.T) {
	v, cases := golden(t)
	if len(cases) < 1000 {
		t.Fatalf("%d cases", len(cases))
	}
	for pre := range cases[0].Rules {
		t.Run(pre, func(t *testing.T) {
			v := v
			v.Pre = pre
			tok, err := New(v)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cases {
				var words []string
				tok.cutter(c.Text, true, func(w string, _ bool) { words = append(words, w) })
				want := c.Rules[pre]
				if !slices.Equal(words, want.Words) {
					t.Fatalf("%q: words %q, want %q", c.Text, words, want.Words)
				}
				if ids := tok.Encode(c.Text, true); !slices.Equal(ids, want.IDs) {
					t.Fatalf("%q: ids %v, want %v", c.Text, ids, want.IDs)
				}
				if got := tok.Decode(want.IDs, false); got != c.Text && tok.normalize == nil {
					t.Fatalf("%q decodes as %q", c.Text, got)
				}
			}
		})
	}
}

func realModel(t testing.TB) *Tokenizer {
	t.Helper()
	f, err := gguf.Open(sharedtest.Model(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tok, err := FromGGUF(f)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestOracle compares with the ids recorded from the Python library, and
// checks that the tokenizer outlives its file.
func TestOracle(t *testing.T) {
	tok := realModel(t)
	n, differ := 0, 0
	readLines(t, filepath.Join(sharedtest.Dir(t), "oracles", "tokens.jsonl.gz"), func(b []byte) {
		var row struct {
			Text string
			IDs  []int32
		}
		if err := json.Unmarshal(b, &row); err != nil {
			t.Fatal(err)
		}
		n++
		if got := tok.Encode(row.Text, true); !slices.Equal(got, row.IDs) {
			if differ++; differ <= 5 {
				t.Errorf("%q: %s", row.Text, cmp.Diff(row.IDs, got))
			}
		}
		if got := tok.Decode(row.IDs, false); got != row.Text && !dropped(tok, row.Text) {
			t.Errorf("%q decodes as %q", row.Text, got)
		}
	})
	if n < 2000 || differ > 0 {
		t.Errorf("%d of %d texts differ", differ, n)
	}
}

// dropped reports whether text has bytes without a token.
func dropped(tok *Tokenizer, text string) bool {
	for i := range len(text) {
		if tok.byteIDs[text[i]] < 0 {
			return true
		}
	}
	return false
}

func TestRealModelFacts(t *testing.T) {
	tok := realModel(t)
	bos, _ := tok.BOS()
	eos, _ := tok.EOS()
	if bos != 1 || eos != 2 || !slices.Equal(tok.Ends(), []int32{2}) || tok.AddBOS() || tok.VocabSize() != 49152 {
		t.Errorf("bos %d, eos %d, ends %v, add %v, size %d", bos, eos, tok.Ends(), tok.AddBOS(), tok.VocabSize())
	}
	if len(tok.Specials()) != 17 || !tok.IsSpecial(0) || tok.IsSpecial(17) || tok.IsSpecial(-1) || tok.IsSpecial(49152) {
		t.Errorf("specials are %v", tok.Specials())
	}
	if !strings.HasPrefix(tok.ChatTemplate(), "{% for") || len(tok.Hash()) != 64 {
		t.Errorf("chat template %q, hash %q", tok.ChatTemplate(), tok.Hash())
	}
}

func TestRoundTrip(t *testing.T) {
	for _, pre := range []string{"gpt-2", "smollm", "llama-bpe"} { // qwen2 normalises
		tok := small(t, pre)
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.String().Draw(t, "text")
			special := rapid.Bool().Draw(t, "special")
			ids := tok.Encode(text, special)
			if got := tok.Decode(ids, false); got != text {
				t.Fatalf("%s: %q decodes as %q", pre, text, got)
			}
			if got := tok.DecodeBytes(ids); string(got) != text {
				t.Fatalf("%s: %q has the bytes %q", pre, text, got)
			}
		})
	}
}

func TestSpecialTokens(t *testing.T) {
	tok := small(t, "gpt-2")
	name := func(s string) int32 { return tok.ids[s] }
	for _, c := range []struct {
		text    string
		special []int32
	}{
		{"<|start|>", []int32{name("<|start|>")}},
		{"<|end|>ing", []int32{name("<|end|>ing")}}, // the longest name
		{"<|end|>in", append([]int32{name("<|end|>")}, tok.Encode("in", false)...)},
		{"<|<|end|>", []int32{name("<|"), name("<|end|>")}},
		{"<<|", append(tok.Encode("<", false), name("<|"))},
	} {
		if got := tok.Encode(c.text, true); !slices.Equal(got, c.special) {
			t.Errorf("%q: %v, want %v", c.text, got, c.special)
		}
		plain := tok.Encode(c.text, false)
		if slices.ContainsFunc(plain, tok.IsSpecial) {
			t.Errorf("%q: special tokens in %v", c.text, plain)
		}
	}
	ids := tok.Encode("a<|start|> b<|end|>", true)
	if got := tok.Decode(ids, true); got != "a b" {
		t.Errorf("without special tokens: %q", got)
	}
	if got := tok.Decode([]int32{-1, 1 << 30}, false); got != "" || tok.Token(-1) != "" {
		t.Errorf("ids outside the vocabulary decode as %q", got)
	}
}

func TestUserDefinedTokensAreAlwaysRecognised(t *testing.T) {
	v, _ := golden(t)
	v.Pre = "gpt-2"
	v.Kinds = slices.Clone(v.Kinds)
	id := slices.Index(v.Tokens, "[é x]")
	v.Kinds[id] = UserDefined
	tok, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, special := range []bool{false, true} {
		if got := tok.Encode("[é x]", special); !slices.Equal(got, []int32{int32(id)}) {
			t.Errorf("special %v: %v", special, got)
		}
	}
	if got := tok.Decode([]int32{int32(id)}, true); got != "[é x]" {
		t.Errorf("decodes as %q", got)
	}
}

// TestDecodeInvalid compares with the WHATWG decoder of x/text, which replaces
// maximal subparts too, on strings made of dangerous bytes.
func TestDecodeInvalid(t *testing.T) {
	if got := replaceInvalid([]byte("a\xf0\x9f\x98b\xed\xa0\x80\xc0\xaf\xe2\x82")); got != "a\ufffdb\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd" {
		t.Errorf("got %q", got) // as bytes.decode(errors="replace") in Python
	}
	alphabet := []byte("a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff")
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 12).Draw(t, "bytes")
		want, err := unicode.UTF8.NewDecoder().Bytes(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := replaceInvalid(b); got != string(want) || !utf8.ValidString(got) {
			t.Fatalf("%q: got %q, want %q", b, got, want)
		}
	})
}

// TestLongWords would take minutes if merging were quadratic.
func TestLongWords(t *testing.T) {
	tok := small(t, "llama-bpe")
	start := time.Now()
	for _, unit := range []string{"a", "ab", " ", "\n ", "<|", "<", "é", "'s", "\xff", "1", "🏳️"} {
		text := strings.Repeat(unit, 1_000_000/len(unit))
		if got := string(tok.DecodeBytes(tok.Encode(text, true))); got != text && unit != "\xff" {
			t.Errorf("%q does not survive", unit)
		}
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestConcurrentUse(t *testing.T) {
	tok := small(t, "smollm")
	_, cases := golden(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, c := range cases {
				if !slices.Equal(tok.Encode(c.Text, true), c.Rules["smollm"].IDs) {
					t.Errorf("%q differs", c.Text)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestWordCacheIsBounded(t *testing.T) {
	c := newWordCache()
	for i := range 3 * cacheShards * wordsPerShard {
		c.add(string(rune('a'+i%26))+strings.Repeat("x", i%40)+string(rune(i)), []int32{int32(i)})
	}
	c.add(strings.Repeat("y", longestCached+1), []int32{1})
	for i := range c.shards {
		if n := len(c.shards[i].ids); n > wordsPerShard {
			t.Errorf("shard %d holds %d words", i, n)
		}
	}
	if _, ok := c.appendIDs(nil, strings.Repeat("y", longestCached+1)); ok {
		t.Error("a long word was kept")
	}
}

func FuzzEncode(f *testing.F) {
	_, cases := golden(f)
	for _, c := range cases[:20] {
		f.Add(c.Text, true)
	}
	var toks []*Tokenizer
	for _, pre := range []string{"gpt-2", "smollm", "llama-bpe"} {
		toks = append(toks, small(f, pre))
	}
	toks = append(toks, small(f, "qwen2"))
	f.Fuzz(func(t *testing.T, text string, special bool) {
		for _, tok := range toks {
			ids := tok.Encode(text, special)
			for _, id := range ids {
				if id < 0 || int(id) >= tok.VocabSize() {
					t.Fatalf("id %d", id)
				}
			}
			got := tok.Decode(ids, false)
			if tok.normalize == nil && got != replaceInvalid([]byte(text)) {
				t.Fatalf("%q decodes as %q", text, got)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	f, err := gguf.Open(sharedtest.Model(b))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for b.Loop() {
		if _, err := FromGGUF(f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	tok := realModel(b)
	var text strings.Builder
	readLines(b, filepath.Join(sharedtest.Dir(b), "oracles", "tokens.jsonl.gz"), func(line []byte) {
		text.Write(line)
	})
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		tok.Encode(text.String(), true)
	}
}

// BenchmarkRules encodes with rules of each make: written by hand, one
// expression, many steps.
func BenchmarkRules(b *testing.B) {
	_, cases := golden(b)
	var text strings.Builder
	for _, c := range cases {
		text.WriteString(c.Text)
	}
	for _, pre := range []string{"llama-bpe", "gpt-4o", "deepseek-llm", "falcon"} {
		b.Run(pre, func(b *testing.B) {
			tok := small(b, pre)
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				tok.Encode(text.String(), true)
			}
		})
	}
}
