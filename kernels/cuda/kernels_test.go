//go:build cuda && linux

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// open returns a backend on the first device.
func open(t testing.TB) *Backend {
	t.Helper()
	if err := driver.Open(); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_CUDA") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	b, err := New(0, noticed(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// noticed fails a test on what a device has to say, but for a real one, which
// may have products of its own or refuse graphs: tests go on without.
func noticed(t testing.TB) func(string) {
	return func(line string) {
		if all, err := driver.Devices(); err == nil && strings.HasPrefix(all[0].Name, "emulator") {
			t.Error(line)
			return
		}
		t.Log(line)
	}
}

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// newMatrix panics where memory is short.
func newMatrix(b *Backend, rows, cols int) *matrix {
	m, err := b.NewMatrix(rows, cols)
	if err != nil {
		panic(err)
	}
	return m.(*matrix)
}

func newCache(t testing.TB, b *Backend, s kernels.CacheShape, pages int) kernels.Cache {
	t.Helper()
	c, err := b.NewCache(s, pages)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// upload returns a matrix with these values.
func upload(b *Backend, rows int, values []float32) *matrix {
	m := newMatrix(b, rows, len(values)/rows)
	b.Write(m, rows, values)
	return m
}

// weightOf returns a weight of random values in a format, and the values.
func weightOf(t testing.TB, b *Backend, r *rand.Rand, kind quant.Type, rows, cols int) (*weight, []float32) {
	t.Helper()
	n := rows * cols
	data := blocks(t, r, kind, n)
	for _, x := range random(r, n) {
		bits := math.Float32bits(x)
		switch kind {
		case quant.F32:
			data = append(data, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		case quant.BF16:
			data = append(data, byte(bits>>16), byte(bits>>24))
		case quant.F16: // sign, an exponent around 0, mantissa
			h := uint16(bits>>16&0x8000) | uint16(12+r.IntN(5))<<10 | uint16(bits&0x3ff)
			data = append(data, byte(h), byte(h>>8))
		}
	}
	wide := make([]float32, n)
	if err := quant.Dequantize(wide, kind, data); err != nil {
		t.Fatal(err)
	}
	w, err := b.NewWeight(kind, rows, cols, data)
	if err != nil {
		t.Fatal(err)
	}
	return w.(*weight), wide
}

// download returns the first rows of a matrix.
func download(t testing.TB, b *Backend, m *matrix, rows int) []float32 {
	t.Helper()
	out, err := b.read(m, rows)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameBits(got, want []float32) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d values, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			return fmt.Errorf("value %d of %d is %v (%#x), want %v (%#x)", i, len(got), got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
	return nil
}
