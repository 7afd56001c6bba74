package scoring

import (
	"math"
	"slices"
)

// An edit turns a text's words into the reference's, from left to right.
type edit byte

const (
	unknownEdit edit = iota
	kept
	replaced
	added   // a word of the reference that the text lacks
	dropped // a word of the text that the reference lacks
)

const (
	editBeam      = 25     // cells computed on either side of the diagonal
	editCacheSize = 10_000 // rows kept for texts that begin alike
	unreached     = math.MaxInt32
)

// editDistance finds the edits from texts to one reference near the diagonal
// of the matrix of distances. The rows of a text are kept for texts that begin
// alike, as sacrebleu does: since the diagonal's slope depends on the text's
// length, what has been asked before shows in extreme cases.
type editDistance struct {
	ref   []string
	first []cell
	cache *cachedRow
	kept  int
}

type cell struct {
	cost int32
	last edit
}

type cachedRow struct {
	row  []cell
	next map[string]*cachedRow
}

func newEditDistance(ref []string) *editDistance {
	d := &editDistance{ref: ref, first: make([]cell, len(ref)+1), cache: &cachedRow{next: map[string]*cachedRow{}}}
	for j := range d.first {
		d.first[j] = cell{int32(j), added}
	}
	return d
}

// to returns the number of edits from the words to the reference, and these.
func (d *editDistance) to(words []string) (int, []edit) {
	rows := [][]cell{d.first}
	node := d.cache
	for _, w := range words {
		next := node.next[w]
		if next == nil {
			break
		}
		rows, node = append(rows, next.row), next
	}
	known := len(rows) - 1
	slope := 1.0
	if len(words) > 0 {
		slope = float64(len(d.ref)) / float64(len(words))
	}
	beam := editBeam
	if editBeam < slope/2 {
		beam = int(math.Ceil(slope/2 + editBeam))
	}
	for i := known + 1; i <= len(words); i++ {
		middle := int(math.Floor(float64(i) * slope))
		from, to := max(0, middle-beam), min(len(d.ref)+1, middle+beam)
		if i == len(words) {
			to = len(d.ref) + 1
		}
		rows = append(rows, d.row(rows[i-1], words[i-1], from, to))
	}
	d.keep(node, words[known:], rows[known+1:])
	return int(rows[len(words)][len(d.ref)].cost), d.trace(rows)
}

// row computes cells from to before to, of the row after above.
func (d *editDistance) row(above []cell, word string, from, to int) []cell {
	row := make([]cell, len(d.ref)+1)
	for j := range row {
		row[j].cost = unreached
	}
	for j := from; j < to; j++ {
		if j == 0 {
			row[0] = cell{above[0].cost + 1, dropped}
			continue
		}
		c := cell{above[j-1].cost, kept}
		if word != d.ref[j-1] {
			c = cell{plusOne(above[j-1].cost), replaced}
		}
		if n := plusOne(above[j].cost); n < c.cost {
			c = cell{n, dropped}
		}
		if n := plusOne(row[j-1].cost); n < c.cost {
			c = cell{n, added}
		}
		if c.cost < unreached {
			row[j] = c
		}
	}
	return row
}

func plusOne(cost int32) int32 {
	if cost == unreached {
		return unreached
	}
	return cost + 1
}

// keep stores the rows of the words that follow those of node.
func (d *editDistance) keep(node *cachedRow, words []string, rows [][]cell) {
	if d.kept >= editCacheSize {
		return
	}
	for i, w := range words {
		next := &cachedRow{rows[i], map[string]*cachedRow{}}
		node.next[w] = next
		node = next
		d.kept++
	}
}

// trace reads the edits back from the last cell. Cells outside of the beam
// end it; a matrix has a way through unless the beam missed it.
func (d *editDistance) trace(rows [][]cell) []edit {
	var out []edit
	for i, j := len(rows)-1, len(d.ref); i > 0 || j > 0; {
		e := rows[i][j].last
		switch e {
		case kept, replaced:
			i, j = i-1, j-1
		case added:
			j--
		case dropped:
			i--
		}
		if e == unknownEdit {
			break
		}
		out = append(out, e)
	}
	slices.Reverse(out)
	return out
}
