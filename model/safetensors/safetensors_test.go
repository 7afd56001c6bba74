package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/internal/peer"
)

// file builds a file of a header and data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for i := range data {
		b = append(b, byte(i))
	}
	return b
}

func TestParse(t *testing.T) {
	got, err := Parse("x", file(`{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"none":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]}}   `, 16))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{
		{"b", "BF16", []int{2, 3}, []byte{4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
		{"a", "F32", []int{}, []byte{0, 1, 2, 3}},
		{"none", "F32", []int{0, 3}, []byte{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "is not a safetensors checkpoint: 0 bytes"},
		"long header":   {binary.LittleEndian.AppendUint64(nil, 1<<62), "cut short"},
		"no object":     {file("[]", 0), "is not a safetensors checkpoint"},
		"broken":        {file(`{"a":`, 0), "header"},
		"behind":        {file(`{} x`, 0), "follow the JSON object"},
		"twice":         {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "occurs twice"},
		"type":          {file(`{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}`, 1), `unknown type "F4"`},
		"negative":      {file(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1), "tensor"},
		"huge":          {file(`{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,1]}}`, 1), "larger than the file"},
		"huge and none": {file(`{"a":{"dtype":"U8","shape":[0,18446744073709551615],"data_offsets":[0,0]}}`, 0), "is empty"},
		"dimensions":    {file(`{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}`, 1), "9 dimensions"},
		"outside":       {file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1), "larger than the file"},
		"backwards":     {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1), "offsets 1 to 0"},
		"size":          {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,2]}}`, 2), "want 1 bytes"},
		"overlap":       {file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), "overlap"},
		"gap":           {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "leave a gap"},
		"rest":          {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2), "take 1 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse("x", c.data); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSharded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [1]") // no pattern
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	one := file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"old":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2)
	two := file(`{"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2)
	write(t, dir, "m-1.safetensors", one)
	if f, err := Open(dir); err != nil || len(f.Tensors()) != 2 {
		t.Fatalf("a single file of another name: %v", err)
	} else {
		f.Close()
	}
	write(t, dir, "m-2.safetensors", two)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "2 .safetensors files") {
		t.Errorf("two files without an index: %v", err)
	}
	write(t, dir, IndexFile, []byte(`{"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}`))
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Tensor("old"); ok || len(f.Tensors()) != 2 || len(f.Paths) != 3 {
		t.Errorf("tensors %v of %v", f.Tensors(), f.Paths)
	}
	if b, ok := f.Tensor("b"); !ok || len(b.Data) != 2 {
		t.Errorf("b is %v", b)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for index, want := range map[string]string{
		`{"weight_map":{"a":"../m-1.safetensors"}}`: "not the name of a file beside it",
		`{"weight_map":{"a":"m-2.safetensors"}}`:    `has no tensor "a"`,
		`{"weight_map":{"a":"m-3.safetensors"}}`:    "shard 1 of 1: cannot open",
		`{"weight_map":{}}`:                         "no index",
		`{`:                                         "no index",
		`{"weight_map":{"a":"m-1.safetensors","b":"m-1.safetensors/../x"}}`: "not the name",
	} {
		write(t, dir, IndexFile, []byte(index))
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", index, err, want)
		}
	}
}

// The format's own package writes what Open reads.
func TestWrittenByPython(t *testing.T) {
	dir := t.TempDir()
	const script = `
import json, sys, numpy as np
from safetensors.numpy import save_file
rng = np.random.default_rng(3)
tensors = {"b.weight": rng.random((3, 5), np.float32), "a": rng.random(4).astype(np.float16), "i": np.arange(3)}
save_file(tensors, sys.argv[1] + "/model.safetensors", metadata={"format": "pt"})
print(json.dumps({k: [list(v.shape), list(v.tobytes())] for k, v in tensors.items()}))`
	var want map[string][2][]int
	if err := json.Unmarshal(peer.Python(t, script, nil, dir), &want); err != nil {
		t.Fatal(err)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if len(f.Tensors()) != len(want) {
		t.Errorf("%d tensors, want %d", len(f.Tensors()), len(want))
	}
	for name, w := range want {
		x, ok := f.Tensor(name)
		data := make([]int, len(x.Data))
		for i, b := range x.Data {
			data[i] = int(b)
		}
		if !ok || !cmp.Equal(x.Shape, w[0]) || !cmp.Equal(data, w[1]) {
			t.Errorf("%s: shape %v, want %v", name, x.Shape, w[0])
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F16","shape":[1,1],"data_offsets":[2,4]}}`, 4))
	f.Add(file(`{"__metadata__":{"a":"b"}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 64<<20, func() {
			tensors, err := Parse("x", data)
			if err != nil {
				bounded.Error(t, err)
				return
			}
			total := 0
			for _, x := range tensors {
				n := dtypeBits[x.DType] / 8
				for _, d := range x.Shape {
					n *= d
				}
				if n != len(x.Data) {
					t.Errorf("%v: %d bytes", x, n)
				}
				total += n
			}
			if total > len(data) {
				t.Error("more data than bytes")
			}
		})
	})
}
