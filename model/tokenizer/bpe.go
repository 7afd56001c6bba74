package tokenizer

import (
	"fmt"
	"strings"
	"sync"
)

// mergeTable maps a pair of adjacent tokens to what they merge into.
type mergeTable map[pair]merge

type pair struct{ left, right int32 }

type merge struct {
	rank int32 // lower merges first
	id   int32 // the merged token
}

// newMergeTable reads the lines "left right" of a merges list, best first.
func newMergeTable(lines []string, ids map[string]int32) (mergeTable, error) {
	table := make(mergeTable, len(lines))
	var joined []byte
	for rank, line := range lines {
		left, right, ok := strings.Cut(line, " ")
		if !ok || !table.add(rank, left, right, ids, &joined) {
			return nil, badMerge(rank, line)
		}
	}
	return table, nil
}

// add enters a merge if left, right and both joined are tokens.
func (t mergeTable) add(rank int, left, right string, ids map[string]int32, joined *[]byte) bool {
	a, okA := ids[left]
	b, okB := ids[right]
	*joined = append(append((*joined)[:0], left...), right...)
	id, okID := ids[string(*joined)]
	if !okA || !okB || !okID {
		return false
	}
	t[pair{a, b}] = merge{int32(rank), id}
	return true
}

func badMerge(rank int, text string) error {
	return fmt.Errorf("merge %d, %.60q, is not a pair of tokens that join to a third", rank, text)
}

// symbol is a token of a word under work, linked to its neighbours by index.
type symbol struct {
	id         int32 // -1 once merged into its left neighbour
	prev, next int32 // -1 at the ends
}

// candidate is a pair that may be merged. It is stale if the symbols at its
// place have changed since it was found.
type candidate struct {
	merge
	pair
	at int32 // index of the left symbol
}

// before orders candidates as they are to be merged: by rank, then from the
// left.
func (c candidate) before(d candidate) bool {
	return c.rank < d.rank || c.rank == d.rank && c.at < d.at
}

// wordState is the scratch space of one encoding.
type wordState struct {
	symbols []symbol
	queue   []candidate // binary heap

	// Of the tokens that unused names, the parts last seen; see scoreModel.
	unused []bool
	parts  map[int32]pair
}

var words = sync.Pool{New: func() any { return new(wordState) }}

// merge appends the ids of the word that was started: the best adjacent pair
// is merged until none is left. A heap over linked symbols makes that
// O(n log n), so that long words without blanks are no danger.
func (w *wordState) merge(ids []int32, t mergeTable) []int32 {
	w.join(t)
	for _, sym := range w.symbols {
		if sym.id >= 0 {
			ids = append(ids, sym.id)
		}
	}
	return ids
}

func (w *wordState) join(t mergeTable) {
	for i := range int32(len(w.symbols)) {
		w.consider(t, i)
	}
	for len(w.queue) > 0 {
		w.apply(t, w.pop())
	}
}

func (w *wordState) reset() { w.symbols, w.queue = w.symbols[:0], w.queue[:0] }

// startBytes begins a word with the tokens of its bytes.
func (w *wordState) startBytes(s string, byteIDs *[256]int32) {
	w.reset()
	for i := range len(s) {
		if id := byteIDs[s[i]]; id >= 0 {
			w.add(id)
		}
	}
	w.end()
}

// add appends a symbol, end closes the list of them.
func (w *wordState) add(id int32) {
	n := int32(len(w.symbols))
	w.symbols = append(w.symbols, symbol{id: id, prev: n - 1, next: n + 1})
}

func (w *wordState) end() {
	if n := len(w.symbols); n > 0 {
		w.symbols[n-1].next = -1
	}
}

// consider queues the pair whose left symbol is at index i, if it merges.
func (w *wordState) consider(t mergeTable, i int32) {
	if i < 0 || w.symbols[i].next < 0 {
		return
	}
	p := pair{w.symbols[i].id, w.symbols[w.symbols[i].next].id}
	if m, ok := t[p]; ok {
		if w.unused != nil && w.unused[m.id] {
			w.parts[m.id] = p
		}
		w.push(candidate{m, p, i})
	}
}

func (w *wordState) apply(t mergeTable, c candidate) {
	left := &w.symbols[c.at]
	if left.id != c.left || left.next < 0 || w.symbols[left.next].id != c.right {
		return
	}
	right := &w.symbols[left.next]
	left.id, left.next = c.id, right.next
	right.id = -1
	if right.next >= 0 {
		w.symbols[right.next].prev = c.at
	}
	w.consider(t, left.prev)
	w.consider(t, c.at)
}

func (w *wordState) push(c candidate) {
	w.queue = append(w.queue, c)
	i := len(w.queue) - 1
	for i > 0 && c.before(w.queue[(i-1)/2]) {
		w.queue[i] = w.queue[(i-1)/2]
		i = (i - 1) / 2
	}
	w.queue[i] = c
}

func (w *wordState) pop() candidate {
	top, n := w.queue[0], len(w.queue)-1
	c := w.queue[n]
	w.queue = w.queue[:n]
	i := 0
	for {
		child := 2*i + 1
		if child+1 < n && w.queue[child+1].before(w.queue[child]) {
			child++
		}
		if child >= n || !w.queue[child].before(c) {
			break
		}
		w.queue[i] = w.queue[child]
		i = child
	}
	if n > 0 {
		w.queue[i] = c
	}
	return top
}
