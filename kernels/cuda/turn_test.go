//go:build cuda && linux

package cuda

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
)

// Rotations that are done with storing leave what they leave by themselves.
func TestStoreTurned(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(41, 42))
	for _, fast := range []bool{false, true} {
		for _, halves := range []bool{false, true} {
			for _, turned := range []int{16, 24} {
				if err := b.Fast(fast); err != nil {
					t.Fatal(err)
				}
				const rows, width = 67, 24
				s := kernels.CacheShape{Layers: 2, KVHeads: 3, HeadDim: width, Heads: 6}
				q, k, v := random(r, rows*s.Heads*width), random(r, rows*s.KVHeads*width), random(r, rows*s.KVHeads*width)
				table := upload(b, rows, random(r, rows*2*turned))
				spans := []kernels.Span{{Row: 2, Len: rows - 2, Start: 1, Pages: []int32{2, 1}}, {Row: 0, Len: 2, Start: 62, Pages: []int32{0}}}
				store := func(together bool) ([]byte, []float32) {
					c := newCache(t, b, s, 3).(*cache)
					defer c.Close()
					size := 3 * b.PageBytes(s)
					b.check(b.stream.Clear(c.memory, size))
					qm, km, vm := upload(b, rows, q), upload(b, rows, k), upload(b, rows, v)
					b.Rotate(km, rows, s.KVHeads, table, halves)
					b.Rotate(qm, rows, s.Heads, table, halves)
					if !together {
						b.queued()
					}
					b.Store(c, 1, km, vm, spans)
					if km.stale != together {
						t.Errorf("together %v: stale %v", together, km.stale)
					}
					memory := make([]byte, size)
					queries := download(t, b, qm, rows)
					b.check(b.stream.Download(memory, c.memory))
					if err := b.wait(); err != nil {
						t.Fatal(err)
					}
					return memory, queries
				}
				memory, queries := store(true)
				wantMemory, want := store(false)
				if err := sameBits(queries, want); err != nil {
					t.Errorf("fast %v, halves %v, %d turned: queries: %v", fast, halves, turned, err)
				}
				if !bytes.Equal(memory, wantMemory) {
					t.Errorf("fast %v, halves %v, %d turned: the caches differ", fast, halves, turned)
				}
			}
		}
	}
}
