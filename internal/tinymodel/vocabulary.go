package tinymodel

import (
	"maps"
	"strings"
)

// The first tokens, as in SmolLM2: end of text and the marks around messages.
var special = []string{"<|endoftext|>", "<|im_start|>", "<|im_end|>"}

// merges join letters in the order of the list; Ġ stands for a space.
var merges = strings.Split("Ġ t|h e|Ġt he|i n|e r|a n|o n|r e|Ġ a|e n|Ġ s|o r|a t|e s|Ġ w|Ġ o|Ġ Ġ|ĠĠ ĠĠ|n d|Ġa nd|in g|Ġ b|o u|Ġ c|l l", "|")

// Special token ids.
const (
	EndOfText = 0
	BOS       = 1
	EOS       = 2
)

// chatTemplate is ChatML.
const chatTemplate = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
	"{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

// vocabulary is the special tokens, one token per byte, and what the merges
// make.
func vocabulary() []string {
	out := append([]string{}, special...)
	for b := range 256 {
		out = append(out, string(byteRune(byte(b))))
	}
	for _, m := range merges {
		out = append(out, strings.Replace(m, " ", "", 1))
	}
	return out
}

// byteRune is GPT-2's printable stand-in for a byte: itself where printable,
// else the code points from 256 on in order.
func byteRune(b byte) rune {
	printable := func(b int) bool { return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae }
	if printable(int(b)) {
		return rune(b)
	}
	n := rune(256)
	for i := range int(b) {
		if !printable(i) {
			n++
		}
	}
	return n
}

func (o Options) metadata() map[string]any {
	tokens := vocabulary()
	for i, token := range o.Tokens {
		tokens[i] = token
	}
	types := make([]int32, len(tokens))
	for i := range types {
		types[i] = 1 // normal
		if i < len(special) {
			types[i] = 3 // control
		}
	}
	arch := o.Architecture + "."
	m := map[string]any{
		"general.architecture":                    o.Architecture,
		"general.name":                            "tiny",
		arch + "block_count":                      uint32(o.Layers),
		arch + "context_length":                   uint32(o.Context),
		arch + "embedding_length":                 uint32(o.Heads * o.HeadDim),
		arch + "feed_forward_length":              uint32(o.FFN),
		arch + "attention.head_count":             uint32(o.Heads),
		arch + "attention.head_count_kv":          uint32(o.KVHeads),
		arch + "attention.layer_norm_rms_epsilon": float32(1e-5),
		arch + "rope.freq_base":                   float32(10000),
		arch + "rope.dimension_count":             uint32(o.HeadDim),
		arch + "vocab_size":                       uint32(len(tokens)),
		"tokenizer.ggml.model":                    "gpt2",
		"tokenizer.ggml.pre":                      "smollm",
		"tokenizer.ggml.tokens":                   tokens,
		"tokenizer.ggml.token_type":               types,
		"tokenizer.ggml.merges":                   merges,
		"tokenizer.ggml.bos_token_id":             uint32(BOS),
		"tokenizer.ggml.eos_token_id":             uint32(EOS),
		"tokenizer.ggml.unknown_token_id":         uint32(EndOfText),
		"tokenizer.ggml.add_bos_token":            false,
		"tokenizer.ggml.add_space_prefix":         false,
		"tokenizer.chat_template":                 chatTemplate,
	}
	maps.Copy(m, o.Metadata)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return m
}
