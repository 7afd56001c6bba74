package cpu

import (
	"encoding/binary"
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// superblock is how many weights of a k-quant share their factors.
const superblock = 256

// bytePair is the bytes of 32 activations: they, rounded, their scale, the sums
// of the first and second 16 and of all, times the scale. avx512gen has the
// same number.
const bytePair = 48

// bytesOf rounds the first rows of x to bytes, valid until the next call. Rows
// are so many bytes apart.
func (b *Backend) bytesOf(x *matrix, rows int) (data []byte, ld int) {
	ld = x.cols/32*bytePair + 64 // not 4 KiB apart, see NewMatrix
	data = grow(&b.rounded, rows*ld)
	b.eachRow(rows, func(i int) { b.bf16.roundBytes(data[i*ld:(i+1)*ld], x.row(i, x.cols)) })
	return data, ld
}

// superPairs is how many pairs of 16 weights a superblock has.
const superPairs = superblock / 32

// integerPanel is the bytes of a superblock of 16 rows of weights: vectors of
// 64 with a row in each 4. For each pair there are eight of values and the
// scales; then all minima, and the factors of scales and minima.
func (s *stages) integerPanel() int { return 64 * (superPairs*(8+2*s.scales) + 2) }

// Few rows leave most time to what is brought; then it is multiplied while it
// lies in the L1 cache.
const (
	fewPanels      = 1
	fewSuperblocks = 2
)

// integers computes a turn as ref.DotBytes does.
func (b *Backend) integers(t turn, c []float32, s *scratch) {
	if t.rows == 1 && (t.panel+t.panels)*panelCols <= t.w.rows {
		t.integerRow(c)
		return
	}
	width := t.panels * panelCols
	sum := grow(&s.partial, t.rows*width)
	clear(sum)
	group, piece := t.panels, min(cutK, t.a.cols)/superblock
	if t.rows <= fewRowsOfA {
		group, piece = fewPanels, fewSuperblocks
	}
	blocks := t.a.cols / superblock
	for p := 0; p < t.panels; p += group {
		for first := 0; first < blocks; first += piece {
			b.integerPiece(t, sum[p*panelCols:], width, p, min(group, t.panels-p), first, min(piece, blocks-first), s)
		}
	}
	for r := range t.rows {
		to, from := c[r*t.ldc:r*t.ldc+width], sum[r*width:(r+1)*width]
		if !t.add {
			copy(to, from)
			continue
		}
		for i, v := range from {
			to[i] += v
		}
	}
}

// integerRow computes a turn of one row.
func (t *turn) integerRow(c []float32) {
	mode, panelBytes := 0, panelCols*t.w.stride
	if t.add {
		mode = addTo
	}
	for p := range t.panels {
		src := t.w.data[(t.panel+p)*panelBytes:]
		t.integer.one(c[p*panelCols:], t.bytes[t.row*t.bytesLd:], src, t.w.stride, t.a.cols/superblock, t.ahead(p, 1), mode)
	}
}

// integerPiece packs some superblocks of n panels from the turn's p-th on, and
// adds their products to c.
func (b *Backend) integerPiece(t turn, c []float32, ldc, p, n, first, blocks int, s *scratch) {
	panel := blocks * t.integer.integerPanel()
	packed := grow(&s.packed, n*panel)
	ahead := t.ahead(p, n)
	for i := range n {
		dst := packed[i*panel : (i+1)*panel]
		row := (t.panel + p + i) * panelCols
		if row+panelCols > t.w.rows {
			packIntegers(dst, t.w, row, first, blocks, t.integer.stages)
			continue
		}
		at := row*t.w.stride + first*t.w.kind.BlockBytes()
		t.integer.pack(dst, t.w.data[at:], t.w.stride, blocks, ahead+first*(panelCols-1)*t.w.kind.BlockBytes())
	}
	a, highest := t.bytes[t.row*t.bytesLd+first*superPairs*bytePair:], len(t.integer.tiles)-1
	for row := 0; row < t.rows; row += highest {
		rows := min(highest, t.rows-row)
		for i := 0; i < n; {
			wide := min(len(t.integer.tiles[rows])-1, n-i)
			t.integer.tiles[rows][wide](c[row*ldc+i*panelCols:], ldc, a[row*t.bytesLd:], t.bytesLd, packed[i*panel:], panel, blocks)
			i += wide
		}
	}
}

// packIntegers is integers.pack of the weight's last rows, fewer than 16.
func packIntegers(dst []byte, w *weight, row, first, blocks int, s *stages) {
	clear(dst)
	var super quant.Superblock
	for r := row; r < w.rows; r++ {
		for i := range blocks {
			src := w.data[r*w.stride+(first+i)*w.kind.BlockBytes():]
			quant.Integers(&super, w.kind, src[:w.kind.BlockBytes()])
			s.lane(dst[i*s.integerPanel():], 4*(r-row), &super)
		}
	}
}

// lane writes a superblock to bytes at and following of the vectors.
func (s *stages) lane(panel []byte, at int, super *quant.Superblock) {
	put := func(vector int, x uint32) { binary.LittleEndian.PutUint32(panel[64*vector+at:], x) }
	for k := 0; k < superblock; k += 4 {
		put(k/32*(8+s.scales)+k%32/4, binary.LittleEndian.Uint32(super.Values[k:]))
	}
	for i := range superPairs * s.scales {
		step := i * 2 / s.scales
		put(i/s.scales*(8+s.scales)+8+i%s.scales, uint32(super.Scales[step]))
		put(superPairs*(8+s.scales)+i, math.Float32bits(float32(super.Minima[step])))
	}
	put(superPairs*(8+2*s.scales), math.Float32bits(super.D))
	put(superPairs*(8+2*s.scales)+1, math.Float32bits(super.Min))
}
