package quant

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestDequantizeGolden compares with the weights that the format's own Python
// package decodes, see scripts/fixtures/quant_blocks.py.
func TestDequantizeGolden(t *testing.T) {
	seen := map[string]bool{F32.String(): true} // TestPlainFloats
	for _, t := range derived {
		seen[t.String()] = true
	}
	for _, golden := range readGolden(t) {
		seen[golden.Type] = true
		t.Run(golden.Type, func(t *testing.T) {
			typ := byName(t, golden.Type)
			got := make([]float32, len(golden.Weights)/4)
			if err := Dequantize(got, typ, golden.Blocks); err != nil {
				t.Fatal(err)
			}
			for i, w := range got {
				want := binary.LittleEndian.Uint32(golden.Weights[4*i:])
				if math.Float32bits(w) != want {
					t.Fatalf("weight %d: got %v (%08x), want %v (%08x)", i, w, math.Float32bits(w),
						math.Float32frombits(want), want)
				}
			}
		})
	}
	for typ, f := range formats {
		if f.decode != nil && !seen[f.name] {
			t.Errorf("%v has a decoder but no golden blocks", Type(typ))
		}
	}
}

type goldenBlocks struct {
	Type            string
	Blocks, Weights []byte
}

func readGolden(t *testing.T) []goldenBlocks {
	t.Helper()
	file, err := os.Open("testdata/blocks.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	gz, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []goldenBlocks
	lines := bufio.NewScanner(gz)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var g goldenBlocks
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func byName(t *testing.T, name string) Type {
	t.Helper()
	for typ := range formats {
		if formats[typ].name == name {
			return Type(typ)
		}
	}
	t.Fatalf("no type is called %s", name)
	return 0
}

func TestPlainFloats(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 1, -1.5, math.Pi, 1e-42, math.Inf(1), 16777217}
	for _, typ := range []Type{F32, F64} {
		var src []byte
		for _, v := range values {
			if typ == F32 {
				src = binary.LittleEndian.AppendUint32(src, math.Float32bits(float32(v)))
			} else {
				src = binary.LittleEndian.AppendUint64(src, math.Float64bits(v))
			}
		}
		got := make([]float32, len(values))
		if err := Dequantize(got, typ, src); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if math.Float32bits(got[i]) != math.Float32bits(float32(v)) {
				t.Errorf("%v: got %v, want %v", typ, got[i], float32(v))
			}
		}
	}
}

// TestFloatFromHalf checks all 65,536 values against the definition
// (-1)^s · 2^(e-15) · 1.m, with 2^-14 · 0.m for e = 0 (IEEE 754-2019, 3.4).
func TestFloatFromHalf(t *testing.T) {
	for h := range 1 << 16 {
		exponent, mantissa := h>>10&31, float64(h&1023)
		want := math.Ldexp(1+mantissa/1024, exponent-15)
		switch {
		case exponent == 31 && mantissa == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		case exponent == 0:
			want = math.Ldexp(mantissa/1024, -14)
		}
		got := FloatFromHalf(uint16(h))
		if math.Signbit(float64(got)) != (h>>15 == 1) {
			t.Fatalf("%04x: sign of %v is wrong", h, got)
		}
		magnitude := math.Abs(float64(got))
		if magnitude != want && !(math.IsNaN(want) && math.IsNaN(magnitude)) {
			t.Fatalf("%04x: got %v, want %v", h, magnitude, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		n    int
		want int // 0: an error
	}{
		{F32, 3, 12}, {Q4_1, 576, 360}, {Q8_0, 32, 34}, {Q6_K, 512, 420},
		{Q4_1, 570, 0}, {Q6_K, 32, 0}, {F32, 0, 0}, {F32, -4, 0}, {Type(4), 32, 0},
		{Type(99), 32, 0}, {Type(math.MaxUint32), 32, 0}, {F64, math.MaxInt, 0},
	} {
		got, err := c.typ.RowBytes(c.n)
		if got != c.want || (err == nil) != (c.want != 0) {
			t.Errorf("%v.RowBytes(%d) = %d, %v; want %d", c.typ, c.n, got, err, c.want)
		}
	}
	if s := Type(99).String(); s != "type 99" {
		t.Errorf("unknown type is called %q", s)
	}
	if Type(5).Known() || Type(5).Supported() || !Q8_K.Known() || Q8_K.Supported() || !Q4_1.Supported() {
		t.Error("Known or Supported is wrong")
	}
}

func TestDequantizeRefuses(t *testing.T) {
	for name, err := range map[string]error{
		"short source":   Dequantize(make([]float32, 32), Q4_1, make([]byte, 19)),
		"long source":    Dequantize(make([]float32, 32), Q4_1, make([]byte, 40)),
		"partial block":  Dequantize(make([]float32, 31), Q4_1, make([]byte, 20)),
		"no decoder":     Dequantize(make([]float32, 256), Q8_K, make([]byte, 292)),
		"unknown type":   Dequantize(make([]float32, 32), Type(77), make([]byte, 20)),
		"empty, unknown": Dequantize(nil, Type(77), nil),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := Dequantize(nil, Q4_1, nil); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}

func BenchmarkDequantize(b *testing.B) {
	for _, typ := range []Type{F16, Q4_1, Q8_0, Q4_K, Q6_K} {
		b.Run(typ.String(), func(b *testing.B) {
			dst := make([]float32, 1<<16)
			size, err := typ.RowBytes(len(dst))
			if err != nil {
				b.Fatal(err)
			}
			src := make([]byte, size)
			b.SetBytes(int64(4 * len(dst)))
			for b.Loop() {
				if err := Dequantize(dst, typ, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
