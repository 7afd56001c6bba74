//go:build cuda && linux

package cuda

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
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
		m, dst := upload(b, rows, x), newMatrix(b, rows, cols)
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

func TestNormHeadsEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(21, 22))
	const rows, heads = 5, 3
	for _, width := range []int{8, 33, 128} {
		x := random(r, rows*heads*width)
		w, gain := weightOf(t, b, r, quant.F32, 1, width)
		m := upload(b, rows, x)
		b.NormHeads(m, rows-1, heads, w, 1e-6)
		for i := range (rows - 1) * heads {
			head := x[i*width : (i+1)*width]
			ref.RMSNorm(head, head, gain, 1e-6)
		}
		if err := sameBits(download(t, b, m, rows), x); err != nil {
			t.Errorf("heads of %d: %v", width, err)
		}
	}
}

func TestAdd(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(23, 24))
	const rows, cols = 5, 152
	x, more := random(r, rows*cols), random(r, rows*cols)
	bias, values := weightOf(t, b, r, quant.F32, 1, cols)
	m := upload(b, rows, x)
	b.Add(m, upload(b, rows, more), rows-1)
	b.AddBias(m, rows-2, bias)
	for i := range (rows - 1) * cols {
		x[i] += more[i]
		if i < (rows-2)*cols {
			x[i] += values[i%cols]
		}
	}
	if err := sameBits(download(t, b, m, rows), x); err != nil {
		t.Error(err)
	}
}

// In mode fast a norm is added as it is stored.
func TestAddOfFastNorm(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(25, 26))
	const rows, cols = 3, 40
	x, to := random(r, rows*cols), random(r, rows*cols)
	w, gain := weightOf(t, b, r, quant.F32, 1, cols)
	if err := b.Fast(true); err != nil {
		t.Fatal(err)
	}
	norm, sum := newMatrix(b, rows, cols), upload(b, rows, to)
	b.Norm(norm, upload(b, rows, x), rows, w, 1e-5)
	b.Add(sum, norm, rows)
	for i := range rows {
		row := x[i*cols : (i+1)*cols]
		ref.RMSNorm(row, row, gain, 1e-5)
		for j, v := range row {
			to[i*cols+j] += ref.RoundBF16(v)
		}
	}
	if err := sameBits(download(t, b, sum, rows), to); err != nil {
		t.Error(err)
	}
}

func TestRotateEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(3, 4))
	const rows, heads = 5, 7
	for _, shape := range [][2]int{{64, 64}, {16, 8}, {6, 6}, {128, 128}, {256, 256}} {
		for _, halves := range []bool{false, true} {
			width, turned := shape[0], shape[1]
			x, table := random(r, rows*heads*width), random(r, rows*2*turned)
			m := upload(b, rows, x)
			b.Rotate(m, rows-1, heads, upload(b, rows, table), halves)
			turn := ref.Rotate
			if halves {
				turn = ref.RotateHalves
			}
			for i := range rows - 1 {
				angles := table[i*2*turned:]
				for h := range heads {
					turn(x[(i*heads+h)*width:][:turned], angles[:turned], angles[turned:2*turned])
				}
			}
			if err := sameBits(download(t, b, m, rows), x); err != nil {
				t.Errorf("heads of %d, %d turned, halves %v: %v", width, turned, halves, err)
			}
		}
	}
}

func TestGatedEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(5, 6))
	const rows, cols = 7, 333
	for name, c := range map[string]struct {
		on  func(dst, gate, up kernels.Matrix, rows int)
		ref func(dst, gate, up []float32)
	}{"SwiGLU": {b.SwiGLU, ref.SwiGLU}, "GeGLU": {b.GeGLU, ref.GeGLU}} {
		gate, up := random(r, rows*cols), random(r, rows*cols)
		for i := range gate {
			gate[i] *= 40 // to where the exponential ends
		}
		m := upload(b, rows, gate)
		c.on(m, m, upload(b, rows, up), rows-1)
		want := slices.Clone(gate)
		c.ref(want[:(rows-1)*cols], gate[:(rows-1)*cols], up)
		if err := sameBits(download(t, b, m, rows), want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmbedAndGather(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(7, 8))
	const vocabulary, cols = 11, 37
	for _, kind := range []quant.Type{quant.F32, quant.F16, quant.BF16} {
		w, values := weightOf(t, b, r, kind, vocabulary, cols)
		m := newMatrix(b, 4, cols)
		b.Embed(m, w, []int32{10, 0, 3}, 1.7)
		g := newMatrix(b, 4, cols)
		b.Gather(g, m, []int{2, 2, 0})
		var want []float32
		for _, token := range []int{3, 3, 10} {
			for _, v := range values[token*cols : (token+1)*cols] {
				want = append(want, v*1.7)
			}
		}
		if err := sameBits(download(t, b, g, 3), want); err != nil {
			t.Errorf("%v: %v", kind, err)
		}
	}
}
