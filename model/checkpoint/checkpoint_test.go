package checkpoint_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/internal/peer"
	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/gguf/gguftest"
)

// compare reads two files with the format's own package, quantises the first's
// matrices and prints where the second differs.
const compare = `
import sys, gguf, numpy as np
source, made = gguf.GGUFReader(sys.argv[1]), gguf.GGUFReader(sys.argv[2])
kind = gguf.GGMLQuantizationType[sys.argv[3]]
for a, b in zip(source.tensors, made.tensors, strict=True):
    wide = gguf.quants.dequantize(a.data, a.tensor_type)
    want = gguf.GGMLQuantizationType.F32 if wide.ndim == 1 else kind
    data = a.data if a.tensor_type == want else gguf.quants.quantize(wide, want)
    if a.name != b.name or b.tensor_type != want or list(a.shape) != list(b.shape) or data.tobytes() != b.data.tobytes():
        print("tensor", a.name, b.name, b.tensor_type)
for key, field in source.fields.items():
    if not key.startswith("GGUF.") and made.fields[key].contents() != field.contents():
        print("key", key)
`

func TestQuantizeMatchesGGUF(t *testing.T) {
	dir := t.TempDir()
	for from, targets := range map[quant.Type][]quant.Type{quant.F32: quant.Targets(), quant.Q8_0: {quant.Q8_0, quant.Q4_1}} {
		source := tinymodel.New(t, tinymodel.Options{Type: from})
		f, err := checkpoint.Open(source)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, to := range targets {
			path := filepath.Join(dir, from.String()+to.String()+".gguf")
			out, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(checkpoint.Quantize(t.Context(), out, f, to), out.Close()); err != nil {
				t.Fatal(err)
			}
			if differs := peer.Python(t, compare, nil, source, path, to.String()); len(differs) > 0 {
				t.Errorf("%v to %v: %s", from, to, differs)
			}
		}
	}
}

func TestQuantizeOddRows(t *testing.T) {
	var b gguftest.Builder
	b.Set("general.architecture", "llama").Set("general.file_type", uint32(1))
	b.F32("odd", []int{3, 2}, []float32{1, 2, 3, 4, 5, 6})
	f, err := gguf.Parse("x", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := checkpoint.Quantize(t.Context(), &out, f, quant.Q4_0); err != nil {
		t.Fatal(err)
	}
	made, err := gguf.Parse("y", out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	x, _ := made.Tensor("odd")
	if kind, _ := made.Uint("general.file_type"); x.Type != quant.F16 || kind != 2 {
		t.Errorf("type %v, file type %d", x.Type, kind)
	}
	if err := checkpoint.Quantize(t.Context(), &out, f, quant.Q6_K); err == nil {
		t.Error("Q6_K is written")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := checkpoint.Quantize(ctx, &out, f, quant.Q8_0); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
}

func TestScan(t *testing.T) {
	nan, infinite := float32(math.NaN()), float32(math.Inf(-1))
	var b gguftest.Builder
	b.F32("good", []int{3}, []float32{1, 0, -math.MaxFloat32})
	b.F32("bad", []int{2, 2}, []float32{nan, 1, infinite, nan})
	half := make([]byte, 34)
	binary.LittleEndian.PutUint16(half, 0x7e00)
	b.Tensor("scale", quant.Q8_0, []int{32}, half)
	f, err := gguf.Parse("x", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got, err := checkpoint.Scan(f)
	if err != nil {
		t.Fatal(err)
	}
	want := []checkpoint.NotNumbers{{Tensor: "bad", NaN: 2, Infinite: 1}, {Tensor: "scale", NaN: 32}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
