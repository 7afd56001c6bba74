package quant

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/peer"
	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

const dequantizeScript = `
import sys, numpy as np, gguf
t = gguf.GGMLQuantizationType[sys.argv[1]]
raw = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, gguf.GGML_QUANT_SIZES[t][1])
with np.errstate(all="ignore"):
    sys.stdout.buffer.write(gguf.quants.dequantize(raw, t).astype("<f4").tobytes())
`

// decodedByPeer lists what the gguf package decodes.
func decodedByPeer() (list []Type) {
	for i, f := range formats {
		if t := Type(i); f.decode != nil && !slices.Contains(derived, t) {
			list = append(list, t)
		}
	}
	return list
}

// TestDequantizeMatchesGGUF compares random blocks with the gguf package of
// this machine, every type that it decodes, bit for bit. README's table says
// which.
func TestDequantizeMatchesGGUF(t *testing.T) {
	rng := rand.New(rand.NewPCG(20261125, 7))
	for _, typ := range decodedByPeer() {
		t.Run(typ.String(), func(t *testing.T) {
			const blocks = 512
			raw := make([]byte, blocks*typ.BlockBytes())
			for i := range raw {
				raw[i] = byte(rng.Uint32())
			}
			want := peer.Python(t, dequantizeScript, raw, typ.String())
			got := make([]float32, blocks*typ.BlockSize())
			if err := Dequantize(got, typ, raw); err != nil {
				t.Fatal(err)
			}
			if len(want) != 4*len(got) {
				t.Fatalf("the package gives %d bytes of weights, want %d", len(want), 4*len(got))
			}
			for i, w := range got {
				bits := binary.LittleEndian.Uint32(want[4*i:])
				if v := math.Float32frombits(bits); math.Float32bits(w) != bits && !(w != w && v != v) {
					t.Fatalf("weight %d: got %v (%08x), want %v (%08x)", i, w, math.Float32bits(w), v, bits)
				}
			}
		})
	}
	if !t.Failed() {
		sharedtest.Readme(t, "types", supportedTypes(), *update)
	}
}

var update = flag.Bool("update", false, "rewrite the table of types in README.md")

// supportedTypes is a table with one row for types of which the same is true.
func supportedTypes() string {
	var rows []string
	names := map[string][]string{}
	for i, f := range formats {
		t := Type(i)
		if f.decode == nil || t == F8_E4M3_S || t == F8_E5M2_S { // those are F8 with a factor
			continue
		}
		float := slices.Contains([]Type{F64, F32, F16, BF16}, t)
		with := "its definition, derived a second time"
		if slices.Contains(decodedByPeer(), t) {
			with = "the `gguf` package"
		}
		row := fmt.Sprintf("| %s |%s|%s|%s|", with, tick(t.GGML()), tick(float || !t.GGML()), tick(slices.Contains(Targets(), t)))
		if names[row] == nil {
			rows = append(rows, row)
		}
		names[row] = append(names[row], f.name)
	}
	out := "| types of weights | compared bit for bit with | gguf | safetensors | `model quantize` writes |\n|---|---|---|---|---|\n"
	for _, row := range rows {
		out += "| " + strings.Join(names[row], ", ") + " " + row + "\n"
	}
	return out
}

func tick(b bool) string {
	if b {
		return " ✓ "
	}
	return " "
}

const quantizeScript = `
import sys, numpy as np, gguf
w = np.frombuffer(sys.stdin.buffer.read(), "<f4").reshape(-1, 64)
with np.errstate(all="ignore"):
    sys.stdout.buffer.write(gguf.quants.quantize(w, gguf.GGMLQuantizationType[sys.argv[1]]).tobytes())
`

// TestQuantizeMatchesGGUF compares blocks of every magnitude, of ties and of
// zeros.
func TestQuantizeMatchesGGUF(t *testing.T) {
	rng := rand.New(rand.NewPCG(20261125, 8))
	weights := make([]float32, 64*2000)
	for i := range weights {
		row := i / 64
		switch row % 5 {
		case 0:
			weights[i] = float32(rng.NormFloat64() * 0.02)
		case 1:
			weights[i] = float32(rng.NormFloat64() * math.Exp2(float64(row%30-20)))
		case 2:
			weights[i] = float32(rng.IntN(31)-15) / 8 // ties
		case 3:
			weights[i] = float32(math.Exp2(float64(-rng.IntN(30)))) * float32(1-2*rng.IntN(2))
		case 4:
			weights[i] = float32(row % 2 * (rng.IntN(3) - 1)) // zeros, none negative: numpy's order decides between those
		}
	}
	var raw []byte
	for _, w := range weights {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(w))
	}
	for _, typ := range Targets() {
		t.Run(typ.String(), func(t *testing.T) {
			want := peer.Python(t, quantizeScript, raw, typ.String())
			got, err := Quantize(nil, typ, weights)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("%d bytes, want %d", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					b := typ.BlockBytes()
					at := i / b
					n := typ.BlockSize()
					t.Fatalf("block %d of %v: got % x, want % x", at, weights[at*n:(at+1)*n], got[at*b:(at+1)*b], want[at*b:(at+1)*b])
				}
			}
		})
	}
}

func TestHalfFromFloat(t *testing.T) {
	for h := range 1 << 16 {
		x := FloatFromHalf(uint16(h))
		if got := HalfFromFloat(x); got != uint16(h) && x == x {
			t.Fatalf("%04x: back %04x", h, got)
		}
		if h&0x7fff >= 0x7bff {
			continue
		}
		// The middle between two neighbours goes to the even one, a little
		// more or less to the nearer one.
		next := FloatFromHalf(uint16(h + 1))
		middle := (x + next) / 2
		even := uint16(h + h&1)
		below, above := math.Nextafter32(middle, x), math.Nextafter32(middle, next)
		for _, c := range []struct {
			x    float32
			want uint16
		}{{middle, even}, {below, uint16(h)}, {above, uint16(h + 1)}} {
			if got := HalfFromFloat(c.x); got != c.want {
				t.Fatalf("%v: got %04x, want %04x", c.x, got, c.want)
			}
		}
	}
	for x, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, -1e30: 0xfc00, 1e-10: 0, float32(math.Inf(1)): 0x7c00} {
		if got := HalfFromFloat(x); got != want {
			t.Errorf("%v: got %04x, want %04x", x, got, want)
		}
	}
}

func TestQuantizeRefuses(t *testing.T) {
	row := make([]float32, 32)
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(-1)), 70000} {
		row[7] = bad
		for _, typ := range []Type{F16, Q8_0, Q4_0, Q4_1} {
			if _, err := Quantize(nil, typ, row); err == nil {
				t.Errorf("%v takes %v", typ, bad)
			}
		}
	}
	if _, err := Quantize(nil, Q8_0, row[:31]); err == nil {
		t.Error("a part of a block is taken")
	}
	if _, err := Quantize(nil, Q6_K, make([]float32, 256)); err == nil {
		t.Error("Q6_K is taken")
	}
	got, err := Quantize([]byte("x"), F32, []float32{1})
	if err != nil || !bytes.Equal(got, []byte{'x', 0, 0, 0x80, 0x3f}) {
		t.Errorf("got % x, %v", got, err)
	}
}
