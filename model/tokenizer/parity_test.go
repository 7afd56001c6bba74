package tokenizer

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/gguf/gguftest"
)

// TestParity compares with the Python libraries `tokenizers` and
// `sentencepiece` on 10,000 strings: scripts/parity/tokenizer_parity.py makes
// tokenizers of every kind and says what they do. LLAMAEVAL_PYTHON names the
// interpreter, as `make test` does.
func TestParity(t *testing.T) {
	python := os.Getenv("LLAMAEVAL_PYTHON")
	if python == "" {
		t.Skip("LLAMAEVAL_PYTHON is not set; make test sets it")
	}
	rules := parity(t, 70, python)
	if !t.Failed() {
		sharedtest.Readme(t, "tokenizers", supportedTokenizers(slices.Compact(rules)), *update)
	}
}

// TestRealVocabularies does the same with tokenizers that packages ship:
// scripts/vocabularies fetches them, and prints LLAMAEVAL_VOCABULARIES.
func TestRealVocabularies(t *testing.T) {
	python, given := os.Getenv("LLAMAEVAL_PYTHON"), os.Getenv("LLAMAEVAL_VOCABULARIES")
	if python == "" || given == "" {
		t.Skip("LLAMAEVAL_PYTHON or LLAMAEVAL_VOCABULARIES is not set; make test sets them")
	}
	parity(t, 7, python, given)
}

