package checkpoint

import (
	"fmt"

	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/hf"
	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// Tokenizer returns the tokenizer of an open checkpoint: that of GGUF's own
// metadata, else of the tokenizer.json or tokenizer.model that it carries.
func Tokenizer(f *gguf.File) (*tokenizer.Tokenizer, error) {
	if _, ok := f.String("tokenizer.ggml.model"); ok {
		return tokenizer.FromGGUF(f)
	}
	c, err := tokenizerConfig(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	var t *tokenizer.Tokenizer
	if text, ok := f.String(hf.TokenizerJSON); ok {
		t, err = tokenizer.FromJSON([]byte(text), c)
	} else if text, ok := f.String(hf.SentencePiece); ok {
		t, err = tokenizer.FromSentencePiece([]byte(text), c)
	} else {
		return nil, fmt.Errorf("%s: has no tokenizer: neither tokenizer.ggml.model in a GGUF file nor a tokenizer.json or tokenizer.model beside config.json", f.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return t, nil
}

// tokenizerConfig is what the files beside the tokenizer's own say.
func tokenizerConfig(f *gguf.File) (tokenizer.Config, error) {
	var c tokenizer.Config
	if text, ok := f.String(hf.TokenizerConfig); ok {
		var err error
		if c, err = tokenizer.ReadConfig([]byte(text)); err != nil {
			return c, err
		}
	}
	c.BOSID, c.EOSID = id(f, "tokenizer.ggml.bos_token_id"), id(f, "tokenizer.ggml.eos_token_id")
	ends, _ := f.Ints(hf.Ends)
	for _, end := range ends {
		c.Ends = append(c.Ends, int32(end))
	}
	if template, ok := f.String("tokenizer.chat_template"); ok {
		c.ChatTemplate = template
	}
	return c, nil
}

func id(f *gguf.File, key string) *int32 {
	n, ok := f.Int(key)
	if !ok || n != int64(int32(n)) {
		return nil
	}
	out := int32(n)
	return &out
}
