// Package hf reads a checkpoint as transformers writes it, a folder with
// config.json and safetensors files, as the GGUF file that it would be
// converted to: the same metadata, names and order of rows. So all that comes
// after needs to know one format.
package hf

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/internal/regular"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/safetensors"
)

// ConfigFile is what makes a folder a checkpoint of this kind.
const ConfigFile = "config.json"

// Beside are the files that say what a checkpoint is, with the tensors'.
var Beside = []string{
	ConfigFile, "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
	"special_tokens_map.json", "added_tokens.json", templateFile,
}

// templateFile holds a chat template on its own, before any other place.
const templateFile = "chat_template.jinja"

// Open opens the checkpoint in a folder. Path of the result is the folder.
func Open(dir string) (*gguf.File, error) {
	c, f, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	m, err := c.metadata(f)
	if err != nil {
		return nil, err
	}
	if err := c.tokenMetadata(dir, m); err != nil {
		return nil, err
	}
	if err := tokenizerFiles(dir, m); err != nil {
		return nil, err
	}
	file, err := safetensors.Open(dir)
	if err != nil {
		return nil, err
	}
	opened, err := convert(dir, file, &c, f, m)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return opened, nil
}

func convert(dir string, file *safetensors.File, c *config, f family, m *gguf.Metadata) (*gguf.File, error) {
	if q := c.Quantization; q != nil && q.Method != "fp8" && q.Method != "fbgemm_fp8" && !(q.Method == "compressed-tensors" && q.Format == "float-quantized") {
		return nil, fmt.Errorf("%s: is quantised by %.40q (format %.40q), which is not supported; use the checkpoint before it was quantised, or a GGUF file", c.path, q.Method, q.Format)
	}
	tensors, err := (&converter{dir: dir, file: file, config: c, family: f}).tensors()
	if err != nil {
		return nil, err
	}
	factors, err := c.ropeFactors()
	if err != nil {
		return nil, err
	}
	opened, err := m.File(paths(dir, file), append(tensors, factors...), &file.Mapped)
	if err != nil {
		return nil, err
	}
	opened.Path = dir
	return opened, nil
}

// paths returns all files that say what the checkpoint is.
func paths(dir string, file *safetensors.File) []string {
	var out []string
	for _, name := range Beside {
		if path := filepath.Join(dir, name); exists(path) {
			out = append(out, path)
		}
	}
	return slices.Concat(out, file.Paths)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Metadata that carry the tokenizer's own files: TokenizerJSON is the GGUF
// specification's key for a whole tokenizer.json, TokenizerConfig holds
// tokenizer_config.json beside it, SentencePiece a tokenizer.model where there
// is no tokenizer.json.
const (
	TokenizerJSON   = "tokenizer.huggingface.json"
	TokenizerConfig = "tokenizer.huggingface.config"
	SentencePiece   = "tokenizer.sentencepiece.model"
)

// Ends lists the tokens that end generated text, where there are several.
const Ends = "tokenizer.huggingface.eos_token_ids"

const maxTokenizer = 256 << 20 // bytes

// tokenizerFiles adds the tokenizer's files as they are.
func tokenizerFiles(dir string, m *gguf.Metadata) error {
	for _, file := range [][2]string{
		{TokenizerJSON, "tokenizer.json"}, {TokenizerConfig, "tokenizer_config.json"}, {SentencePiece, "tokenizer.model"},
		{"tokenizer.chat_template", templateFile},
	} {
		key, path := file[0], filepath.Join(dir, file[1])
		if !exists(path) || key == SentencePiece && exists(filepath.Join(dir, "tokenizer.json")) {
			continue
		}
		data, err := regular.Read(path, maxTokenizer)
		if err != nil {
			return err
		}
		m.Set(key, string(data))
	}
	return nil
}

// tokenMetadata takes the ids that config.json and generation_config.json name.
// The latter is what decides where generated text ends.
func (c *config) tokenMetadata(dir string, m *gguf.Metadata) error {
	var g struct {
		BOS json.RawMessage `json:"bos_token_id"`
		EOS json.RawMessage `json:"eos_token_id"`
	}
	if err := readOptional(filepath.Join(dir, "generation_config.json"), &g); err != nil {
		return err
	}
	if ids := c.ids(c.BOS, g.BOS); len(ids) > 0 {
		m.Set("tokenizer.ggml.bos_token_id", ids[0])
	}
	ends := c.ids(g.EOS, c.EOS)
	if ids := c.ids(c.EOS, g.EOS); len(ids) > 0 {
		m.Set("tokenizer.ggml.eos_token_id", ids[0])
	}
	if len(ends) > 1 {
		m.Set(Ends, ends)
	}
	return nil
}

// ids takes the tokens of the first that names any: an id, or a list of them.
func (c *config) ids(from ...json.RawMessage) []int32 {
	for _, raw := range from {
		var one, several = int32(-1), []int32(nil)
		if json.Unmarshal(raw, &one) == nil {
			several = []int32{one}
		} else if json.Unmarshal(raw, &several) != nil {
			continue
		}
		several = slices.DeleteFunc(several, func(id int32) bool { return id < 0 || int(id) >= c.Vocab })
		if len(several) > 0 {
			return several
		}
	}
	return nil
}

func readOptional(path string, v any) error {
	if !exists(path) {
		return nil
	}
	return readJSON(path, v)
}

func readJSON(path string, v any) error {
	data, err := regular.Read(path, maxConfig)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, quote.Error(err))
	}
	return nil
}
