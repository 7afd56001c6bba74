package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

func newBench(b *testing.B, threads int) *Backend {
	be, err := New(threads, "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { be.Close() })
	return be
}

// best runs do b.N times and reports units done per second in its fastest
// run: other programs make a run slower, nothing makes it faster.
func best(b *testing.B, units float64, name string, do func()) {
	fastest := time.Duration(1 << 62)
	for b.Loop() {
		start := time.Now()
		do()
		fastest = min(fastest, time.Since(start))
	}
	b.ReportMetric(units/fastest.Seconds()/1e9, name)
	b.ReportMetric(0, "ns/op")
}

func BenchmarkPeakFMA(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			be := newBench(b, threads)
			highest := 0.0
			for b.Loop() {
				highest = max(highest, be.PeakFMA(20*time.Millisecond))
			}
			b.ReportMetric(highest, "GFLOP/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func BenchmarkGEMM(b *testing.B) {
	for _, s := range [][3]int{ // rows, outputs, inputs
		{1, 1536, 576}, {4, 1536, 576}, {16, 1536, 576}, {64, 576, 576}, {256, 576, 576},
		{512, 576, 576}, {512, 1536, 576}, {512, 576, 1536}, {512, 4096, 4096},
	} {
		for _, kind := range []quant.Type{quant.F32, quant.Q4_1, quant.Q8_0} {
			for _, threads := range []int{1, 2} {
				m, n, k := s[0], s[1], s[2]
				b.Run(fmt.Sprintf("%dx%dx%d/%v/threads=%d", m, n, k, kind, threads), func(b *testing.B) {
					be := newBench(b, threads)
					r := rand.New(rand.NewPCG(1, 1))
					w, err := be.NewWeight(kind, n, k, randomWeight(r, kind, n, k))
					if err != nil {
						b.Fatal(err)
					}
					x, dst := randomMatrix(r, m, k), newMatrix(m, n)
					best(b, 2*float64(m)*float64(n)*float64(k), "GFLOP/s", func() {
						be.Multiply(x, m, kernels.Product{Dst: dst, Weight: w})
					})
				})
			}
		}
	}
}

// BenchmarkFast is the products of mode fast.
func BenchmarkFast(b *testing.B) {
	for _, kind := range []quant.Type{quant.Q4_1, quant.Q4_K, quant.Q6_K} { // pairs of bfloat16, bytes
		for _, rows := range []int{1, 16, 512} {
			b.Run(fmt.Sprintf("%v/%d", kind, rows), func(b *testing.B) {
				be := newBench(b, 2)
				if err := be.Fast(true); err != nil {
					b.Skip(err)
				}
				const n, k = 1536, 768
				w, err := be.NewWeight(kind, n, k, randomWeight(rand.New(rand.NewPCG(1, 1)), kind, n, k))
				if err != nil {
					b.Fatal(err)
				}
				x, dst := randomMatrix(rand.New(rand.NewPCG(1, 2)), rows, k), newMatrix(rows, n)
				best(b, 2*float64(rows)*n*k, "GFLOP/s", func() { be.Multiply(x, rows, kernels.Product{Dst: dst, Weight: w}) })
			})
		}
	}
}

// BenchmarkScore is the output layer with its log-softmax.
func BenchmarkScore(b *testing.B) {
	for _, rows := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			be := newBench(b, 2)
			const n, k = 49152, 576
			w, err := be.NewWeight(quant.Q8_0, n, k, randomWeight(rand.New(rand.NewPCG(1, 1)), quant.Q8_0, n, k))
			if err != nil {
				b.Fatal(err)
			}
			x, out := randomMatrix(rand.New(rand.NewPCG(1, 2)), rows, k), make([]kernels.Logits, rows)
			best(b, 2*float64(rows)*n*k, "GFLOP/s", func() {
				if err := be.Score(x, w, 0, out); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkPack widens panels: the cost that decoding is made of.
func BenchmarkPack(b *testing.B) {
	for _, kind := range packedTypes {
		b.Run(kind.String(), func(b *testing.B) {
			const rows, cols = 16, 768
			be := newBench(b, 1)
			w, err := be.NewWeight(kind, rows, cols, randomWeight(rand.New(rand.NewPCG(1, 1)), kind, rows, cols))
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]float32, panelCols*cols)
			best(b, rows*cols, "Gweights/s", func() { be.packPanel(dst, w.(*weight), 0, 1, 0, cols, &be.local[0]) })
		})
	}
}

func BenchmarkAttend(b *testing.B) {
	for _, length := range []int{512, 2048} {
		b.Run(fmt.Sprint(length), func(b *testing.B) {
			be := newBench(b, 2)
			r := rand.New(rand.NewPCG(1, 1))
			shape := kernels.CacheShape{Layers: 1, Heads: 9, KVHeads: 3, HeadDim: 64}
			q, k, v := randomMatrix(r, length, 576), randomMatrix(r, length, 192), randomMatrix(r, length, 192)
			pages := make([]int32, length/64)
			for i := range pages {
				pages[i] = int32(i)
			}
			spans := []kernels.Span{{Len: length, Pages: pages}}
			c, dst := newCache(b, be, shape, len(pages)), newMatrix(length, 576)
			be.Store(c, 0, k, v, spans)
			best(b, 2*2*64*9*float64(length)*float64(length+1)/2, "GFLOP/s", func() { be.Attend(dst, q, c, 0, kernels.Attention{Scale: 0.125}, spans) })
		})
	}
}

// BenchmarkAttendBranches is one new token each of 64 sequences that share
// their first 1024 positions, or nothing.
func BenchmarkAttendBranches(b *testing.B) {
	const sequences, length = 64, 1024
	for _, shared := range []bool{true, false} {
		b.Run(fmt.Sprintf("shared=%v", shared), func(b *testing.B) {
			be := newBench(b, 2)
			r := rand.New(rand.NewPCG(1, 1))
			shape := kernels.CacheShape{Layers: 1, Heads: 9, KVHeads: 3, HeadDim: 64}
			c := newCache(b, be, shape, sequences*(length/64+1))
			k, v := randomMatrix(r, length, 192), randomMatrix(r, length, 192)
			var spans []kernels.Span
			for i := range sequences {
				first := int32(0)
				if !shared {
					first = int32(i * length / 64)
				}
				var pages []int32
				for p := range int32(length / 64) {
					pages = append(pages, first+p)
				}
				if i == 0 || !shared {
					be.Store(c, 0, k, v, []kernels.Span{{Len: length, Pages: pages}})
				}
				own := int32(sequences*length/64 + i)
				spans = append(spans, kernels.Span{Row: i, Len: 1, Start: length, Pages: append(pages, own)})
			}
			be.Store(c, 0, k, v, spans)
			q, dst := randomMatrix(r, sequences, 576), newMatrix(sequences, 576)
			best(b, 2*2*64*9*sequences*(length+1), "GFLOP/s", func() { be.Attend(dst, q, c, 0, kernels.Attention{Scale: 0.125}, spans) })
		})
	}
}

func BenchmarkRows(b *testing.B) {
	const rows = 512
	be := newBench(b, 2)
	r := rand.New(rand.NewPCG(1, 1))
	x, up := randomMatrix(r, rows, 1536), randomMatrix(r, rows, 1536)
	gain, err := be.NewWeight(quant.F32, 1, 1536, randomWeight(r, quant.F32, 1, 1536))
	if err != nil {
		b.Fatal(err)
	}
	dst, angles, order := newMatrix(rows, 1536), randomMatrix(r, rows, 128), r.Perm(rows)
	for name, do := range map[string]func(){
		"norm":   func() { be.Norm(dst, x, rows, gain, 1e-5) },
		"swiglu": func() { be.SwiGLU(dst, x, up, rows) },
		"rotate": func() { be.Rotate(up, rows, 24, angles, false) },
		"gather": func() { be.Gather(dst, x, order) },
	} {
		b.Run(name, func(b *testing.B) { best(b, rows*1536, "Gvalues/s", do) })
	}
}

// BenchmarkOneRow is one row times weights that come from memory, and from a
// core's cache: what decoding a sequence is made of.
func BenchmarkOneRow(b *testing.B) {
	for _, kind := range []quant.Type{quant.Q4_0, quant.Q8_0, quant.Q4_K, quant.Q5_K, quant.Q6_K} {
		for name, s := range map[string]struct{ rows, cols, count int }{"memory": {5632, 2048, 20}, "cache": {512, 2048, 1}} {
			b.Run(kind.String()+"/"+name, func(b *testing.B) {
				be, r := newBench(b, 2), rand.New(rand.NewPCG(1, 1))
				data := randomWeight(r, kind, s.rows, s.cols)
				var weights []kernels.Weight
				for range s.count {
					w, err := be.NewWeight(kind, s.rows, s.cols, append([]byte(nil), data...))
					if err != nil {
						b.Fatal(err)
					}
					weights = append(weights, w)
				}
				x, dst, i := randomMatrix(r, 1, s.cols), newMatrix(1, s.rows), 0
				best(b, float64(len(data)), "GB/s", func() {
					be.Multiply(x, 1, kernels.Product{Dst: dst, Weight: weights[i%s.count]})
					i++
				})
			})
		}
	}
}
