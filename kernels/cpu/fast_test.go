package cpu

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
	"pgregory.net/rapid"
)

// forEachFast runs a test on every instruction set that has mode fast.
func forEachFast(t *testing.T, threads int, test func(t *testing.T, b *Backend)) {
	found := false
	forEachISA(t, threads, func(t *testing.T, b *Backend) {
		if err := b.Fast(true); err != nil {
			if b.isa.bf16 != nil || b.bf16 != nil {
				t.Fatal(err)
			}
			t.Skip(err)
		}
		found = true
		test(t, b)
	})
	if !found {
		t.Skip("no instruction set of this machine has mode fast")
	}
}

func TestFastMultiplyEqualsRef(t *testing.T) {
	forEachFast(t, 2, func(t *testing.T, b *Backend) {
		rapid.Check(t, func(t *rapid.T) {
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			kind := rapid.SampledFrom(packedTypes).Draw(t, "type")
			m, n := rapid.IntRange(1, fewRowsOfA+20).Draw(t, "m"), rapid.IntRange(1, 100).Draw(t, "n")
			if rapid.Bool().Draw(t, "one row") {
				m = 1
			}
			k := rapid.IntRange(1, 20).Draw(t, "blocks") * max(kind.BlockSize(), rapid.IntRange(7, 9).Draw(t, "block"))
			add := rapid.Bool().Draw(t, "add")
			data := randomWeight(r, kind, n, k)
			w, err := b.NewWeight(kind, n, k, data)
			if err != nil {
				t.Fatal(err)
			}
			x, dst := randomMatrix(r, m, k), randomMatrix(r, m, n)
			before := dst.plain(m)
			for i := range b.local { // what earlier products left there must not matter
				left := grow(&b.local[i].exact, stretch*panelCols)
				for j := range left {
					left[j] = float32(math.NaN())
				}
				b.local[i].exact = left
			}
			b.Multiply(x, m, kernels.Product{Dst: dst, Weight: w, Add: add})
			wide, want := make([]float32, n*k), make([]float32, m*n)
			if err := quant.Dequantize(wide, kind, data); err != nil {
				t.Fatal(err)
			}
			for i := range m {
				for j := range n {
					if b.bf16.integers[kind].stages != nil {
						stride := len(data) / n
						want[i*n+j] = ref.DotBytes(x.row(i, k), kind, data[j*stride:(j+1)*stride])
					} else {
						want[i*n+j] = ref.DotBF16(0, x.row(i, k), wide[j*k:(j+1)*k])
					}
					if add {
						want[i*n+j] += before[i*n+j]
					}
				}
			}
			if err := sameBits(dst.plain(m), want); err != nil {
				t.Fatalf("%v %dx%dx%d add %v: %v", kind, m, n, k, add, err)
			}
			for i := range m { // of rows that the weight does not have comes nothing
				for j, v := range dst.row(i, roundUp(n, panelCols))[n:] {
					if v != 0 {
						t.Fatalf("%v %dx%dx%d: padding %d of row %d is %v", kind, m, n, k, j, i, v)
					}
				}
			}
		})
	})
}

// Activations at the ends of their range are rounded as ref does it.
func TestRoundBytesEqualsRef(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	forEachFast(t, 1, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(31, 32))
		for _, size := range []float32{1, 1e-30, 1e-36, 7e-37, 1e-38, 1e-45, 0, 1e30, 3e38, inf, -inf, nan, -nan} {
			x := make([]float32, superblock)
			for i := range x {
				x[i] = size * float32(r.NormFloat64()/3)
			}
			x[r.IntN(32)] = size
			x[64] = 127
			for i := range 31 {
				x[65+i] = float32(i) - 15.5 // ties
			}
			got := make([]byte, superblock/32*bytePair)
			b.bf16.roundBytes(got, x)
			for pair := range superblock / 32 {
				if want := pairOf(x[32*pair:][:32]); !bytes.Equal(got[pair*bytePair:][:bytePair], want) {
					t.Fatalf("%v, pair %d:\n%v\nwant\n%v", size, pair, got[pair*bytePair:][:bytePair], want)
				}
			}
		}
	})
}

// pairOf lays 32 rounded activations out as roundBytes does.
func pairOf(x []float32) []byte {
	var q [32]int8
	scale := ref.RoundBytes(&q, x)
	var out []byte
	var sums [2]int
	for i, v := range q {
		out = append(out, byte(v))
		sums[i/16] += int(v)
	}
	for _, f := range []float32{scale, float32(sums[0]) * scale, float32(sums[1]) * scale, float32(sums[0]+sums[1]) * scale} {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
	}
	return out
}

// What leaves the packers for whole panels is what the last rows get in Go.
func TestPackIntegersEqualsGo(t *testing.T) {
	forEachFast(t, 1, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(33, 34))
		for kind, integers := range b.bf16.integers {
			const blocks = 3
			data := randomWeight(r, kind, panelCols, blocks*superblock)
			w := &weight{kind: kind, rows: panelCols, cols: blocks * superblock, stride: len(data) / panelCols, data: data}
			got, want := make([]byte, blocks*integers.integerPanel()), make([]byte, blocks*integers.integerPanel())
			integers.pack(got, data, w.stride, blocks, 0)
			packIntegers(want, w, 0, 0, blocks, integers.stages)
			if !bytes.Equal(got, want) {
				t.Errorf("%v: packed otherwise", kind)
			}
		}
	})
}

// Products that share a left factor may round it in different ways.
func TestFastMultiplyOfMixedTypes(t *testing.T) {
	forEachFast(t, 2, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(35, 36))
		const rows, n, k = 3, 40, 2 * superblock
		x := randomMatrix(r, rows, k)
		var together []kernels.Product
		for _, kind := range []quant.Type{quant.Q4_K, quant.Q4_1, quant.Q6_K, quant.F16, quant.Q4_K} {
			w, err := b.NewWeight(kind, n, k, randomWeight(r, kind, n, k))
			if err != nil {
				t.Fatal(err)
			}
			together = append(together, kernels.Product{Dst: newMatrix(rows, n), Weight: w})
		}
		b.Multiply(x, rows, together...)
		for i, p := range together {
			alone := newMatrix(rows, n)
			b.Multiply(x, rows, kernels.Product{Dst: alone, Weight: p.Weight})
			if err := sameBits(p.Dst.(*matrix).plain(rows), alone.plain(rows)); err != nil {
				t.Errorf("product %d: %v", i, err)
			}
		}
	})
}
