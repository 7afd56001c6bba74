package hf

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/bounded"
)

func TestFolderName(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for dir, want := range map[string]string{
		"/models/tiny":              "tiny",
		"/models/abc":               "abc", // no commit
		"/cache/org/tiny/" + commit: "tiny",
		"/hub/models--org--tiny-1--x/snapshots/" + commit: "x",
		"/hub/models--tiny/snapshots/" + commit:           "tiny",
	} {
		if got := folderName(filepath.FromSlash(dir)); got != want {
			t.Errorf("%s: got %s, want %s", dir, got, want)
		}
	}
}

// FuzzConfig reads configurations beside a few tensors: none may do more than
// be refused in one line.
func FuzzConfig(f *testing.F) {
	const shape = `"hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":4,"max_position_embeddings":9`
	f.Add(`{"model_type":"llama",` + shape + `,"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":64}}`)
	f.Add(`{"model_type":"gemma2",` + shape + `,"head_dim":4,"sliding_window":3,"quantization_config":{"quant_method":"fp8","weight_block_size":[4,32]}}`)
	f.Add(`{"model_type":"qwen3",` + shape + `,"rope_parameters":{"rope_type":"yarn","factor":4},"eos_token_id":[1,2]}`)
	tensors := map[string]any{}
	var data []byte
	add := func(name, kind string, size int, shape ...int) {
		tensors[name] = map[string]any{"dtype": kind, "shape": shape, "data_offsets": []int{len(data), len(data) + size}}
		data = append(data, make([]byte, size)...)
	}
	add("model.norm.weight", "BF16", 16, 8)
	add("model.layers.0.self_attn.q_proj.weight", "F32", 256, 8, 8)
	add("model.layers.0.mlp.up_proj.weight", "F8_E4M3", 512, 8, 64)
	add("model.layers.0.mlp.up_proj.weight_scale", "F32", 16, 2, 2)
	header, err := json.Marshal(tensors)
	if err != nil {
		f.Fatal(err)
	}
	file := append([]byte{byte(len(header)), byte(len(header) >> 8), 0, 0, 0, 0, 0, 0}, header...)
	file = append(file, data...)
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), file, 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		bounded.Run(t, 256<<20, func() {
			opened, err := Open(dir)
			if err == nil {
				err = opened.Close()
			}
			if err != nil {
				bounded.Error(t, err)
			}
		})
	})
}
