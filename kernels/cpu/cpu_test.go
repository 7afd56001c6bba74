package cpu

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
	"pgregory.net/rapid"
)

// forEachISA runs a test on every instruction set this machine has.
func forEachISA(t *testing.T, threads int, test func(t *testing.T, b *Backend)) {
	for _, name := range Available() {
		t.Run(name, func(t *testing.T) {
			b, err := New(threads, name)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			test(t, b)
		})
	}
}

// packedTypes are the formats with a packer of their own, and some without.
var packedTypes = []quant.Type{
	quant.F32, quant.F16, quant.BF16, quant.Q4_0, quant.Q4_1, quant.Q8_0, quant.IQ4_NL,
	quant.Q2_K, quant.Q3_K, quant.Q4_K, quant.Q5_K, quant.Q6_K, quant.Q5_1, quant.TQ2_0, quant.F8_E4M3_S,
}

// scalesAt is where a block has its binary16 scales, if not at the beginning.
var scalesAt = map[quant.Type][]int{quant.Q2_K: {80, 82}, quant.Q3_K: {108}, quant.Q6_K: {208}, quant.TQ2_0: {64}}

// randomWeight returns rows of random blocks with sane scales.
func randomWeight(r *rand.Rand, t quant.Type, rows, cols int) []byte {
	stride, err := t.RowBytes(cols)
	if err != nil {
		panic(err)
	}
	data := make([]byte, rows*stride)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	half := func(b []byte) { binary.LittleEndian.PutUint16(b, uint16(r.IntN(0x1000)+0x1c00)|uint16(r.IntN(2))<<15) }
	switch t {
	case quant.F32:
		for i := 0; i < len(data); i += 4 {
			binary.LittleEndian.PutUint32(data[i:], math.Float32bits(float32(r.NormFloat64())))
		}
	case quant.F16:
		for i := 0; i < len(data); i += 2 {
			half(data[i:])
		}
	case quant.BF16:
		for i := 0; i < len(data); i += 2 {
			binary.LittleEndian.PutUint16(data[i:], uint16(math.Float32bits(float32(r.NormFloat64()))>>16))
		}
	default:
		for i := 0; i < len(data); i += t.BlockBytes() {
			at := scalesAt[t]
			if at == nil {
				at = []int{0, 2} // the second a minimum, or just quanta
			}
			for _, offset := range at {
				half(data[i+offset:])
			}
			if t == quant.F8_E4M3_S { // a float32, and no NaN
				binary.LittleEndian.PutUint32(data[i:], math.Float32bits(float32(r.NormFloat64())))
				for j := range 32 {
					data[i+4+j] &^= 1
				}
			}
		}
	}
	return data
}

func randomMatrix(r *rand.Rand, rows, cols int) *matrix {
	m := newMatrix(rows, cols)
	for i := range rows {
		for j := range cols {
			m.data[i*m.ld+j] = float32(r.NormFloat64())
		}
	}
	return m
}

// plain returns the first rows without padding.
func (m *matrix) plain(rows int) []float32 {
	var out []float32
	for i := range rows {
		out = append(out, m.row(i, m.cols)...)
	}
	return out
}

// sameBits tells where two slices first differ in bits.
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

func TestPackEqualsDequantize(t *testing.T) {
	forEachISA(t, 1, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, kind := range packedTypes {
			cols := 3 * kind.BlockSize()
			if kind.BlockSize() == 1 {
				cols = 77
			}
			for _, rows := range []int{16, 29} {
				data := randomWeight(r, kind, rows, cols)
				w, err := b.NewWeight(kind, rows, cols, data)
				if err != nil {
					t.Fatal(err)
				}
				want := make([]float32, rows*cols)
				if err := quant.Dequantize(want, kind, data); err != nil {
					t.Fatal(err)
				}
				for panel := range ceilDiv(rows, panelCols) {
					got := make([]float32, cols*panelCols)
					b.packPanel(got, w.(*weight), panel, panel+1, 0, cols, &b.local[0])
					for k := range cols {
						for j := range panelCols {
							wish := float32(0)
							if row := panel*panelCols + j; row < rows {
								wish = want[row*cols+k]
							}
							if g := got[k*panelCols+j]; math.Float32bits(g) != math.Float32bits(wish) {
								t.Fatalf("%v %dx%d panel %d: weight %d of row %d is %v, want %v", kind, rows, cols, panel, k, j, g, wish)
							}
						}
					}
				}
			}
		}
	})
}

