//go:build cuda && linux

package cuda

import (
	"math"
	"slices"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// placed is what kernels must know of a step's spans, on the device.
type placed struct {
	spans  []kernels.Span // kept, so that no other spans can lie there
	cache  *cache
	slots  driver.Pointer // of each row: 64*page + position on it
	rows   int
	lists  driver.Pointer // pages, span after span
	pieces driver.Pointer
	count  int            // pieces
	tiles  driver.Pointer // of a cache in bfloat16
	tiled  int            // how many
}

// place sends spans once for all layers of a step, which therefore must not
// change them.
func (b *Backend) place(c *cache, spans []kernels.Span) *placed {
	for _, p := range b.spans {
		if p.cache == c && unsafe.SliceData(p.spans) == unsafe.SliceData(spans) && len(p.spans) == len(spans) {
			return p
		}
	}
	p := &placed{spans: spans, cache: c}
	most, border := attendRows(c.width())*c.shape.KVHeads/c.shape.Heads, kernels.PageTokens
	if c.half {
		most, border = flashRows*c.shape.KVHeads/c.shape.Heads, math.MaxInt32
	}
	var slots, lists []int32
	var pieces []pieceArgs
	for _, s := range spans {
		pieces = append(pieces, cut(s, most, border, len(lists))...)
		lists = append(lists, s.Pages[:ceilDiv(s.Start+s.Len, kernels.PageTokens)]...)
		for i := range s.Len {
			at := s.Start + i
			for len(slots) <= s.Row+i {
				slots = append(slots, 0)
			}
			slots[s.Row+i] = s.Pages[at/kernels.PageTokens]*kernels.PageTokens + int32(at%kernels.PageTokens)
		}
	}
	slices.Reverse(pieces) // the last of a sequence have most keys: begin with them
	var tiles []flashTile
	if c.half {
		tiles = stack(pieces, lists, most)
	}
	if b.step.on { // what a kernel finds at the end does nothing
		n := b.padded(len(slots))
		slots, pieces, lists = padTo(slots, n, -1), padTo(pieces, n, pieceArgs{}), padTo(lists, powerOfTwo(max(64, len(lists))), 0)
		if c.half {
			tiles = padTo(tiles, n, flashTile{})
		}
	}
	p.rows, p.count, p.tiled = len(slots), len(pieces), len(tiles)
	// One array, so that all of it is sent in the same step.
	p.pieces = b.send(slices.Concat(bytesOf(pieces), bytesOf(tiles), bytesOf(slots), bytesOf(lists)))
	p.tiles = p.pieces + driver.Pointer(len(bytesOf(pieces)))
	p.slots = p.tiles + driver.Pointer(len(bytesOf(tiles)))
	p.lists = p.slots + driver.Pointer(len(bytesOf(slots)))
	b.spans = append(b.spans, p)
	return p
}

// cut returns a span in pieces that cross no multiple of border and have at
// most that many positions; list is where its pages begin.
func cut(s kernels.Span, most, border, list int) []pieceArgs {
	var out []pieceArgs
	for done := 0; done < s.Len; {
		at := s.Start + done
		n := min(s.Len-done, most, border-at%border)
		out = append(out, pieceArgs{row: int32(s.Row + done), count: int32(n), start: int32(at), pages: int32(list)})
		done += n
	}
	return out
}
