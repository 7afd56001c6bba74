package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

// A checkpoint that cannot be run is refused in one line that says what is
// missing and what to do.
func TestUnsupportedCheckpoints(t *testing.T) {
	t.Setenv("LLAMAEVAL_CACHE", t.TempDir())
	const shape = `"hidden_size":32,"intermediate_size":48,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":16,"max_position_embeddings":64`
	const served = "--model openai:http://HOST:PORT/v1#NAME"
	folder := func(config string) map[string]string {
		return map[string]string{"config.json": config, "model.safetensors": "\x02\x00\x00\x00\x00\x00\x00\x00{}"}
	}
	file := func(key string, value any) map[string]string {
		data, err := tinymodel.Bytes(tinymodel.Options{Metadata: map[string]any{key: value}})
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"m.gguf": string(data)}
	}
	for name, c := range map[string]struct {
		files map[string]string
		open  string // in the folder
		want  []string
	}{
		"AWQ":            {folder(`{"model_type":"llama",` + shape + `,"quantization_config":{"quant_method":"awq"}}`), "", []string{`quantised by "awq"`, "before it was quantised", "GGUF"}},
		"GPTQ":           {folder(`{"model_type":"llama",` + shape + `,"quantization_config":{"quant_method":"gptq","bits":4}}`), "", []string{`quantised by "gptq"`, "before it was quantised", "GGUF"}},
		"bitsandbytes":   {folder(`{"model_type":"llama",` + shape + `,"quantization_config":{"load_in_4bit":true,"quant_method":"bitsandbytes"}}`), "", []string{`"bitsandbytes"`, "before it was quantised"}},
		"experts":        {folder(`{"model_type":"mixtral"}`), "", []string{"mixture of experts", served, "supported are: ernie4_5, gemma"}},
		"Mamba":          {folder(`{"model_type":"falcon_mamba"}`), "", []string{"recurrent state", served}},
		"vision":         {folder(`{"model_type":"qwen2_5_vl"}`), "", []string{"a tower for images", "GGUF file holds the language model", served}},
		"T5":             {folder(`{"model_type":"t5"}`), "", []string{"an encoder beside the decoder", "choose"}},
		"BERT":           {folder(`{"model_type":"bert"}`), "", []string{"no next token's probability", "choose"}},
		"GPT-2":          {folder(`{"model_type":"gpt2"}`), "", []string{"layer normalisation with a mean", served}},
		"granite":        {folder(`{"model_type":"granite"}`), "", []string{"differ from Llama's", served}},
		"never heard of": {folder(`{"model_type":"brandnew"}`), "", []string{`"brandnew" is not supported`, served}},
		"no type":        {folder(`{}`), "", []string{`model_type "" is not supported`}},
		"pickles":        {map[string]string{"config.json": "{}", "pytorch_model.bin": "PK\x03\x04"}, "", []string{"may run code", "save them as safetensors"}},
		"Meta's own":     {map[string]string{"params.json": "{}", "consolidated.00.pth": "PK\x03\x04"}, "", []string{"may run code", "convert them to GGUF"}},
		"LoRA":           {map[string]string{"adapter_config.json": "{}", "adapter_model.safetensors": ""}, "", []string{"an adapter (LoRA)", "merge it into its model"}},
		"ONNX":           {map[string]string{"config.json": "{}", "model.onnx": ""}, "", []string{"take the same model as safetensors or GGUF"}},
		"empty folder":   {map[string]string{"readme": ""}, "", []string{"name a file or another folder"}},
		"a pickle":       {map[string]string{"m.pth": "PK\x03\x04aaaa"}, "m.pth", []string{"not a GGUF checkpoint", "may run code"}},
		"GGML":           {map[string]string{"m.bin": "tjggaaaaaaaaaaa"}, "m.bin", []string{"before GGUF: convert the original again"}},
		"LFS pointer":    {map[string]string{"m.gguf": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"}, "", []string{"pointer of Git LFS", "git lfs pull"}},
		"web page":       {map[string]string{"m.gguf": "<!DOCTYPE html><html></html>"}, "", []string{"a web page"}},

		"GGUF experts":    {file("llama.expert_count", uint32(8)), "", []string{"llama.expert_count asks for a mixture of experts"}},
		"GGUF MoE family": {file("general.architecture", "qwen3moe"), "", []string{"mixture of experts", served}},
		"GGUF Mamba":      {file("general.architecture", "mamba"), "", []string{"recurrent state", served}},
		"GGUF projector":  {file("general.type", "mmproj"), "", []string{"name the language model's file"}},
		"GGUF adapter":    {file("general.type", "adapter"), "", []string{"merge the adapter into its model"}},
		"GGUF unigram":    {file("tokenizer.ggml.model", "t5"), "", []string{"unigram", "only gpt2 (byte-level BPE) and llama (SentencePiece BPE) are read; choose"}},
		"GGUF WordPiece":  {file("tokenizer.ggml.model", "bert"), "", []string{`"bert"`}},
		"GGUF words":      {file("tokenizer.ggml.pre", "smolm"), "", []string{`"smolm" is not known (did you mean smollm?)`, "try tokenizer.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, code := tryRun(t, "run", "--model", filepath.Join(dir, c.open), "--task", "piqa", "--sample", "--limit", "1", "--out", filepath.Join(dir, "out"), "--quiet")
			if code != exitFailed || strings.Count(strings.TrimSpace(out), "\n") > 0 || len(out) > 700 {
				t.Errorf("exit %d, %q", code, out)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in %s", want, out)
				}
			}
		})
	}
}
