package cpu

// thin computes a turn of one row without widening the weights into memory
// first, or returns false where the instruction set, the type or the shape
// does not allow it.
func (b *Backend) thin(t turn, c []float32, add bool) bool {
	if t.rows != 1 {
		return false
	}
	kernels, k := b.isa.thin, t.a.cols
	a := t.a.row(t.row, k)
	if t.pairs != nil {
		kernels, a = b.isa.bf16.thin, t.pairs.row(t.row, t.pairs.cols)
	}
	kind, ok := kernels[t.w.kind]
	if !ok || t.panels%2 != 0 || k%kind.blockSize != 0 || (t.panel+t.panels)*panelCols > t.w.rows {
		return false
	}
	blocks, mode := k/kind.blockSize, 0
	if add {
		mode = addTo
	}
	panelBytes := panelCols * t.w.stride
	four := kind.four != nil && 4*panelBytes <= kind.mostBytes()
	for p := 0; p < t.panels; {
		kernel, n := kind.two, 2
		if four && t.panels-p >= 4 {
			kernel, n = kind.four, 4
		}
		src := t.w.data[(t.panel+p)*panelBytes:]
		ahead := t.ahead(p, n)
		kernel(c[p*panelCols:], a, src, t.w.stride, blocks, ahead, mode)
		p += n
	}
	return true
}

// mostBytes is how large four panels may be. As many are fetched ahead, and what
// comes too early is gone again when it is needed; then two at a time are
// faster, though less for superblocks, which wait for their own widening.
func (p thinProduct) mostBytes() int {
	if p.blockSize == 256 {
		return 256 << 10
	}
	return 128 << 10
}
