package gguf_test

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/gguf/gguftest"
)

// sample returns a file with every kind of metadata and three tensors.
func sample() []byte {
	var b gguftest.Builder
	b.Set("general.architecture", "llama")
	b.Set("u8", uint8(200)).Set("i8", int8(-3)).Set("u16", uint16(60000)).Set("i16", int16(-300))
	b.Set("u32", uint32(math.MaxUint32)).Set("i32", int32(-7)).Set("u64", uint64(math.MaxUint64)).Set("i64", int64(-9))
	b.Set("f32", float32(0.1)).Set("f64", 1e-5).Set("yes", true).Set("no", false).Set("empty", "")
	b.Set("strings", []string{"", "é", "x\x00y"}).Set("ints", []int32{-1, 2}).Set("floats", []float32{0.5})
	b.Set("none", []string{})
	b.F32("norm", []int{3}, []float32{1, 2, 3})
	b.Tensor("weight", quant.Q4_1, []int{64, 2}, make([]byte, 80))
	b.Tensor("half", quant.F16, []int{2, 2, 3}, make([]byte, 24))
	return b.Bytes()
}

func parse(t *testing.T, data []byte) *gguf.File {
	t.Helper()
	f, err := gguf.Parse("x.gguf", data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTensors(t *testing.T) {
	f := parse(t, sample())
	var got []string
	for _, x := range f.Tensors() {
		got = append(got, x.Name)
	}
	if diff := cmp.Diff([]string{"norm", "weight", "half"}, got); diff != "" {
		t.Error(diff)
	}
	w, ok := f.Tensor("weight")
	if !ok || w.Type != quant.Q4_1 || len(w.Data) != 80 || w.Elements() != 128 || w.Rows() != 2 {
		t.Errorf("weight is %+v", w)
	}
	if diff := cmp.Diff([]int{64, 2}, w.Shape); diff != "" {
		t.Error(diff)
	}
	norm, _ := f.Tensor("norm")
	values := make([]float32, 3)
	if err := quant.Dequantize(values, norm.Type, norm.Data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float32{1, 2, 3}, values); diff != "" {
		t.Error(diff)
	}
	if _, ok := f.Tensor("nothing"); ok {
		t.Error("a tensor that is not there was found")
	}
}

func TestIntegers(t *testing.T) {
	f := parse(t, sample())
	for _, c := range []struct {
		key    string
		i      int64
		isInt  bool
		u      uint64
		isUint bool
	}{
		{"u8", 200, true, 200, true}, {"i8", -3, true, 0, false},
		{"u16", 60000, true, 60000, true}, {"i16", -300, true, 0, false},
		{"u32", math.MaxUint32, true, math.MaxUint32, true}, {"i32", -7, true, 0, false},
		{"u64", 0, false, math.MaxUint64, true}, {"i64", -9, true, 0, false},
		{"f32", 0, false, 0, false}, {"yes", 0, false, 0, false}, {"ints", 0, false, 0, false},
		{"absent", 0, false, 0, false},
	} {
		if i, ok := f.Int(c.key); i != c.i || ok != c.isInt {
			t.Errorf("Int(%s) = %d, %v", c.key, i, ok)
		}
		if u, ok := f.Uint(c.key); u != c.u || ok != c.isUint {
			t.Errorf("Uint(%s) = %d, %v", c.key, u, ok)
		}
	}
}

func TestBools(t *testing.T) {
	f := parse(t, (&gguftest.Builder{}).Set("bools", []bool{true, false}).Set("ints", []int32{1}).Bytes())
	if got, ok := f.Bools("bools"); !ok || !slices.Equal(got, []bool{true, false}) {
		t.Errorf("bools are %v, %v", got, ok)
	}
	if got, ok := f.Bools("ints"); ok {
		t.Errorf("integers are %v", got)
	}
}

func TestOtherValues(t *testing.T) {
	f := parse(t, sample())
	type result struct {
		Value any
		OK    bool
	}
	as := func(v any, ok bool) result { return result{v, ok} }
	b2 := func(v bool, ok bool) result { return as(v, ok) }
	fl := func(v float64, ok bool) result { return as(v, ok) }
	st := func(v string, ok bool) result { return as(v, ok) }
	ss := func(v []string, ok bool) result { return as(v, ok) }
	is := func(v []int64, ok bool) result { return as(v, ok) }
	fs := func(v []float64, ok bool) result { return as(v, ok) }
	for name, c := range map[string]struct{ got, want result }{
		"true":               {b2(f.Bool("yes")), as(true, true)},
		"false":              {b2(f.Bool("no")), as(false, true)},
		"bool of int":        {b2(f.Bool("u8")), as(false, false)},
		"bool absent":        {b2(f.Bool("absent")), as(false, false)},
		"float32":            {fl(f.Float("f32")), as(float64(float32(0.1)), true)},
		"float64":            {fl(f.Float("f64")), as(1e-5, true)},
		"float of int":       {fl(f.Float("u8")), as(0.0, false)},
		"string":             {st(f.String("general.architecture")), as("llama", true)},
		"empty string":       {st(f.String("empty")), as("", true)},
		"string of int":      {st(f.String("u8")), as("", false)},
		"string absent":      {st(f.String("absent")), as("", false)},
		"strings":            {ss(f.Strings("strings")), as([]string{"", "é", "x\x00y"}, true)},
		"no strings":         {ss(f.Strings("none")), as([]string{}, true)},
		"strings of ints":    {ss(f.Strings("ints")), as([]string(nil), false)},
		"strings of string":  {ss(f.Strings("empty")), as([]string(nil), false)},
		"ints":               {is(f.Ints("ints")), as([]int64{-1, 2}, true)},
		"ints of floats":     {is(f.Ints("floats")), as([]int64(nil), false)},
		"floats":             {fs(f.Floats("floats")), as([]float64{0.5}, true)},
		"floats of integers": {fs(f.Floats("ints")), as([]float64(nil), false)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if f.Architecture() != "llama" || len(f.Keys()) != 18 || f.Keys()[1] != "u8" {
		t.Errorf("architecture %q, keys %q", f.Architecture(), f.Keys())
	}
}

func TestOpenAndClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.gguf")
	if err := os.WriteFile(path, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Path != path || f.Version != 3 || len(f.Paths()) != 1 || f.Paths()[0] != path {
		t.Errorf("path %s, version %d, files %v", f.Path, f.Version, f.Paths())
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, ok := f.Strings("strings"); ok {
		t.Error("an array was read from a closed file")
	}
	if s, ok := f.String("general.architecture"); !ok || s != "llama" {
		t.Error("strings do not outlive the mapping")
	}
}

func TestHash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.gguf")
	if err := os.WriteFile(path, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := gguf.Hash(path)
	want := sha256.Sum256(sample())
	if err != nil || got != hex.EncodeToString(want[:]) {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := gguf.Hash(path + "x"); err == nil {
		t.Error("hash of a missing file")
	}
}

func TestRealModel(t *testing.T) {
	f, err := gguf.Open(sharedtest.Model(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tokens, _ := f.Strings("tokenizer.ggml.tokens")
	if len(tokens) != 49152 || len(f.Tensors()) != 272 || f.Architecture() != "llama" {
		t.Errorf("%d tokens, %d tensors, architecture %q", len(tokens), len(f.Tensors()), f.Architecture())
	}
	parameters := 0
	for _, x := range f.Tensors() {
		parameters += x.Elements()
	}
	if parameters != 134_515_008 {
		t.Errorf("%d parameters", parameters)
	}
}

func BenchmarkOpen(b *testing.B) {
	path := sharedtest.Model(b)
	for b.Loop() {
		f, err := gguf.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
