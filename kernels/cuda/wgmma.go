//go:build cuda && linux

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// WGMMA is the environment variable that keeps the products of compute
// capability 9.0 from being used, even tried, where it is 0.
const WGMMA = "LLAMAEVAL_WGMMA"

// tryWGMMA decides once whether products of many rows are those of compute
// capability 9.0. Few rows are multiplied by the general kernels, and a row
// must not depend on how many there are; so both must give the same bits, on
// random factors here. Otherwise it is said, and the general ones are used.
func (b *Backend) tryWGMMA() error {
	if b.tried || b.set.multiplyWGMMA == nil {
		return nil
	}
	b.tried = true
	var results [2][]float32
	for i := range results {
		b.wgmma = i == 1
		var err error
		if results[i], err = b.sampleProducts(); err != nil {
			b.wgmma = false
			return fmt.Errorf("trying the products of compute capability 9.0: %w: set %s=0", err, WGMMA)
		}
	}
	other, most := 0, 0.0
	for i, x := range results[0] {
		if y := results[1][i]; math.Float32bits(x) != math.Float32bits(y) {
			other, most = other+1, max(most, math.Abs(float64(y)-float64(x)))
		}
	}
	if b.wgmma = other == 0; !b.wgmma {
		b.notice(fmt.Sprintf("products by the instructions of compute capability 9.0 differ from those by general ones in %d of %d values, by up to %.1e: the general ones are used, which are slower",
			other, len(results[0]), most))
	}
	return nil
}

// sampleProducts computes two products by themselves and with their gate.
func (b *Backend) sampleProducts() (out []float32, err error) {
	const rows, cols, k = mostDirect + 100, 264, 520
	r := rand.New(rand.NewPCG(1, 9))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	var matrices [4]*matrix // x, gate, up, and gate·up
	for i := range matrices {
		m, err := b.NewMatrix(rows, []int{k, cols, cols, cols}[i])
		if err != nil {
			return nil, err
		}
		defer m.Close()
		matrices[i] = m.(*matrix)
	}
	x, gate, up, gated := matrices[0], matrices[1], matrices[2], matrices[3]
	b.Write(x, rows, random(rows*k))
	var products []kernels.Product
	for _, dst := range []*matrix{gate, up} {
		w := &weight{kind: kindBF16, rows: cols, cols: k}
		if w.data, err = b.device.Alloc(2 * cols * k); err != nil {
			return nil, err
		}
		defer b.device.Release(w.data)
		half := make([]byte, 2*cols*k)
		for i, v := range random(cols * k) {
			bits := math.Float32bits(v)
			half[2*i], half[2*i+1] = byte(bits>>16), byte(bits>>24)
		}
		if err := b.ferry.carry(b.stream, w.data, half, 2, layouts[quant.BF16]); err != nil {
			return nil, err
		}
		products = append(products, kernels.Product{Dst: dst, Weight: w})
	}
	b.Multiply(x, rows, products...)
	b.SwiGLU(gated, gate, up, rows)
	b.Multiply(x, rows, products...)
	for _, m := range []*matrix{gate, up} {
		values, err := b.read(m, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, values...)
	}
	// What the gate made is bfloat16, which cannot be read; a sum can.
	b.Add(up, gated, rows)
	values, err := b.read(up, rows)
	return append(out, values...), err
}

// largeTile is the tile of products of many rows in mode fast.
func (b *Backend) largeTile() tile {
	if b.wgmma {
		return tile{b.set.multiplyWGMMA, wgmmaRows, wgmmaCols}
	}
	return tile{b.set.multiplyLargeBF16, largeRows, largeCols}
}

// gatedTile is the same of gate and up together, with columns of one of them.
func (b *Backend) gatedTile() tile {
	if b.wgmma {
		return tile{b.set.gatedWGMMA, wgmmaRows, wgmmaCols / 2}
	}
	return tile{b.set.gatedBF16, largeRows, largeCols / 2}
}
