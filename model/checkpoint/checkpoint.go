// Package checkpoint opens whatever holds a model: a GGUF file, one part of a
// split one, or a folder as transformers writes it. What comes after sees one
// kind of file.
package checkpoint

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/hf"
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
