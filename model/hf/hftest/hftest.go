// Package hftest writes small checkpoints in transformers' layout for tests.
package hftest

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Tensor is one entry of a safetensors file.
type Tensor struct {
	DType string
	Shape []int
	Data  []byte
}

// File returns a safetensors file, tensors in the order of their names.
func File(tensors map[string]Tensor) []byte {
	header, offset := map[string]any{}, 0
	var body []byte
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		header[name] = map[string]any{"dtype": t.DType, "shape": t.Shape, "data_offsets": []int{offset, offset + len(t.Data)}}
		offset += len(t.Data)
		body = append(body, t.Data...)
	}
	text, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(out, text...), body...)
}

// Write writes a checkpoint of one file into dir.
func Write(t testing.TB, dir string, config map[string]any, tensors map[string]Tensor) {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"config.json": text, "model.safetensors": File(tensors)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
