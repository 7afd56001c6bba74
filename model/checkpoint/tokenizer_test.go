package checkpoint_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/hf/hftest"
)

// tokens is a tokenizer.json of six tokens that merges "a b".
const tokens = `{"model": {"type": "BPE", "unk_token": "<unk>", "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3}, "merges": ["a b"]},
	"added_tokens": [{"id": 4, "content": "<s>", "special": true}, {"id": 5, "content": "</s>", "special": true}]}`

func TestTokenizerOfFolder(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // the error, if it is not the tokenizer of tokens
		ends  []int32
	}{
		{"ids of config.json", map[string]string{"tokenizer.json": tokens}, "", []int32{5}},
		{"ids of generation_config.json", map[string]string{"tokenizer.json": tokens, "generation_config.json": `{"eos_token_id": [4, 5, 900]}`}, "", []int32{5, 4}},
		{"names of tokenizer_config.json", map[string]string{"tokenizer.json": tokens, "tokenizer_config.json": `{"eos_token": "<s>"}`}, "", []int32{4}},
		{"nothing", nil, "has no tokenizer: neither", nil},
		{"unigram", map[string]string{"tokenizer.json": strings.Replace(tokens, "BPE", "Unigram", 1)}, `type "Unigram", only BPE`, nil},
		{"broken configuration", map[string]string{"tokenizer.json": tokens, "tokenizer_config.json": "{"}, "tokenizer_config.json", nil},
		{"no model", map[string]string{"tokenizer.model": "x"}, "tokenizer.model: ", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			hftest.Write(t, dir, map[string]any{
				"model_type": "llama", "hidden_size": 2, "intermediate_size": 2, "num_hidden_layers": 1, "num_attention_heads": 1,
				"vocab_size": 8, "max_position_embeddings": 8, "bos_token_id": 4, "eos_token_id": 5,
			}, map[string]hftest.Tensor{"model.norm.weight": {DType: "F32", Shape: []int{2}, Data: make([]byte, 8)}})
			for name, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range []string{dir, filepath.Join(dir, "model.safetensors")} {
				f, err := checkpoint.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				tok, err := checkpoint.Tokenizer(f)
				if c.want != "" {
					if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
						t.Errorf("got %v, want %s", err, c.want)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				bos, _ := tok.BOS()
				if got := tok.Encode("abb</s>", true); !slices.Equal(got, []int32{3, 2, 5}) || bos != 4 || !slices.Equal(tok.Ends(), c.ends) {
					t.Errorf("encodes as %v, bos %d, ends %v", got, bos, tok.Ends())
				}
			}
		})
	}
}
