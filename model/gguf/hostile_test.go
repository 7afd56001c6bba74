package gguf_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/gguf/gguftest"
)

// raw concatenates little-endian integers, strings without a length and
// length-prefixed strings (str).
func raw(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int: // counts, lengths, dimensions, offsets
			b = binary.LittleEndian.AppendUint64(b, uint64(p))
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, p)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, p)
		case str:
			b = append(binary.LittleEndian.AppendUint64(b, uint64(len(p))), p...)
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		default:
			panic(p)
		}
	}
	return b
}

type str string

func header(tensors, pairs any) []byte { return raw("GGUF", uint32(3), tensors, pairs) }

// tensors returns a file of the given tensors, 256 bytes of data behind them.
func tensors(entries ...[]byte) []byte {
	b := header(len(entries), 0)
	for _, e := range entries {
		b = append(b, e...)
	}
	b = append(b, make([]byte, (32-len(b)%32)%32)...)
	return append(b, make([]byte, 256)...)
}

func f32(name string, offset any, dims ...any) []byte {
	return raw(str(name), uint32(len(dims)), raw(dims...), uint32(quant.F32), offset)
}

func TestHostileFiles(t *testing.T) {
	padding := make([]byte, 1000)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":           {nil, "not a GGUF"},
		"magic only":      {[]byte("GGUF"), "ends within the header"},
		"noise":           {[]byte("\x00\xff\n noise"), "not a GGUF"},
		"version 1":       {raw("GGUF", uint32(1), padding), "version 1"},
		"version 99":      {raw("GGUF", uint32(99), padding), "version 99"},
		"big-endian":      {raw("GGUF", uint32(3<<24), padding), "big-endian"},
		"many tensors":    {raw(header(uint64(1<<62), 0), padding), "claims 4611686018427387904 tensors"},
		"many pairs":      {raw(header(0, uint64(1<<63-1)), padding), "metadata entries"},
		"one too many":    {raw(header(31, 0), padding), "claims 31 tensors, the 1000 bytes left hold at most 30"},
		"all ones":        {raw(header(^uint64(0), ^uint64(0)), padding), "claims"},
		"key length 2^40": {raw(header(0, 1), 1<<40, padding), "key 1 of 1 claims 1099511627776 bytes"},
		"key past end":    {raw(header(0, 1), 60000, padding), "file ends within key 1 of 1"},
		"empty key":       {raw(header(0, 1), str(""), uint32(0), padding), "is empty"},
		"key twice":       {raw(header(0, 2), str("a"), uint32(4), uint32(1), str("a"), uint32(4), uint32(1)), `"a" is empty or occurs twice`},
		"value type":      {raw(header(0, 1), str("a"), uint32(13), padding), "unknown type 13"},
		"huge value type": {raw(header(0, 1), str("a"), ^uint32(0), padding), "unknown type 4294967295"},
		"bool of 2":       {raw(header(0, 1), str("a"), uint32(7), "\x02", padding), "boolean of value 2"},
		"value cut":       {raw(header(0, 1), str("abcdefgh"), uint32(10), "1234"), "8 bytes needed, 4 left"},
		"string length":   {raw(header(0, 1), str("a"), uint32(8), ^uint64(0), padding), `metadata "a" claims`},
		"array of arrays": {raw(header(0, 1), str("a"), uint32(9), uint32(9), 1, padding), "elements of type 9"},
		"array elements":  {raw(header(0, 1), str("a"), uint32(9), uint32(77), 1, padding), "elements of type 77"},
		"array length":    {raw(header(0, 1), str("a"), uint32(9), uint32(4), uint64(1<<62), padding), "claims 4611686018427387904 elements"},
		"string array":    {raw(header(0, 1), str("a"), uint32(9), uint32(8), uint64(1<<61), padding), "elements in"},
		"string in array": {raw(header(0, 1), str("a"), uint32(9), uint32(8), 2, str("x"), ^uint64(0), padding), "element 1 of 2"},
		"alignment 0":     {raw(header(0, 1), str("general.alignment"), uint32(4), uint32(0)), "power of two"},
		"alignment 48":    {raw(header(0, 1), str("general.alignment"), uint32(4), uint32(48)), "power of two"},
		"alignment text":  {raw(header(0, 1), str("general.alignment"), uint32(8), str("x")), "power of two"},
		"split":           {raw(header(0, 1), str("split.count"), uint32(4), uint32(3)), "one of 3 parts"},
		"name length":     {raw(header(1, 0), 1<<40, padding), "the name of tensor 1 of 1 claims"},
		"no dims":         {tensors(f32("w", 0)), "has 0 dimensions"},
		"five dims":       {tensors(f32("w", 0, 1, 1, 1, 1, 1)), "has 5 dimensions"},
		"zero dim":        {tensors(f32("w", 0, 8, 0)), "shape [8 0]"},
		"zero first dim":  {tensors(f32("w", 0, 0, 8)), "shape [0 8]"},
		"zero times huge": {tensors(f32("w", 0, uint64(1<<63), 0)), "shape [9223372036854775808 0]"},
		"dims overflow":   {tensors(f32("w", 0, 1<<32, 1<<32)), "larger than the file"},
		"overflow to 0":   {tensors(f32("w", 0, 1<<31, 1<<31, 4)), "larger than the file"},
		"unknown type":    {tensors(raw(str("w"), uint32(1), 32, uint32(4), 0)), `tensor "w" has the unknown type 4`},
		"partial block":   {tensors(raw(str("w"), uint32(1), 33, uint32(quant.Q4_1), 0)), "33 weights"},
		"misaligned":      {tensors(f32("w", 8, 8)), "not a multiple of 32"},
		"past the end":    {tensors(f32("w", 224, 16)), "needs 64 bytes at offset 224"},
		"far away":        {tensors(f32("w", uint64(1<<64-32), 16)), "cut short or damaged"},
		"name twice":      {tensors(f32("w", 0, 8), f32("w", 32, 8)), `tensor "w" occurs twice`},
		"overlap":         {tensors(f32("a", 32, 8), f32("b", 0, 16)), `"b" and "a" overlap`},
		"same place":      {tensors(f32("a", 0, 8), f32("b", 0, 8)), "overlap"},
		"no data section": {raw(header(1, 0), f32("w", 0, 1)), "before the tensor data"},
		"table cut":       {raw(header(1, 0), f32("a name of thirty and more characters", 0, 1)[:50]), `file ends within tensor "a name`},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := gguf.Parse("some/x.gguf", c.data)
			if err == nil {
				t.Fatalf("accepted: %+v", f)
			}
			checkError(t, err, "some/x.gguf")
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}

