// Package checkpoint opens whatever holds a model: a GGUF file, one part of a
// split one, or a folder as transformers writes it. What comes after sees one
// kind of file.
package checkpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/hf"
	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// Open opens the checkpoint at path: a GGUF file, a folder with config.json
// and safetensors files, or one of these files.
func Open(path string) (*gguf.File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return hf.Open(path)
	}
	if strings.EqualFold(filepath.Ext(path), ".safetensors") {
		return hf.Open(filepath.Dir(path))
	}
	return gguf.Open(path)
}

// Tokenizer returns the tokenizer of an open checkpoint.
func Tokenizer(f *gguf.File) (*tokenizer.Tokenizer, error) {
	_, own := f.String("tokenizer.ggml.model")
	for key, name := range map[string]string{hf.TokenizerJSON: "tokenizer.json", hf.SentencePiece: "tokenizer.model"} {
		if _, ok := f.String(key); ok && !own {
			return nil, fmt.Errorf("%s: its tokenizer is a %s, which is not read so far; use a GGUF file with tokenizer.ggml.model", f.Path, name)
		}
	}
	return tokenizer.FromGGUF(f)
}