func TestMultiplyEqualsRef(t *testing.T) {
	for _, threads := range []int{1, 3} {
		forEachISA(t, threads, func(t *testing.T, b *Backend) {
			rapid.Check(t, func(t *rapid.T) {
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				kind := rapid.SampledFrom(packedTypes).Draw(t, "type")
				m, n := rapid.IntRange(1, 40).Draw(t, "m"), rapid.IntRange(1, 150).Draw(t, "n")
				if rapid.Bool().Draw(t, "one row") {
					m = 1
				}
				k := rapid.IntRange(1, 3).Draw(t, "blocks") * max(kind.BlockSize(), rapid.IntRange(7, 8).Draw(t, "block"))
				add := rapid.Bool().Draw(t, "add")
				data := randomWeight(r, kind, n, k)
				w, err := b.NewWeight(kind, n, k, data)
				if err != nil {
					t.Fatal(err)
				}
				x, dst := randomMatrix(r, m+rapid.IntRange(0, slimRows).Draw(t, "more rows"), k), randomMatrix(r, m, n)
				before := dst.plain(m)
				b.Multiply(x, m, kernels.Product{Dst: dst, Weight: w, Add: add})
				want := make([]float32, m*n)
				if err := ref.MatMulQuant(want, x.plain(m), kind, data, m, n, k); err != nil {
					t.Fatal(err)
				}
				if add {
					for i := range want {
						want[i] += before[i]
					}
				}
				if err := sameBits(dst.plain(m), want); err != nil {
					t.Fatalf("%v %dx%dx%d add %v: %v", kind, m, n, k, add, err)
				}
			})
		})
	}
}

// One row takes wide weights two panels at a time where it takes others four.
func TestMultiplyOneWideRow(t *testing.T) {
	const n, k = 6 * panelCols, 8192
	forEachISA(t, 2, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(7, 8))
		x := randomMatrix(r, 1, k)
		for _, kind := range []quant.Type{quant.F32, quant.Q8_0, quant.Q6_K} {
			data := randomWeight(r, kind, n, k)
			w, err := b.NewWeight(kind, n, k, data)
			if err != nil {
				t.Fatal(err)
			}
			dst, want := newMatrix(1, n), make([]float32, n)
			b.Multiply(x, 1, kernels.Product{Dst: dst, Weight: w})
			if err := ref.MatMulQuant(want, x.plain(1), kind, data, 1, n, k); err != nil {
				t.Fatal(err)
			}
			if err := sameBits(dst.plain(1), want); err != nil {
				t.Errorf("%v: %v", kind, err)
			}
		}
	})
}

// A long k is widened in pieces; the chain must not notice.
func TestMultiplyCutAlongK(t *testing.T) {
	const m, n, k = 7, 40, longestK + 500
	b, err := New(2, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r := rand.New(rand.NewPCG(5, 6))
	data := randomWeight(r, quant.F32, n, k)
	w, err := b.NewWeight(quant.F32, n, k, data)
	if err != nil {
		t.Fatal(err)
	}
	x, dst := randomMatrix(r, m, k), randomMatrix(r, m, n)
	before := dst.plain(m)
	b.Multiply(x, m, kernels.Product{Dst: dst, Weight: w, Add: true})
	want := make([]float32, m*n)
	if err := ref.MatMulQuant(want, x.plain(m), quant.F32, data, m, n, k); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i] += before[i]
	}
	if err := sameBits(dst.plain(m), want); err != nil {
		t.Fatal(err)
	}
}

func TestRowOperationsEqualRef(t *testing.T) {
	forEachISA(t, 2, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, cols := range []int{5, 32, 40, 576} {
			const rows, eps = 21, 1e-5
			x, up := randomMatrix(r, rows, cols), randomMatrix(r, rows, cols)
			data := randomWeight(r, quant.F32, 1, cols)
			gain, err := b.NewWeight(quant.F32, 1, cols, data)
			if err != nil {
				t.Fatal(err)
			}
			normed, gated, gelu, sum := newMatrix(rows, cols), newMatrix(rows, cols), newMatrix(rows, cols), newMatrix(rows, cols)
			b.Norm(normed, x, rows, gain, eps)
			b.SwiGLU(gated, x, up, rows)
			b.GeGLU(gelu, x, up, rows)
			b.Add(sum, x, rows)
			b.AddBias(sum, rows, gain)
			want := make([]float32, cols)
			for i := range rows {
				ref.RMSNorm(want, x.row(i, cols), gain.(*weight).wide[:cols], eps)
				if err := sameBits(normed.row(i, cols), want); err != nil {
					t.Fatalf("norm of %d: %v", cols, err)
				}
				ref.SwiGLU(want, x.row(i, cols), up.row(i, cols))
				if err := sameBits(gated.row(i, cols), want); err != nil {
					t.Fatalf("swiglu of %d: %v", cols, err)
				}
				ref.GeGLU(want, x.row(i, cols), up.row(i, cols))
				if err := sameBits(gelu.row(i, cols), want); err != nil {
					t.Fatalf("geglu of %d: %v", cols, err)
				}
				for j := range want {
					want[j] = x.row(i, cols)[j] + gain.(*weight).wide[j]
				}
				if err := sameBits(sum.row(i, cols), want); err != nil {
					t.Fatalf("sum with bias of %d: %v", cols, err)
				}
			}
		}
	})
}

