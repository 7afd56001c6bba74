package gguf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/internal/peer"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/gguf/gguftest"
)

// written is a copy of the sample with an entry more, as Write makes it.
func written(t *testing.T) []byte {
	t.Helper()
	f := parse(t, sample())
	var m gguf.Metadata
	m.Copy(f, func(key string) bool { return key != "no" })
	m.Set("added", []string{"a", ""})
	var out bytes.Buffer
	tensors := f.Tensors()
	tensors[1].Data = nil
	err := gguf.Write(&out, &m, tensors, func(x gguf.Tensor) ([]byte, error) {
		old, _ := f.Tensor(x.Name)
		return old.Data, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWrite(t *testing.T) {
	old, f := parse(t, sample()), parse(t, written(t))
	if diff := cmp.Diff(old.Tensors(), f.Tensors()); diff != "" {
		t.Error(diff)
	}
	if _, ok := f.Bool("no"); ok {
		t.Error("a key that was to be left out is there")
	}
	if added, _ := f.Strings("added"); len(added) != 2 {
		t.Errorf("added is %q", added)
	}
	for _, key := range []string{"strings", "none"} {
		want, _ := old.Strings(key)
		if got, ok := f.Strings(key); !ok || !cmp.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if len(f.Keys()) != len(old.Keys()) {
		t.Errorf("keys are %v", f.Keys())
	}
}

func TestWriteChecksSizes(t *testing.T) {
	var m gguf.Metadata
	short := []gguf.Tensor{{Name: "x", Type: quant.F32, Shape: []int{3}, Data: make([]byte, 8)}}
	if err := gguf.Write(&bytes.Buffer{}, &m, short, nil); err == nil {
		t.Error("8 bytes are taken for 3 floats")
	}
}

// The format's own package reads what Write wrote.
func TestWrittenFileInPython(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gguf")
	if err := os.WriteFile(path, written(t), 0o644); err != nil {
		t.Fatal(err)
	}
	const script = `
import gguf, json, sys
r = gguf.GGUFReader(sys.argv[1])
print(json.dumps({
    "fields": {k: f.contents() for k, f in r.fields.items() if not k.startswith("GGUF.")},
    "tensors": [[t.name, t.tensor_type.name, [int(n) for n in t.shape], t.data.tobytes().hex()] for t in r.tensors],
}))`
	var got struct {
		Fields  map[string]any
		Tensors [][4]any
	}
	if err := json.Unmarshal(peer.Python(t, script, nil, path), &got); err != nil {
		t.Fatal(err)
	}
	if got.Fields["i8"] != -3.0 || got.Fields["yes"] != true || !cmp.Equal(got.Fields["added"], []any{"a", ""}) {
		t.Errorf("fields are %v", got.Fields)
	}
	f := parse(t, sample())
	if len(got.Fields) != len(f.Keys()) || len(got.Tensors) != 3 {
		t.Errorf("%d fields, %d tensors", len(got.Fields), len(got.Tensors))
	}
	for i, x := range f.Tensors() {
		var shape []any
		for _, n := range x.Shape {
			shape = append(shape, float64(n))
		}
		want := [4]any{x.Name, x.Type.String(), shape, fmt.Sprintf("%x", x.Data)}
		if diff := cmp.Diff(want, got.Tensors[i]); diff != "" {
			t.Error(diff)
		}
	}
}

// part writes part i of n and returns its path.
func part(t *testing.T, dir string, i, n, no, count int, tensor string) string {
	t.Helper()
	var b gguftest.Builder
	if i == 1 {
		b.Set("general.architecture", "llama").Set("split.tensors.count", int32(2))
	}
	b.Set("split.no", uint16(no)).Set("split.count", uint16(count))
	b.F32(tensor, []int{2}, []float32{float32(i), 0})
	path := filepath.Join(dir, fmt.Sprintf("m-%05d-of-%05d.gguf", i, n))
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSplit(t *testing.T) {
	dir := t.TempDir()
	first, second := part(t, dir, 1, 2, 0, 2, "a"), part(t, dir, 2, 2, 1, 2, "b")
	for _, path := range []string{first, second} {
		f, err := gguf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := f.Tensor("a")
		b, ok := f.Tensor("b")
		if !ok || len(f.Tensors()) != 2 || a.Data[3] != 0x3f || b.Data[3] != 0x40 || f.Architecture() != "llama" {
			t.Errorf("%s: tensors %v", path, f.Tensors())
		}
		if diff := cmp.Diff([]string{first, second}, f.Paths()); diff != "" {
			t.Error(diff)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		make func(dir string) string
		want string
	}{
		"missing part":  {func(dir string) string { return part(t, dir, 1, 2, 0, 2, "a") }, "part 2 of 2: cannot open"},
		"wrong number":  {func(dir string) string { part(t, dir, 2, 2, 0, 2, "b"); return part(t, dir, 1, 2, 0, 2, "a") }, "says that it is part 1 of 2"},
		"wrong count":   {func(dir string) string { part(t, dir, 2, 2, 1, 3, "b"); return part(t, dir, 1, 2, 0, 2, "a") }, "of 3, its name says"},
		"twice":         {func(dir string) string { part(t, dir, 2, 2, 1, 2, "a"); return part(t, dir, 1, 2, 0, 2, "a") }, "another part"},
		"name":          {func(dir string) string { return part(t, dir, 1, 2, 0, 3, "a") }, "not named so"},
		"number of sum": {func(dir string) string { return part(t, dir, 1, 1, 0, 1, "a") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := gguf.Open(c.make(t.TempDir()))
			switch {
			case err == nil && c.want != "":
				t.Error("no error")
			case err == nil:
				f.Close()
			case !strings.Contains(err.Error(), c.want) || c.want == "":
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHashAll(t *testing.T) {
	dir := t.TempDir()
	a, b := part(t, dir, 1, 2, 0, 2, "a"), part(t, dir, 2, 2, 1, 2, "b")
	one, err := gguf.HashAll([]string{a}, "")
	if plain, _ := gguf.Hash(a); err != nil || one != plain {
		t.Errorf("%s, %v; want %s", one, err, plain)
	}
	both, err := gguf.HashAll([]string{a, b}, "")
	if turned, _ := gguf.HashAll([]string{b, a}, ""); err != nil || both == one || both == turned {
		t.Error("the hash of two files does not tell them apart")
	}
	if _, err := gguf.HashAll([]string{a, a + "x"}, ""); err == nil {
		t.Error("a file that is missing has a hash")
	}
}
