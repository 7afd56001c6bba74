//go:build cuda && linux

package cuda

import (
	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// Attend computes ref.Attend for every query head and row.
func (b *Backend) Attend(dst, q kernels.Matrix, kv kernels.Cache, layer int, how kernels.Attention, spans []kernels.Span) {
	c := kv.(*cache)
	p := b.place(c, spans)
	if c.half {
		b.flash(dst.(*matrix), q.(*matrix), p, layer, how)
		return
	}
	args := attendArgs{
		cache: c.args(layer), query: b.at(q.(*matrix)),
		pieces: uint64(p.pieces), pages: uint64(p.lists), heads: int32(c.shape.Heads), count: int32(p.count),
		scale: how.Scale, limit: how.Limit, window: int32(how.Window),
	}
	args.out, args.half = b.write(dst.(*matrix), true)
	k := map[int]*driver.Kernel{64: b.set.attend64, 128: b.set.attend128, 256: b.set.attend256}[c.width()]
	launch(b, k, p.count, c.shape.KVHeads, 1, &args)
}

// width is a head's, rounded up to one that attention is compiled for.
func (c *cache) width() int {
	switch {
	case c.shape.HeadDim <= 64:
		return 64
	case c.shape.HeadDim <= 128:
		return 128
	default:
		return 256
	}
}