// parity compares with what the Python libraries do, and returns the splitting
// rules that were compared.
func parity(t *testing.T, least int, python string, given ...string) (rules []string) {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command(python, append([]string{"../../scripts/parity/tokenizer_parity.py", dir}, given...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var texts []string
	readJSON(t, filepath.Join(dir, "texts.json"), &texts)
	files, err := filepath.Glob(filepath.Join(dir, "*.ids"))
	if err != nil || len(files) < least || len(texts) < 10000 {
		t.Fatalf("%d tokenizers, %d strings (%v)", len(files), len(texts), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".ids")
		t.Run(name, func(t *testing.T) {
			want := readIDs(t, path)
			var decoded []string
			readJSON(t, strings.TrimSuffix(path, ".ids")+".text", &decoded)
			for kind, tok := range parityTokenizers(t, dir, name) {
				checkParity(t, kind, tok, texts, want, decoded)
				if pre, ok := strings.CutPrefix(name, "pre-"); ok && !t.Failed() {
					rules = append(rules, pre)
				}
			}
		})
	}
	return rules
}

var update = flag.Bool("update", false, "rewrite the table of tokenizers in README.md")

// supportedTokenizers is README's table, with the splitting rules that were
// compared and, in parentheses, other names of the same.
func supportedTokenizers(rules []string) string {
	var list []string
	for _, rule := range rules {
		var same []string
		for name, s := range schemes {
			if name != rule && reflect.DeepEqual(s, schemes[rule]) {
				same = append(same, name)
			}
		}
		if slices.Sort(same); len(same) > 0 {
			rule += " (" + strings.Join(same, ", ") + ")"
		}
		list = append(list, rule)
	}
	return "| tokenizers | compared on 10,000 strings with | gguf | tokenizer.json | tokenizer.model |\n|---|---|---|---|---|\n" +
		"| byte-level BPE, split by the rules " + strings.Join(list, ", ") + " | `tokenizers` | ✓ | ✓ | |\n" +
		"| byte-level BPE with other steps, expressions and normalisers | `tokenizers` | | ✓ | |\n" +
		"| SentencePiece BPE: byte fallback, dummy prefix or none, normalisation rules, symbols of one's own | `sentencepiece` | ✓ | | ✓ |\n" +
		"| BPE of characters: Llama 2, Mistral, Gemma | `tokenizers` | | ✓ | |\n" +
		"| unigram, WordPiece | refused by name | | | |\n"
}

// parityTokenizers returns a tokenizer as read from each format that can hold
// it.
func parityTokenizers(t *testing.T, dir, name string) map[string]*Tokenizer {
	t.Helper()
	out := make(map[string]*Tokenizer)
	keep := func(kind string, tok *Tokenizer, err error) {
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		out[kind] = tok
	}
	if strings.HasPrefix(name, "sp-") {
		data := readFile(t, filepath.Join(dir, name+".model"))
		tok, err := FromSentencePiece(data, Config{})
		keep("tokenizer.model", tok, err)
		tok, err = FromGGUF(piecesAsGGUF(t, data))
		keep("GGUF", tok, err)
		return out
	}
	data := readFile(t, filepath.Join(dir, name+".json"))
	tok, err := FromJSON(data, Config{})
	keep("tokenizer.json", tok, err)
	if pre, ok := strings.CutPrefix(name, "pre-"); ok {
		v := tok.vocabulary
		v.Pre = pre
		v.Merges = mergesOf(t, data)
		tok, err := New(v)
		keep("GGUF", tok, err)
	}
	return out
}

func mergesOf(t *testing.T, data []byte) (lines []string) {
	t.Helper()
	var f struct {
		Model struct{ Merges []json.RawMessage }
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	for _, m := range f.Model.Merges {
		var pair [2]string
		line := ""
		if json.Unmarshal(m, &line) != nil && json.Unmarshal(m, &pair) == nil {
			line = pair[0] + " " + pair[1]
		}
		lines = append(lines, line)
	}
	return lines
}

// piecesAsGGUF writes a tokenizer.model as GGUF metadata.
func piecesAsGGUF(t *testing.T, data []byte) *gguf.File {
	t.Helper()
	p, err := readPieces(data)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []int32
	for _, k := range p.vocabulary.Kinds {
		kinds = append(kinds, int32(k))
	}
	var b gguftest.Builder
	b.Set("tokenizer.ggml.model", "llama").
		Set("tokenizer.ggml.tokens", p.vocabulary.Tokens).
		Set("tokenizer.ggml.scores", p.scores).
		Set("tokenizer.ggml.token_type", kinds).
		Set("tokenizer.ggml.add_space_prefix", p.norm.dummyPrefix).
		Set("tokenizer.ggml.remove_extra_whitespaces", p.norm.squeeze)
	if r := p.norm.rules; r != nil {
		raw := binary.LittleEndian.AppendUint32(nil, uint32(4*len(r.units)))
		for _, u := range r.units {
			raw = binary.LittleEndian.AppendUint32(raw, u)
		}
		rules := make([]int32, 0, len(raw)+len(r.texts))
		for _, c := range append(raw, r.texts...) {
			rules = append(rules, int32(c))
		}
		b.Set("tokenizer.ggml.precompiled_charsmap", rules)
	}
	f, err := gguf.Parse("x.gguf", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func checkParity(t *testing.T, kind string, tok *Tokenizer, texts []string, want [][]int32, decoded []string) {
	t.Helper()
	// sentencepiece knows no control tokens in texts.
	special := tok.spelling.broken != eachByte
	wrong, cuts := 0, 0
	for i, text := range texts {
		got := tok.Encode(text, special)
		if !slices.Equal(got, want[i]) {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %q: ids %v, want %v", kind, text, got, want[i])
			}
			continue
		}
		if i < 3000 {
			cuts += checkCuts(t, tok, text, special)
		}
		if i >= len(decoded) {
			continue
		}
		if got := tok.DecodeText(got, special); got != decoded[i] {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %q: %v decodes as %q, want %q", kind, text, want[i], got, decoded[i])
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%s: %d of %d strings differ", kind, wrong, len(texts))
	}
	if tok.cut != cutNever && cuts < 300 {
		t.Errorf("%s: %d cuts", kind, cuts)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path), into); err != nil {
		t.Fatal(err)
	}
}

func readIDs(t *testing.T, path string) (rows [][]int32) {
	t.Helper()
	b := readFile(t, path)
	next := func() int32 {
		v := int32(binary.LittleEndian.Uint32(b))
		b = b[4:]
		return v
	}
	for len(b) > 0 {
		row := make([]int32, next())
		for i := range row {
			row[i] = next()
		}
		rows = append(rows, row)
	}
	return rows
}
