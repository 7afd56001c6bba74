package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamaeval/llamaeval/internal/regular"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// What files of a tokenizer may have, in bytes.
const (
	maxTokenizer = 256 << 20
	maxConfig    = 16 << 20
)

// OpenTokenizer reads a tokenizer without its model: that of a GGUF file, a
// tokenizer.json or tokenizer.model with what stands beside it, or such a
// folder.
func OpenTokenizer(path string) (*tokenizer.Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(filepath.Ext(path), ".gguf") {
		f, err := gguf.Open(path)
		if err != nil {
			return nil, err
		}
		return tokenizer.FromGGUF(f) // its words lie in the file, which stays open
	}
	dir, file := filepath.Dir(path), path
	if info.IsDir() {
		dir, file = path, filepath.Join(path, "tokenizer.json")
		if _, err := os.Stat(file); err != nil {
			file = filepath.Join(path, "tokenizer.model")
		}
	}
	data, err := regular.Read(file, maxTokenizer)
	if err != nil {
		return nil, fmt.Errorf("%s: no tokenizer.json and no tokenizer.model: %w", path, err)
	}
	config, err := besideTokenizer(dir)
	if err != nil {
		return nil, err
	}
	t, err := fromFile(file, data, config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return t, nil
}

func fromFile(file string, data []byte, c tokenizer.Config) (*tokenizer.Tokenizer, error) {
	if strings.EqualFold(filepath.Ext(file), ".model") {
		return tokenizer.FromSentencePiece(data, c)
	}
	return tokenizer.FromJSON(data, c)
}

// besideTokenizer reads tokenizer_config.json and chat_template.jinja, which
// need not be there.
func besideTokenizer(dir string) (c tokenizer.Config, err error) {
	data, err := regular.Read(filepath.Join(dir, "tokenizer_config.json"), maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return c, err
	default:
		if c, err = tokenizer.ReadConfig(data); err != nil {
			return c, fmt.Errorf("%s: %w", dir, err)
		}
	}
	text, err := regular.Read(filepath.Join(dir, "chat_template.jinja"), maxConfig)
	if err == nil {
		c.ChatTemplate = string(text)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	return c, nil
}
