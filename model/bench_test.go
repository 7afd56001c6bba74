package model_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/model"
)

// The benchmarks report the fastest run: other programs make a run slower,
// nothing makes it faster.

func BenchmarkPrefill(b *testing.B) {
	m := openForBench(b)
	for _, n := range []int{64, 512, 2048} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			tokens := randomTokens(rand.New(rand.NewPCG(1, 1)), n, m.Config().Vocab)
			kv := newKV(b, m, (n+63)/64)
			defer kv.Close()
			seg := []model.Segment{{Tokens: tokens, Pages: pagesOf(b, kv, n), Outputs: []model.Output{{Row: n - 1, Target: -1}}}}
			fastest := time.Duration(1 << 62)
			for b.Loop() {
				start := time.Now()
				if err := m.Forward(kv, seg); err != nil {
					b.Fatal(err)
				}
				fastest = min(fastest, time.Since(start))
			}
			b.ReportMetric(float64(n)/fastest.Seconds(), "tokens/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// openForBench opens the checkpoint named by LLAMAEVAL_BENCH_MODEL, or the real
// one, in the mode named by LLAMAEVAL_BENCH_MODE, or exact.
func openForBench(b *testing.B) *model.Model {
	b.Helper()
	path, mode := os.Getenv("LLAMAEVAL_BENCH_MODEL"), os.Getenv("LLAMAEVAL_BENCH_MODE")
	if path == "" {
		m := openReal(b)
		if err := m.SetMode(mode); err != nil {
			b.Fatal(err)
		}
		return m
	}
	m, err := model.Open(path, model.Options{Mode: mode})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	return m
}

// BenchmarkDecode takes single steps of that many sequences that share
// nothing, each 128 tokens long.
func BenchmarkDecode(b *testing.B) {
	m := openForBench(b)
	for _, n := range []int{1, 4, 16, 32} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			const length = 128
			kv := newKV(b, m, n*3)
			defer kv.Close()
			r := rand.New(rand.NewPCG(1, 1))
			segs := make([]model.Segment, n)
			for i := range segs {
				segs[i] = model.Segment{Tokens: randomTokens(r, length, m.Config().Vocab), Pages: pagesOf(b, kv, length+1)}
			}
			if err := m.Forward(kv, segs); err != nil {
				b.Fatal(err)
			}
			for i := range segs {
				segs[i].Tokens, segs[i].Start, segs[i].Outputs = segs[i].Tokens[:1], length, []model.Output{{Target: -1}}
			}
			fastest := time.Duration(1 << 62)
			for b.Loop() {
				start := time.Now()
				if err := m.Forward(kv, segs); err != nil {
					b.Fatal(err)
				}
				fastest = min(fastest, time.Since(start))
			}
			b.ReportMetric(float64(n)/fastest.Seconds(), "tokens/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
