//go:build cuda && linux

package cuda

import (
	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// Shapes that kernel/attend_bf16.cu is written for.
const (
	flashThreads = 128
	flashRows    = 64 // query rows of a tile
)

// flashBytes is the shared memory of Flash: queries, one or two stages of keys
// and values, and lists of rows.
func flashBytes(width int) int {
	blocks := 5
	if width > 128 {
		blocks = 3
	}
	return blocks*64*width*2 + 64*7*4
}

// flashes tells whether attention of mode fast is in bfloat16 for such heads.
// It is otherwise as in mode exact.
func flashes(s kernels.CacheShape) bool {
	return s.HeadDim%8 == 0 && s.HeadDim <= 256 && s.Heads/s.KVHeads <= flashRows
}

// flash queues attention over a cache in bfloat16; the result is bfloat16 too.
func (b *Backend) flash(dst, q *matrix, p *placed, layer int, how kernels.Attention) {
	if !b.fast {
		panic("cuda: the cache was made in mode fast and is used in mode exact")
	}
	c := p.cache
	args := flashArgs{
		cache: c.args(layer), query: b.at(q),
		pieces: uint64(p.pieces), pages: uint64(p.lists), tiles: uint64(p.tiles),
		heads: int32(c.shape.Heads), window: int32(how.Window), scale: how.Scale, limit: how.Limit,
	}
	_, args.half = b.write(dst, true)
	k := map[int]*driver.Kernel{64: b.set.flash64, 128: b.set.flash128, 256: b.set.flash256}[c.width()]
	launch(b, k, p.tiled, c.shape.KVHeads, 1, &args)
}

// stack joins neighbouring pieces that share at least half of their pages, at
// most so many positions of them. The bits of a row do not depend on it.
func stack(pieces []pieceArgs, pages []int32, most int) []flashTile {
	var tiles []flashTile
	positions := 0
	for i, p := range pieces {
		if i > 0 && positions+int(p.count) <= most && shareHalf(pieces[i-1], p, pages) {
			tiles[len(tiles)-1].count++
			positions += int(p.count)
			continue
		}
		tiles = append(tiles, flashTile{first: int32(i), count: 1})
		positions = int(p.count)
	}
	return tiles
}

func shareHalf(a, b pieceArgs, pages []int32) bool {
	blocks := func(p pieceArgs) int { return int(p.start+p.count-1)/kernels.PageTokens + 1 }
	most, same := max(blocks(a), blocks(b)), 0
	for same < min(blocks(a), blocks(b)) && pages[int(a.pages)+same] == pages[int(b.pages)+same] {
		same++
	}
	return 2*same >= most
}
