package cpu

import (
	"sync/atomic"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
)

// soon is keys and values that the next call of Attend will probably read. The
// products before it compute more than they read, so they fetch these from
// memory meanwhile; they then wait in the L2 or the L3 cache.
type soon struct {
	pages [][]float32 // of one layer, all heads: pieces of equal length
	next  atomic.Int64
}

const lineFloats = 16 // of a cache line

// expect names the pages of the layer that is attended next.
func (s *soon) expect(c *cache, layer int, spans []kernels.Span) {
	s.pages = s.pages[:0]
	s.next.Store(0)
	n := c.blockFloats() * c.shape.KVHeads
	for _, span := range spans {
		for _, page := range span.Pages[:ceilDiv(span.Start+span.Len, kernels.PageTokens)] {
			at := int(page)*c.pageFloats() + layer*n
			s.pages = append(s.pages, c.memory[at:at+n])
		}
	}
}

// take returns where the next so many cache lines begin that are worth
// fetching; when all are taken, or their cache is gone, those of x, which are near.
func (s *soon) take(lines int, x []float32) unsafe.Pointer {
	n := lines * lineFloats
	at := int(s.next.Add(int64(n))) - n
	if len(s.pages) > 0 {
		if page, from := at/len(s.pages[0]), at%len(s.pages[0]); page < len(s.pages) {
			return unsafe.Pointer(&s.pages[page][from])
		}
	}
	return unsafe.Pointer(&x[0])
}
