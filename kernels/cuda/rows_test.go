//go:build cuda && linux

package cuda

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

func TestNormEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, cols := range []int{1, 7, 32, 100, 576} {
		const rows = 11 // not whole blocks
		x := random(r, rows*cols)
		w, gain := weightOf(t, b, r, quant.F32, 1, cols)
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

func TestRotateEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(3, 4))
	const rows, heads = 5, 3
	for _, shape := range [][2]int{{64, 64}, {16, 8}, {6, 6}, {128, 128}} {
		width, turned := shape[0], shape[1]
		x, table := random(r, rows*heads*width), random(r, rows*2*turned)
		m := upload(b, rows, x)
		b.Rotate(m, rows-1, heads, upload(b, rows, table))
		for i := range rows - 1 {
			angles := table[i*2*turned:]
			for h := range heads {
				ref.Rotate(x[(i*heads+h)*width:][:turned], angles[:turned], angles[turned:2*turned])
			}
		}
		if err := sameBits(download(t, b, m, rows), x); err != nil {
			t.Errorf("heads of %d, %d turned: %v", width, turned, err)
		}
	}
}

func TestSwiGLUEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(5, 6))
	const rows, cols = 7, 333
	gate, up := random(r, rows*cols), random(r, rows*cols)
	for i := range gate {
		gate[i] *= 40 // to where the exponential ends
	}
	m := upload(b, rows, gate)
	b.SwiGLU(m, m, upload(b, rows, up), rows-1)
	want := slices.Clone(gate)
	ref.SwiGLU(want[:(rows-1)*cols], gate[:(rows-1)*cols], up)
	if err := sameBits(download(t, b, m, rows), want); err != nil {
		t.Error(err)
	}
}

func TestEmbedAndGather(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(7, 8))
	const vocabulary, cols = 11, 37
	for _, kind := range []quant.Type{quant.F32, quant.F16, quant.BF16} {
		w, values := weightOf(t, b, r, kind, vocabulary, cols)
		m := b.NewMatrix(4, cols).(*matrix)
		b.Embed(m, w, []int32{10, 0, 3})
		g := b.NewMatrix(4, cols).(*matrix)
		b.Gather(g, m, []int{2, 2, 0})
		var want []float32
		for _, token := range []int{3, 3, 10} {
			want = append(want, values[token*cols:(token+1)*cols]...)
		}
		if err := sameBits(download(t, b, g, 3), want); err != nil {
			t.Errorf("%v: %v", kind, err)
		}
	}
}