func checkError(t *testing.T, err error, path string) {
	t.Helper()
	s := err.Error()
	if !strings.Contains(s, path) || strings.Contains(s, "\n") || len(s) > 400 {
		t.Errorf("not one short line that names the file: %q", s)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	for _, long := range []string{strings.Repeat("\n", 60000), strings.Repeat("\x00", 80)} {
		var b gguftest.Builder
		b.Set(long, uint32(1)).Set(long, uint32(1))
		_, err := gguf.Parse("x.gguf", b.Bytes())
		if err == nil {
			t.Fatal("a key that occurs twice was accepted")
		}
		checkError(t, err, "x.gguf")
		_, err = gguf.Parse("x.gguf", tensors(f32(long, 0, 0, 0)))
		if err == nil {
			t.Fatal("an empty tensor was accepted")
		}
		checkError(t, err, "x.gguf")
	}
}

// TestEveryPrefix cuts a good file at each byte: only whole files are read.
func TestEveryPrefix(t *testing.T) {
	whole := sample()
	for n := range whole {
		if _, err := gguf.Parse("x.gguf", whole[:n:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were accepted", n, len(whole))
		} else {
			checkError(t, err, "x.gguf")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.gguf")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, empty, filepath.Join(dir, "absent.gguf")} {
		if _, err := gguf.Open(path); err == nil {
			t.Errorf("%s was opened", path)
		} else {
			checkError(t, err, path)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sample())
	f.Add(tensors(f32("a", 0, 8), f32("b", 32, 4, 2)))
	f.Add(header(1, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 64<<20, func() {
			file, err := gguf.Parse("fuzz.gguf", data)
			if err != nil {
				checkError(t, err, "fuzz.gguf")
				return
			}
			for _, key := range file.Keys() {
				file.Strings(key)
				file.Ints(key)
				file.Floats(key)
			}
			total := 0
			for _, x := range file.Tensors() {
				want, err := x.Type.RowBytes(x.Shape[0])
				if err != nil || want*x.Rows() != len(x.Data) {
					t.Fatalf("%+v: data of %d bytes, rows of %d (%v)", x.Shape, len(x.Data), want, err)
				}
				total += len(x.Data)
			}
			if total > len(data) {
				t.Fatalf("%d bytes of tensors in a file of %d", total, len(data))
			}
		})
	})
}
