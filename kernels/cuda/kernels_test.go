//go:build cuda && linux

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
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
	b, err := New(0)
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

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// upload returns a matrix with these values.
func upload(b *Backend, rows int, values []float32) *matrix {
	m := b.NewMatrix(rows, len(values)/rows).(*matrix)
	b.Write(m, rows, values)
	return m
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

func float32s(x []float32) []byte { return bytesOf(x) }

func TestNormEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, cols := range []int{1, 7, 32, 100, 576} {
		const rows = 9
		x, gain := random(r, rows*cols), random(r, cols)
		w, err := b.NewWeight(quant.F32, 1, cols, float32s(gain))
		if err != nil {
			t.Fatal(err)
		}
		m, dst := upload(b, rows, x), b.NewMatrix(rows, cols).(*matrix)
		b.Norm(dst, m, rows-1, w, 1e-5)
		want := make([]float32, rows*cols) // the last row is not asked for
		for i := range rows - 1 {
			ref.RMSNorm(want[i*cols:(i+1)*cols], x[i*cols:(i+1)*cols], gain, 1e-5)
		}
		if err := sameBits(download(t, b, dst, rows), want); err != nil {
			t.Errorf("%d columns: %v", cols, err)
		}
	}
}
