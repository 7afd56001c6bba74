package cpu

import (
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
)

// soon is keys and values that a worker will probably read in the next call of
// Attend. The products before it compute more than they read, so they fetch
// these from memory meanwhile; they then wait in the L2 or the L3 cache.
type soon struct {
	cache *cache // offsets and not slices: its memory may be unmapped meanwhile
	pages []int  // where in it pages of one layer begin, all heads
	size  int    // floats of each
	next  int
}

const lineFloats = 16 // of a cache line

// expect names the pages of the layer that is attended next, those that
// neighbouring spans share once.
func (b *Backend) expect(c *cache, layer int, spans []kernels.Span) {
	n := c.blockFloats() * c.shape.KVHeads
	for w := range b.local {
		s := &b.local[w].soon
		*s = soon{cache: c, pages: s.pages[:0], size: n}
		var before []int32
		for _, span := range spans[share(len(spans), w, len(b.local)):share(len(spans), w+1, len(b.local))] {
			pages := span.Pages[:ceilDiv(span.Start+span.Len, kernels.PageTokens)]
			for i, page := range pages {
				if page >= 0 && (i >= len(before) || before[i] != page) {
					s.pages = append(s.pages, int(page)*c.pageFloats()+layer*n)
				}
			}
			before = pages
		}
	}
}

// take returns where the next so many cache lines begin that are worth
// fetching; when all are taken, or the cache is closed, those of x, which are
// near.
func (s *soon) take(lines int, x []float32) unsafe.Pointer {
	if s.cache != nil && s.next < len(s.pages)*s.size {
		at := s.pages[s.next/s.size] + s.next%s.size
		s.next += lines * lineFloats
		if at < len(s.cache.memory) {
			return unsafe.Pointer(&s.cache.memory[at])
		}
	}
	return unsafe.Pointer(&x[0])
}
