package tokenizer

import (
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/gguf/gguftest"
)

// bytesOnly is the smallest vocabulary: 256 bytes, one merge, one special.
func bytesOnly() []string {
	var tokens []string
	for _, c := range alphabet {
		tokens = append(tokens, string(c))
	}
	return append(tokens, "ab", "<|end|>")
}

func kinds(n int) []int32 {
	k := slices.Repeat([]int32{int32(Normal)}, n)
	k[n-1] = int32(Control)
	return k
}

// entries are the metadata of a good tokenizer.
func entries() map[string]any {
	return map[string]any{
		"model": "gpt2", "pre": "gpt-2", "tokens": bytesOnly(), "token_type": kinds(258),
		"merges": []string{"a b"}, "bos_token_id": uint32(257),
	}
}

func open(t *testing.T, metadata map[string]any) (*Tokenizer, error) {
	t.Helper()
	var b gguftest.Builder
	for key, v := range metadata {
		b.Set("tokenizer.ggml."+key, v)
	}
	f, err := gguf.Parse("x.gguf", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return FromGGUF(f)
}

func TestFromGGUF(t *testing.T) {
	tok, err := open(t, entries())
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Encode("cab<|end|>", true); !slices.Equal(got, []int32{'c', 256, 257}) {
		t.Errorf("ids %v", got)
	}
	bos, hasBOS := tok.BOS()
	_, hasEOS := tok.EOS()
	if bos != 257 || !hasBOS || hasEOS || tok.AddBOS() {
		t.Errorf("bos %d %v, eos %v, add %v", bos, hasBOS, hasEOS, tok.AddBOS())
	}
}

func TestAddBOS(t *testing.T) {
	for _, c := range []struct {
		pre  string
		add  any
		want bool
	}{
		{"gpt-2", nil, false}, {"gpt-2", true, true}, {"llama-bpe", nil, true}, {"llama-bpe", false, false},
	} {
		m := entries()
		m["pre"] = c.pre
		if c.add != nil {
			m["add_bos_token"] = c.add
		}
		tok, err := open(t, m)
		if err != nil {
			t.Fatal(err)
		}
		if tok.AddBOS() != c.want {
			t.Errorf("%s, add_bos_token %v: AddBOS is %v", c.pre, c.add, tok.AddBOS())
		}
	}
}

func TestFromGGUFRefuses(t *testing.T) {
	tokens := func(change func([]string) []string) []string { return change(bytesOnly()) }
	for name, c := range map[string]struct {
		key   string
		value any // nil deletes
		want  string
	}{
		"no tokenizer":     {"model", nil, "tokenizer.ggml.model is absent"},
		"SentencePiece":    {"model", "t5", "SentencePiece unigram"},
		"WordPiece":        {"model", "bert", `is "bert"`},
		"no rule":          {"pre", nil, "tokenizer.ggml.pre is absent"},
		"unknown rule":     {"pre", "klingon", `"klingon" is not known; try tokenizer.json`},
		"default rule":     {"pre", "default", "its converter did not know the model's word-splitting rule; convert the model anew"},
		"encoder's rule":   {"pre", "modern-bert", "belongs to models that are not supported"},
		"long rule":        {"pre", strings.Repeat("\n", 5000), "is not known"},
		"no tokens":        {"tokens", nil, "tokenizer.ggml.tokens is absent"},
		"tokens of ints":   {"tokens", []int32{1}, "no list of strings"},
		"empty tokens":     {"tokens", []string{}, "has 258 entries for 0 tokens"},
		"token twice":      {"tokens", tokens(func(s []string) []string { s[256] = "a"; return s }), `tokens 97 and 256 are both spelled "a"`},
		"byte missing":     {"tokens", tokens(func(s []string) []string { s[0x41] = "zz"; return s }), "no token for the character 'A'"},
		"kinds too short":  {"token_type", []int32{1, 1}, "has 2 entries for 258 tokens"},
		"kind of 9":        {"token_type", slices.Repeat([]int32{9}, 258), "token 0 is 9"},
		"no merges":        {"merges", nil, "tokenizer.ggml.merges is absent"},
		"merge of one":     {"merges", []string{"a b", "ab"}, `merge 1, "ab"`},
		"merge to nothing": {"merges", []string{"a c"}, `merge 0, "a c"`},
		"merge of unknown": {"merges", []string{"a bb"}, `merge 0, "a bb"`},
		"BOS too large":    {"bos_token_id", uint32(258), "bos_token_id is 258, outside"},
		"BOS negative":     {"bos_token_id", int32(-2), "bos_token_id is -2, outside"},
		"long special":     {"tokens", tokens(func(s []string) []string { s[257] = strings.Repeat("x", 1025); return s }), "token 257 is 1025 bytes long, at most 1024"},
		"space prefix":     {"add_space_prefix", true, "add_space_prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			m := entries()
			m[c.key] = c.value
			if c.value == nil {
				delete(m, c.key)
			}
			_, err := open(t, m)
			if err == nil {
				t.Fatal("accepted")
			}
			s := err.Error()
			if !strings.Contains(s, c.want) || !strings.HasPrefix(s, "x.gguf: tokenizer: ") || strings.Contains(s, "\n") || len(s) > 400 {
				t.Errorf("error %q, want one line with %q", s, c.want)
			}
		})
	}
}

func TestBytesWithoutTokenAreDropped(t *testing.T) {
	m := entries()
	s := bytesOnly()
	s[0xff], s[4] = "zz", "yy"
	m["tokens"] = s
	tok, err := open(t, m)
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Encode("\x04a\xffb\xff", false); !slices.Equal(got, []int32{'a', 'b'}) {
		t.Errorf("ids %v", got)
	}
}

func TestHashCoversWhatMatters(t *testing.T) {
	base, err := open(t, entries())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{base.Hash(): "nothing"}
	swapped := bytesOnly()
	swapped[1], swapped[2] = swapped[2], swapped[1]
	for key, v := range map[string]any{
		"pre": "smollm", "tokens": swapped, "token_type": slices.Repeat([]int32{1}, 258),
		"merges": []string{}, "bos_token_id": uint32(0), "add_bos_token": true,
	} {
		m := entries()
		m[key] = v
		tok, err := open(t, m)
		if err != nil {
			t.Fatal(err)
		}
		if same, ok := seen[tok.Hash()]; ok {
			t.Errorf("changing %s gives the hash of changing %s", key, same)
		}
		seen[tok.Hash()] = key
	}
	m := entries()
	m["add_bos_token"] = false // what was the default
	if tok, err := open(t, m); err != nil || tok.Hash() != base.Hash() {
		t.Errorf("saying the default changes the hash (%v)", err)
	}
}

// TestAlphabet holds the spelling to GPT-2's well-known examples.
func TestAlphabet(t *testing.T) {
	if got := string(spell(nil, " \n\x00\xff\xadé~")); got != "ĠĊĀÿŃÃ©~" {
		t.Errorf("spelled %q", got)
	}
	for _, c := range []struct{ token, want string }{
		{"ĠĊĀÿŃÃ©~", " \n\x00\xff\xadé~"}, {"a b", "a b"}, {"Ġ日", "Ġ日"}, {"\u0144", "\u0144"},
	} {
		if got := string(unspell(nil, c.token)); got != c.want {
			t.Errorf("%q spells %q, want %q", c.token, got, c.want)
		}
	}
}
