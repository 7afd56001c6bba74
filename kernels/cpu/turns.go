package cpu

import "unsafe"

// turn is what one worker computes at once: some panels for some rows.
type turn struct {
	*product
	panel, panels int
	row, rows     int
	next          int // panel at which this worker probably goes on

	// Of few rows: the weight and panel that this worker probably reads next.
	then      *weight
	thenPanel int
}

// after returns the panel that is read after the turn's first p.
func (t *turn) after(p int) int {
	if p < t.panels {
		return t.panel + p
	}
	return t.next
}

// ahead returns how many bytes beyond the turn's p-th panel what is read after
// n panels lies, perhaps in another weight.
func (t *turn) ahead(p, n int) int {
	panelBytes := panelCols * t.w.stride
	if t.then == nil || p+n < t.panels {
		return (t.after(p+n) - t.panel - p) * panelBytes
	}
	to := &t.then.data[min(t.thenPanel*panelCols*t.then.stride, len(t.then.data)-1)]
	return int(uintptr(unsafe.Pointer(to)) - uintptr(unsafe.Pointer(&t.w.data[(t.panel+p)*panelBytes])))
}

// mostGroup is how many panels are widened at a time where memory allows it:
// more would read a row of x no less often than the L1 cache forgets it.
const mostGroup = 8

// mostPanels is how many panels of k weights fit a worker's cache.
func (b *Backend) mostPanels(k int) int {
	n := min(mostGroup, b.isa.cache/(4*panelCols*pieceOf(k)))
	if n > 1 {
		n &^= 1 // the best tiles take pairs
	}
	return max(1, n)
}

// cut divides products into turns that keep all threads busy to the end: large
// ones first, which read x least often, then ever smaller ones.
func (b *Backend) cut(products []product, rows int) []turn {
	if rows <= fewRowsOfA {
		return b.cutFewRows(products, rows)
	}
	k := products[0].a.cols
	cutRows := rows
	if k > longestK {
		cutRows = min(rows, 384) // bounds the memory of partial sums
	}
	left := 0
	for i := range products {
		left += ceilDiv(products[i].w.rows, panelCols)
	}
	threads := b.pool.Threads()
	most := b.mostPanels(k)
	list := b.turns[:0]
	for i := range products {
		p := &products[i]
		panels := ceilDiv(p.w.rows, panelCols)
		for first := 0; first < panels; {
			n := min(most, max(2, left/(2*threads)&^1), panels-first)
			for row := 0; row < rows; row += cutRows {
				list = append(list, turn{product: p, panel: first, panels: n, row: row, rows: min(cutRows, rows-row), next: first + threads*n})
			}
			first += n
			left -= n
		}
	}
	b.turns = list
	return list
}

// mostFew is how many panels of few rows' products a turn takes: a portion.
const mostFew = 4

// cutFewRows takes a portion's panels at a time, and pairs at the end so that
// the threads end together.
func (b *Backend) cutFewRows(products []product, rows int) []turn {
	threads := b.pool.Threads()
	list := b.turns[:0]
	for i := range products {
		p := &products[i]
		panels := ceilDiv(p.w.rows, panelCols)
		for first := 0; first < panels; {
			n := mostFew
			if left := panels - first; left < mostFew*threads {
				n = min(2, left)
			}
			list = append(list, turn{product: p, panel: first, panels: n, rows: rows, next: first + threads*n})
			first += n
		}
	}
	for i := range list {
		t := &list[i]
		if i+threads < len(list) {
			t.then, t.thenPanel = list[i+threads].w, list[i+threads].panel
		} else {
			t.then, t.thenPanel = products[len(products)-1].w.then, mostFew*(i+threads-len(list))
		}
	}
	b.turns = list
	return list
}
