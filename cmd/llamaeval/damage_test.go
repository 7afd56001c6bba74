package main

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/model/hf/hftest"
)

// A split checkpoint, by any of its parts, gives the samples of the single file
// and the same quantised file.
func TestSplitCheckpoint(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LLAMAEVAL_CACHE", dir)
	o := tinymodel.Options{Seed: 1, Layers: 3, Context: 4096}
	single := filepath.Join(dir, "single.gguf")
	if err := tinymodel.Write(single, o); err != nil {
		t.Fatal(err)
	}
	parts, err := tinymodel.Split(dir, "split", 3, o)
	if err != nil {
		t.Fatal(err)
	}
	want := scored(t, single)
	for _, part := range []string{parts[0], parts[2]} {
		if diff := cmp.Diff(want, scored(t, part)); diff != "" {
			t.Errorf("%s: %s", filepath.Base(part), diff)
		}
	}
	var made [2][]byte
	for i, from := range []string{single, parts[1]} {
		out := filepath.Join(t.TempDir(), "q8.gguf")
		mustRun(t, "model", "quantize", from, "--type", "Q8_0", "-o", out, "--quiet")
		if made[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if string(made[0]) != string(made[1]) {
		t.Error("quantised files of the single and the split checkpoint differ")
	}
	if err := os.Rename(parts[1], parts[1]+".away"); err != nil {
		t.Fatal(err)
	}
	wantVerify(t, parts[0], "part 2 of 3", "split-00002-of-00003.gguf", "no such file")
}

// What is wrong with a checkpoint's files is said with the file's or the
// tensor's name.
func TestVerifyFindsDamage(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LLAMAEVAL_CACHE", dir)
	bad := filepath.Join(dir, "nan.gguf")
	if err := tinymodel.Write(bad, tinymodel.Options{Edit: func(x *tinymodel.Tensor) {
		switch x.Name {
		case "blk.0.ffn_up.weight":
			binary.LittleEndian.PutUint32(x.Data[400:], math.Float32bits(float32(math.NaN())))
			binary.LittleEndian.PutUint32(x.Data[800:], math.Float32bits(float32(math.Inf(-1))))
		case "blk.1.attn_norm.weight":
			binary.LittleEndian.PutUint32(x.Data, math.Float32bits(float32(math.Inf(1))))
		}
	}}); err != nil {
		t.Fatal(err)
	}
	wantVerify(t, bad, `2 of 4 checks failed`, `blk.0.ffn_up.weight: 1 NaN, 1 infinite`, `blk.1.attn_norm.weight: 0 NaN, 1 infinite`)

	parts, err := tinymodel.Split(dir, "cut", 2, tinymodel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(parts[1], 100_000); err != nil {
		t.Fatal(err)
	}
	wantVerify(t, parts[0], "part 2 of 2", "cut-00002-of-00002.gguf", "is cut short or damaged")

	folder := shardedFolder(t)
	wantVerify(t, folder, "1 of 6 checks failed: tokenizer", "has no tokenizer") // the rest is well
	shard := filepath.Join(folder, "model-00002-of-00002.safetensors")
	info, err := os.Stat(shard)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(shard, info.Size()-1); err != nil {
		t.Fatal(err)
	}
	wantVerify(t, folder, "shard 2 of 2", "model-00002-of-00002.safetensors", "is cut short or damaged")
	if err := os.Remove(shard); err != nil {
		t.Fatal(err)
	}
	wantVerify(t, folder, "shard 2 of 2", "model-00002-of-00002.safetensors", "no such file")
}

// wantVerify wants `model verify` to fail and its last line to say all of this.
func wantVerify(t *testing.T, path string, want ...string) {
	t.Helper()
	out, code := tryRun(t, "model", "verify", path, "--quiet")
	if code != exitFailed {
		t.Errorf("%s: exit %d", path, code)
	}
	last := out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]
	for _, w := range want {
		if !strings.Contains(last, w) {
			t.Errorf("%s: %q is not in %q", filepath.Base(path), w, last)
		}
	}
}

// shardedFolder is a folder as transformers writes it, of two shards.
func shardedFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const width, ffn, vocab = 32, 48, 16
	shards := [2]map[string]hftest.Tensor{{}, {}}
	where := map[string]string{}
	add := func(shard int, name string, shape ...int) {
		n := 4
		for _, d := range shape {
			n *= d
		}
		shards[shard][name] = hftest.Tensor{DType: "F32", Shape: shape, Data: make([]byte, n)}
		where[name] = shardNames[shard]
	}
	add(0, "model.embed_tokens.weight", vocab, width)
	add(0, "model.norm.weight", width)
	for _, name := range []string{"input_layernorm", "post_attention_layernorm"} {
		add(1, "model.layers.0."+name+".weight", width)
	}
	for _, name := range []string{"q", "k", "v", "o"} {
		add(1, "model.layers.0.self_attn."+name+"_proj.weight", width, width)
	}
	add(1, "model.layers.0.mlp.gate_proj.weight", ffn, width)
	add(1, "model.layers.0.mlp.up_proj.weight", ffn, width)
	add(1, "model.layers.0.mlp.down_proj.weight", width, ffn)
	files := map[string]any{
		"config.json": map[string]any{
			"model_type": "llama", "hidden_size": width, "intermediate_size": ffn, "num_hidden_layers": 1, "num_attention_heads": 2,
			"vocab_size": vocab, "max_position_embeddings": 64, "tie_word_embeddings": true,
		},
		"model.safetensors.index.json": map[string]any{"weight_map": where},
	}
	for name, v := range files {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), text)
	}
	for i, name := range shardNames {
		write(t, filepath.Join(dir, name), hftest.File(shards[i]))
	}
	return dir
}

var shardNames = [2]string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
