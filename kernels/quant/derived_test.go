package quant

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// derived are types that the gguf package does not decode, so they are derived
// a second time, from the definitions.
var derived = []Type{F64, Q1_0, F8_E4M3, F8_E5M2, F8_E4M3_S, F8_E5M2_S}

func TestFloat8(t *testing.T) {
	for code := range 256 {
		sign := 1 - 2*float64(code>>7)
		e4, m3 := code>>3&15, float64(code&7)
		want4 := sign * math.Ldexp(1+m3/8, e4-7)
		if e4 == 0 {
			want4 = sign * math.Ldexp(m3/8, -6)
		}
		if code&127 == 127 {
			want4 = math.NaN()
		}
		e5, m2 := code>>2&31, float64(code&3)
		want5 := sign * math.Ldexp(1+m2/4, e5-15)
		switch {
		case e5 == 0:
			want5 = sign * math.Ldexp(m2/4, -14)
		case e5 == 31 && m2 == 0:
			want5 = math.Inf(int(sign))
		case e5 == 31:
			want5 = math.NaN()
		}
		for typ, want := range map[Type]float64{F8_E4M3: want4, F8_E5M2: want5} {
			got := make([]float32, 1)
			if err := Dequantize(got, typ, []byte{byte(code)}); err != nil {
				t.Fatal(err)
			}
			if !same(got[0], float32(want)) {
				t.Errorf("%v of %#02x is %v, want %v", typ, code, got[0], want)
			}
		}
	}
}

func TestScaledFloat8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for typ, plain := range map[Type]Type{F8_E4M3_S: F8_E4M3, F8_E5M2_S: F8_E5M2} {
		scale := rng.Float32()
		src := binary.LittleEndian.AppendUint32(nil, math.Float32bits(scale))
		for range 32 {
			src = append(src, byte(rng.Uint32()))
		}
		got, want := make([]float32, 32), make([]float32, 32)
		if err := Dequantize(got, typ, src); err != nil {
			t.Fatal(err)
		}
		if err := Dequantize(want, plain, src[4:]); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if !same(got[i], float32(float64(want[i])*float64(scale))) {
				t.Errorf("%v weight %d: got %v, want %v times %v", typ, i, got[i], want[i], scale)
			}
		}
	}
}

func TestQ1_0(t *testing.T) {
	src := []byte{0x00, 0x40} // 2 as binary16
	for i := range 16 {
		src = append(src, byte(37*i+5))
	}
	got := make([]float32, 128)
	if err := Dequantize(got, Q1_0, src); err != nil {
		t.Fatal(err)
	}
	bits := binary.LittleEndian
	for j := range got {
		want := float32(-2)
		if word := bits.Uint64(src[2+j/64*8:]); word&(1<<(j%64)) != 0 {
			want = 2
		}
		if got[j] != want {
			t.Errorf("weight %d is %v, want %v", j, got[j], want)
		}
	}
}

func TestGGMLTypes(t *testing.T) {
	for typ := range Type(200) {
		if typ.GGML() != (typ.Known() && typ < 64) {
			t.Errorf("%v: GGML() is %v", typ, typ.GGML())
		}
	}
}

func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
