package cpu

import (
	"testing"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
)

// What is fetched ahead is each page of the next layer once, by the worker
// whose sequence it is, and nothing of a cache that is closed.
func TestSoon(t *testing.T) {
	be, err := New(2, "portable")
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	shape := kernels.CacheShape{Layers: 3, Heads: 4, KVHeads: 2, HeadDim: 16}
	kv, err := be.NewCache(shape, 8)
	if err != nil {
		t.Fatal(err)
	}
	c := kv.(*cache)
	span := func(start int, pages ...int32) kernels.Span { return kernels.Span{Len: 1, Start: start, Pages: pages} }
	spans := []kernels.Span{span(130, 0, 1, 2), span(140, 0, 1, 3), span(63, 4, 5), span(64, 4, 6)}
	be.expect(c, 2, spans)

	near := []float32{1}
	size := c.blockFloats() * shape.KVHeads
	lines := size / lineFloats / 2 // half a page at a time
	for w, want := range [][]int{{0, 1, 2, 3}, {4, 6}} {
		s := &be.local[w].soon
		for _, page := range want {
			at := page*c.pageFloats() + 2*size
			for _, half := range []int{0, size / 2} {
				if got := s.take(lines, near); got != unsafe.Pointer(&c.memory[at+half]) {
					t.Fatalf("worker %d: not page %d of layer 2, from %d on", w, page, half)
				}
			}
		}
		if s.take(lines, near) != unsafe.Pointer(&near[0]) {
			t.Errorf("worker %d fetches more than its pages", w)
		}
	}

	be.expect(c, 0, spans)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if be.local[0].soon.take(lines, near) != unsafe.Pointer(&near[0]) {
		t.Error("memory of a closed cache is still fetched")
	}
}
