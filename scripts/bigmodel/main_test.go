package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/tokenizer"
	"github.com/llamaeval/llamaeval/runner"
)

// A small shape of each type: the same seed gives the same bytes, the file is
// one that the program opens, its weights have the deviation they should.
func TestWrite(t *testing.T) {
	vocabulary, err := gguf.Open(tinymodel.New(t, tinymodel.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	defer vocabulary.Close()
	want, err := tokenizer.FromGGUF(vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range types {
		file := func(seed uint64) string {
			metadata, err := tokenizerOf(vocabulary)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "m.gguf")
			if err := write(path, shape{layers: 2, heads: 8, kvHeads: 4, headDim: 32, ffn: 256, context: 512}, kind, seed, metadata); err != nil {
				t.Fatal(err)
			}
			return path
		}
		path := file(1)
		if read(t, path) != read(t, file(1)) || read(t, path) == read(t, file(2)) {
			t.Errorf("%v: the bytes do not follow from the seed", kind)
		}
		l, err := runner.OpenLocal(path, runner.LocalOptions{Mode: "exact", Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		if l.Tokenizer.Hash() != want.Hash() {
			t.Errorf("%v: another tokenizer", kind)
		}
		tensor, _ := l.Model.File().Tensor("blk.1.ffn_down.weight")
		if got := deviation(t, tensor); math.Abs(got*16-1) > 0.1 {
			t.Errorf("%v: ffn_down deviates by %v, want 1/16", kind, got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func read(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func deviation(t *testing.T, tensor gguf.Tensor) float64 {
	w := make([]float32, tensor.Elements())
	if err := quant.Dequantize(w, tensor.Type, tensor.Data); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range w {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(w)))
}

func TestRunRefuses(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.gguf")
	for want, err := range map[string]error{
		"-shape":     run("8b", "Q4_0", 1, "x", out),
		"-type":      run("7b", "Q5_0", 1, "x", out),
		"-tokenizer": run("7b", "Q4_0", 1, "", out),
		"absent":     run("7b", "Q4_0", 1, "absent.gguf", out),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused run left a file")
	}
}
