//go:build cuda && linux

package cuda

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// cache holds the pages of keys and values, page by page: for each layer keys,
// then values, [KVHeads][PageTokens][HeadDim].
type cache struct {
	b      *Backend
	shape  kernels.CacheShape
	memory driver.Pointer
	half   bool // it holds bfloat16
}

// NewCache takes the memory of all pages at once.
func (b *Backend) NewCache(s kernels.CacheShape, pages int) (kernels.Cache, error) {
	c := &cache{b: b, shape: s, half: b.fast && flashes(s)}
	if err := c.fits(); err != nil {
		return nil, err
	}
	var err error
	if c.memory, err = b.device.Alloc(int64(pages) * int64(b.PageBytes(s))); err != nil {
		return nil, err
	}
	return c, nil
}

// fits says why attention has no kernel for a shape, or returns nil.
func (c *cache) fits() error {
	group := c.shape.Heads / c.shape.KVHeads
	if !c.half && (c.shape.HeadDim > 256 || group > attendRows(c.width())) {
		return fmt.Errorf("no kernel for attention heads of %d values, %d to a key-value head: use --device cpu", c.shape.HeadDim, group)
	}
	return nil
}

// PageBytes returns the memory one page of such a cache takes in this mode.
func (b *Backend) PageBytes(s kernels.CacheShape) int {
	if b.fast && flashes(s) {
		return 2 * pageFloats(s)
	}
	return 4 * pageFloats(s)
}

func pageFloats(s kernels.CacheShape) int { return s.Layers * layerFloats(s) }

func layerFloats(s kernels.CacheShape) int { return 2 * s.KVHeads * kernels.PageTokens * s.HeadDim }

// args describes a layer to a kernel.
func (c *cache) args(layer int) cacheArgs {
	return cacheArgs{
		memory: uint64(c.memory), page: int64(pageFloats(c.shape)), layer: int64(layer * layerFloats(c.shape)),
		kvHeads: int32(c.shape.KVHeads), width: int32(c.shape.HeadDim),
	}
}

// CopyRows copies the first positions of a page.
func (c *cache) CopyRows(dst, src int32, rows int) {
	blocks := c.shape.Layers * 2 * c.shape.KVHeads
	args := copyArgs{
		memory: uint64(c.memory), page: int64(pageFloats(c.shape)),
		dst: dst, src: src, blocks: int32(blocks), width: int32(c.shape.HeadDim), rows: int32(rows),
	}
	if c.half { // half as many words
		args.page, args.width = args.page/2, args.width/2
	}
	launch(c.b, c.b.set.copyRows, blocks, 1, 1, &args)
}

// Close gives the memory back when all that uses it has run.
func (c *cache) Close() error {
	if c.memory == 0 {
		return nil
	}
	at := c.memory
	c.memory = 0
	c.b.flush(false)
	return c.b.device.Release(at)
}

// Store writes keys and values of the spans into their pages.
func (b *Backend) Store(kv kernels.Cache, layer int, k, v kernels.Matrix, spans []kernels.Span) {
	c := kv.(*cache)
	p := b.place(c, spans)
	if b.storeTurned(c, p, layer, k.(*matrix), v.(*matrix)) {
		return
	}
	args := storeArgs{
		cache: c.args(layer), keys: b.at(k.(*matrix)), values: b.at(v.(*matrix)),
		slots: uint64(p.slots), rows: int32(p.rows),
	}
	kernel := b.set.store
	if c.half {
		kernel = b.set.storeBF16
	}
	launch(b, kernel, p.rows, 1, 1, &args)
}
