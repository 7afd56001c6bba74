package cpu

import "github.com/llamaeval/llamaeval/kernels"

// cache holds the pages of keys and values. For one layer and key-value head
// a page is keys [width][64], position fastest, so that 16 positions make a
// panel, then values [64][padded], element fastest, for the same reason.
type cache struct {
	shape  kernels.CacheShape
	padded int // width of a value row, a multiple of panelCols
	memory []float32
	free   func() error
	pool   *Pool
}

// NewCache reserves addresses; the system gives memory to a page when
// something is stored in it, and it then stays.
func (b *Backend) NewCache(s kernels.CacheShape, pages int) (kernels.Cache, error) {
	c := &cache{shape: s, padded: roundUp(s.HeadDim, panelCols), pool: b.pool}
	c.memory, c.free = reserve(pages * c.pageFloats())
	return c, nil
}

// PageBytes returns the memory one page of such a cache takes.
func (b *Backend) PageBytes(s kernels.CacheShape) int {
	c := cache{shape: s, padded: roundUp(s.HeadDim, panelCols)}
	return 4 * c.pageFloats()
}

func (c *cache) blockFloats() int { return kernels.PageTokens * (c.shape.HeadDim + c.padded) }

func (c *cache) pageFloats() int { return c.blockFloats() * c.shape.Layers * c.shape.KVHeads }

// block returns the keys and values of a layer and head on a page.
func (c *cache) block(id int32, layer, head int) (keys, values []float32) {
	n := c.blockFloats()
	at := int(id)*c.pageFloats() + (layer*c.shape.KVHeads+head)*n
	block := c.memory[at : at+n]
	split := kernels.PageTokens * c.shape.HeadDim
	return block[:split], block[split:]
}

// CopyRows copies the first positions of a page, on all threads: it is memory
// that decides.
func (c *cache) CopyRows(dst, src int32, rows int) {
	c.pool.Run(c.shape.Layers*c.shape.KVHeads, func(_, turn int) {
		layer, head := turn/c.shape.KVHeads, turn%c.shape.KVHeads
		toKeys, toValues := c.block(dst, layer, head)
		keys, values := c.block(src, layer, head)
		for d := range c.shape.HeadDim {
			at := d * kernels.PageTokens
			copy(toKeys[at:at+rows], keys[at:at+rows])
		}
		copy(toValues[:rows*c.padded], values[:rows*c.padded])
	})
}

// Close gives the memory back.
func (c *cache) Close() error {
	c.memory = nil
	return c.free()
}

// Store writes keys and values of the spans into their pages.
func (b *Backend) Store(kv kernels.Cache, layer int, k, v kernels.Matrix, spans []kernels.Span) {
	c, km, vm := kv.(*cache), k.(*matrix), v.(*matrix)
	pieces := cutSpans(spans, kernels.PageTokens)
	width := c.shape.HeadDim
	b.pool.RunNear(len(pieces)*c.shape.KVHeads, func(_, turn int) {
		p, head := pieces[turn/c.shape.KVHeads], turn%c.shape.KVHeads
		keys, values := c.block(p.page(), layer, head)
		at := p.start % kernels.PageTokens
		from := km.data[p.row*km.ld+head*width:]
		for d := range width {
			line := keys[d*kernels.PageTokens+at:][:p.count]
			for i := range line {
				line[i] = from[i*km.ld+d]
			}
		}
		for i := range p.count {
			copy(values[(at+i)*c.padded:], vm.row(p.row+i, vm.cols)[head*width:(head+1)*width])
		}
	})
}

// piece is consecutive positions of a span that lie on one page.
type piece struct {
	row, count int
	start      int // absolute position of the first
	pages      []int32
}

func (p piece) page() int32 { return p.pages[p.start/kernels.PageTokens] }

// before returns the page of a block that lies whole before the piece's own,
// and how many of the piece's positions, the first ones, see a part of it.
func (p piece) before(block, window int) (page int32, count int) {
	if block >= p.start/kernels.PageTokens {
		return 0, 0
	}
	if window > 0 {
		count = (block+1)*kernels.PageTokens - 1 + window - p.start
		return p.pages[block], max(0, min(count, p.count))
	}
	return p.pages[block], p.count
}

// cutSpans cuts spans at page borders and into at most that many positions.
func cutSpans(spans []kernels.Span, most int) []piece {
	var out []piece
	for _, s := range spans {
		for done := 0; done < s.Len; {
			at := s.Start + done
			n := min(s.Len-done, most, kernels.PageTokens-at%kernels.PageTokens)
			out = append(out, piece{row: s.Row + done, count: n, start: at, pages: s.Pages})
			done += n
		}
	}
	return out
}