func TestRotateEqualsRef(t *testing.T) {
	forEachISA(t, 2, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(7, 8))
		const rows, heads, width = 5, 3, 24
		for _, turned := range []int{width, 16, 10} {
			x, table := randomMatrix(r, rows, heads*width), randomMatrix(r, rows, 2*turned)
			for halves, rotate := range map[bool]func(x, cos, sin []float32){false: ref.Rotate, true: ref.RotateHalves} {
				want := x.plain(rows)
				for i := range rows {
					angles := table.row(i, 2*turned)
					for h := range heads {
						rotate(want[(i*heads+h)*width:], angles[:turned], angles[turned:])
					}
				}
				b.Rotate(x, rows, heads, table, halves)
				if err := sameBits(x.plain(rows), want); err != nil {
					t.Fatalf("%d of %d, halves %v: %v", turned, width, halves, err)
				}
			}
		}
	})
}

func TestNormHeadsEqualsRef(t *testing.T) {
	forEachISA(t, 2, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(15, 16))
		for _, width := range []int{20, 32, 128} {
			const rows, heads, eps = 5, 3, 1e-6
			x, data := randomMatrix(r, rows, heads*width), randomWeight(r, quant.F32, 1, width)
			gain, err := b.NewWeight(quant.F32, 1, width, data)
			if err != nil {
				t.Fatal(err)
			}
			want := x.plain(rows)
			for at := 0; at < len(want); at += width {
				ref.RMSNorm(want[at:at+width], want[at:at+width], gain.(*weight).wide[:width], eps)
			}
			b.NormHeads(x, rows, heads, gain, eps)
			if err := sameBits(x.plain(rows), want); err != nil {
				t.Fatalf("heads of %d: %v", width, err)
			}
		}
	})
}

