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

// cut divides products into turns that keep all threads busy to the end.
func (b *Backend) cut(products []product, rows int) []turn {
	k := products[0].a.cols
	if rows <= fewRowsOfA {
		return b.cutFewRows(products, rows)
	}
	panels := 0
	for i := range products {
		panels += ceilDiv(products[i].w.rows, panelCols)
	}
	most := rows
	if k > longestK {
		most = min(most, 384) // bounds the memory of partial sums
	}
	threads := b.pool.Threads()
	var best []turn
	shortest := 0
	for group := b.mostPanels(k); group > 0; group -= 2 {
		cutRows := most
		// Few groups: also cut rows, at the price of widening twice.
		if groups := ceilDiv(panels, group); threads > 1 && groups < threads && rows > 48 {
			cutRows = min(most, max(24, ceilDiv(rows*groups, threads)))
		}
		var list []turn
		for i := range products {
			list = products[i].turns(list, rows, group, cutRows, threads)
		}
		if time := makespan(list, threads); best == nil || time < shortest {
			best, shortest = list, time
		}
	}
	return best
}

func (p *product) turns(list []turn, rows, group, cutRows, threads int) []turn {
	panels := ceilDiv(p.w.rows, panelCols)
	for first := 0; first < panels; first += group {
		for row := 0; row < rows; row += cutRows {
			list = append(list, turn{p, first, min(group, panels-first), row, min(cutRows, rows-row), first + threads*group})
		}
	}
	return list
}

// makespan estimates when the last of some equal threads ends that take turns
// in order. A turn costs its panels' widening, about as much as six rows, its
// rows, and a little for itself.
func makespan(list []turn, threads int) int {
	ends := make([]int, threads)
	for _, t := range list {
		first := 0
		for i := range ends {
			if ends[i] < ends[first] {
				first = i
			}
		}
		ends[first] += t.panels*(t.rows+6) + 2
	}
	last := 0
	for _, e := range ends {
		last = max(last, e)
	}
	return last
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
