package cpu

// turn is what one worker computes at once: some panels for some rows.
type turn struct {
	*product
	panel, panels int
	row, rows     int
	next          int // panel at which this worker probably goes on
}

// after returns the panel that is read after the turn's first p.
func (t *turn) after(p int) int {
	if p < t.panels {
		return t.panel + p
	}
	return t.next
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
	var list []turn
	for i := range products {
		p := &products[i]
		panels := ceilDiv(p.w.rows, panelCols)
		for first := 0; first < panels; {
			n := min(most, max(2, left/(2*threads)&^1), panels-first)
			for row := 0; row < rows; row += cutRows {
				list = append(list, turn{p, first, n, row, min(cutRows, rows-row), first + threads*n})
			}
			first += n
			left -= n
		}
	}
	return list
}

// cutFewRows takes four panels at a time, a portion's, and pairs at the end so
// that the threads end together.
func (b *Backend) cutFewRows(products []product, rows int) []turn {
	threads := b.pool.Threads()
	var list []turn
	for i := range products {
		p := &products[i]
		panels := ceilDiv(p.w.rows, panelCols)
		for first := 0; first < panels; {
			n := 4
			if left := panels - first; left < 4*threads {
				n = min(2, left)
			}
			list = append(list, turn{p, first, n, 0, rows, first + threads*n})
			first += n
		}
	}
	return list
}