func TestExpEqualsRef(t *testing.T) {
	forEachISA(t, 1, func(t *testing.T, b *Backend) {
		x := make([]float32, 0, 1<<16)
		for v := float32(-104); v < 0.5; v += 0.00173 {
			x = append(x, v)
		}
		for len(x)%lanes != 0 {
			x = append(x, float32(math.Inf(-1)))
		}
		want := make([]float32, len(x))
		for i := range x {
			want[i] = ref.Exp(x[i])
		}
		b.isa.expSum(x, 0)
		if err := sameBits(x, want); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAttendEqualsRef(t *testing.T) {
	for _, shape := range []kernels.CacheShape{
		{Layers: 2, Heads: 6, KVHeads: 2, HeadDim: 32},
		{Layers: 1, Heads: 2, KVHeads: 2, HeadDim: 20},
		{Layers: 1, Heads: 5, KVHeads: 1, HeadDim: 16},
	} {
		scale := float32(1 / math.Sqrt(float64(shape.HeadDim)))
		for _, how := range []kernels.Attention{{Scale: scale}, {Scale: 0.3, Limit: 4}, {Scale: scale, Window: 70}, {Scale: 1, Window: 5, Limit: 30}, {Scale: scale, Window: 64}, {Scale: scale, Window: 1}} {
			forEachISA(t, 3, func(t *testing.T, b *Backend) { attendEqualsRef(t, b, shape, how) })
		}
	}
}

func attendEqualsRef(t *testing.T, b *Backend, shape kernels.CacheShape, how kernels.Attention) {
	const length = 215
	r := rand.New(rand.NewPCG(9, 10))
	layer := shape.Layers - 1
	q := randomMatrix(r, length, shape.Heads*shape.HeadDim)
	k := randomMatrix(r, length, shape.KVHeads*shape.HeadDim)
	v := randomMatrix(r, length, shape.KVHeads*shape.HeadDim)
	c := newCache(t, b, shape, 5)
	pages := []int32{2, 0, 3, 4}
	dst := newMatrix(length, q.cols)
	// In two calls, the second also of three spans, out of order.
	for _, spans := range [][]kernels.Span{
		{{Row: 0, Len: 70, Start: 0, Pages: pages}},
		{{Row: 70, Len: 11, Start: 70, Pages: pages}, {Row: 209, Len: 6, Start: 209, Pages: pages}, {Row: 81, Len: 128, Start: 81, Pages: pages}},
	} {
		b.Store(c, layer, k, v, spans)
		b.Attend(dst, q, c, layer, how, spans)
	}
	want := make([]float32, shape.HeadDim)
	for i := range length {
		for h := range shape.Heads {
			from := h / (shape.Heads / shape.KVHeads) * shape.HeadDim
			var keys, values [][]float32
			for p := range i + 1 {
				keys = append(keys, k.row(p, k.cols)[from:from+shape.HeadDim])
				values = append(values, v.row(p, v.cols)[from:from+shape.HeadDim])
			}
			at := h * shape.HeadDim
			ref.Attend(want, q.row(i, q.cols)[at:at+shape.HeadDim], keys, values, how)
			if err := sameBits(dst.row(i, q.cols)[at:at+shape.HeadDim], want); err != nil {
				t.Fatalf("%+v %+v position %d head %d: %v", shape, how, i, h, err)
			}
		}
	}
}

// What lies in pages before the window is not even read.
func TestAttendLeavesOutPages(t *testing.T) {
	shape := kernels.CacheShape{Layers: 1, Heads: 2, KVHeads: 1, HeadDim: 16}
	forEachISA(t, 2, func(t *testing.T, b *Backend) {
		const length, window = 140, 40
		r := rand.New(rand.NewPCG(13, 14))
		q, k, v := randomMatrix(r, length, 32), randomMatrix(r, length, 16), randomMatrix(r, length, 16)
		c := newCache(t, b, shape, 3)
		all := []kernels.Span{{Len: length, Pages: []int32{0, 1, 2}}}
		b.Store(c, 0, k, v, all)
		keys, values := c.(*cache).block(0, 0, 0)
		for _, x := range [][]float32{keys, values} {
			for i := range x {
				x[i] = float32(math.NaN())
			}
		}
		dst := newMatrix(length, 32)
		b.Attend(dst, q, c, 0, kernels.Attention{Scale: 1, Window: window}, all)
		for i := kernels.PageTokens + window - 1; i < length; i++ {
			for _, x := range dst.row(i, 32) {
				if x != x {
					t.Fatalf("position %d has read page 0", i)
				}
			}
		}
	})
}

func TestScoreEqualsRef(t *testing.T) {
	forEachISA(t, 3, func(t *testing.T, b *Backend) {
		r := rand.New(rand.NewPCG(11, 12))
		const rows, vocab, width = 9, 2*ref.VocabularyChunk + 77, 32
		data := randomWeight(r, quant.Q8_0, vocab, width)
		w, err := b.NewWeight(quant.Q8_0, vocab, width, data)
		if err != nil {
			t.Fatal(err)
		}
		x := randomMatrix(r, rows, width)
		want := make([]float32, rows*vocab)
		if err := ref.MatMulQuant(want, x.plain(rows), quant.Q8_0, data, rows, vocab, width); err != nil {
			t.Fatal(err)
		}
		for _, limit := range []float32{0, 3} {
			scoreEqualsRef(t, b, x, w, limit, want)
		}
	})
}

func scoreEqualsRef(t *testing.T, b *Backend, x *matrix, w kernels.Weight, limit float32, products []float32) {
	rows, vocab := x.rows, w.Rows()
	want := slices.Clone(products)
	if limit > 0 {
		ref.SoftCap(want, 1, limit)
	}
	out := make([]kernels.Logits, rows)
	for i := range out {
		out[i].Targets = []int32{0, 255, 256, int32(vocab - 1)}
		if i%2 == 0 {
			out[i].All = make([]float32, vocab)
		}
	}
	if err := b.Score(x, w, limit, out); err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		line := want[i*vocab : (i+1)*vocab]
		p := ref.LogSoftmax(line)
		if o.Max != p.Max || o.Argmax != p.Argmax || o.LogSumExp != p.LogSumExp() {
			t.Fatalf("row %d: %+v, want %+v", i, o, p)
		}
		for j, target := range o.Targets {
			if o.Target[j] != line[target] {
				t.Fatalf("row %d target %d: %v, want %v", i, target, o.Target[j], line[target])
			}
		}
		if o.All != nil {
			if err := sameBits(o.All, line); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestArgmaxIsFirstAmongEquals(t *testing.T) {
	forEachISA(t, 1, func(t *testing.T, b *Backend) {
		for _, where := range [][2]int{{0, 9}, {8, 17}, {3, 4}} {
			logits := make([]float32, 32) // 19 logits and room for the padding
			logits[where[0]], logits[where[1]] = 2, 2
			if p := b.peakOf(logits, 19, 512); p.Argmax != int32(512+where[0]) || p.Max != 2 {
				t.Errorf("equal at %v: argmax %d, maximum %v", where, p.Argmax, p.Max)
			}
		}
	})
}

func newCache(t testing.TB, b *Backend, s kernels.CacheShape, pages int) kernels.Cache {
	t.Helper()
	c, err := b.NewCache(s, pages)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
