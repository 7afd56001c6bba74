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
		a, okA := ids[left]
		b, okB := ids[right]
		joined = append(append(joined[:0], left...), right...)
		id, okID := ids[string(joined)]
		if !ok || !okA || !okB || !okID {
			return nil, fmt.Errorf("merge %d, %.60q, is not a pair of tokens that join to a third", rank, line)
		}
		table[pair{a, b}] = merge{int32(rank), id}
	}
	return table, nil
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

// word is the scratch space of one encoding.
type word struct {
	symbols []symbol
	queue   []candidate // binary heap
}

var words = sync.Pool{New: func() any { return new(word) }}

// encode appends the ids of the word s: starting from its bytes, the best
// adjacent pair is merged until none is left. A heap over linked symbols makes
// that O(n log n), so that long words without blanks are no danger.
func (t mergeTable) encode(ids []int32, s string, byteIDs *[256]int32) []int32 {
	w := words.Get().(*word)
	defer words.Put(w)
	w.start(s, byteIDs)
	for i := range int32(len(w.symbols)) {
		w.consider(t, i)
	}
	for len(w.queue) > 0 {
		w.apply(t, w.pop())
	}
	for _, sym := range w.symbols {
		if sym.id >= 0 {
			ids = append(ids, sym.id)
		}
	}
	return ids
}

func (w *word) start(s string, byteIDs *[256]int32) {
	w.symbols, w.queue = w.symbols[:0], w.queue[:0]
	for i := range len(s) {
		if id := byteIDs[s[i]]; id >= 0 {
			n := int32(len(w.symbols))
			w.symbols = append(w.symbols, symbol{id: id, prev: n - 1, next: n + 1})
		}
	}
	if n := len(w.symbols); n > 0 {
		w.symbols[n-1].next = -1
	}
}

// consider queues the pair whose left symbol is at index i, if it merges.
func (w *word) consider(t mergeTable, i int32) {
	if i < 0 || w.symbols[i].next < 0 {
		return
	}
	p := pair{w.symbols[i].id, w.symbols[w.symbols[i].next].id}
	if m, ok := t[p]; ok {
		w.push(candidate{m, p, i})
	}
}

func (w *word) apply(t mergeTable, c candidate) {
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

func (w *word) push(c candidate) {
	w.queue = append(w.queue, c)
	i := len(w.queue) - 1
	for i > 0 && c.before(w.queue[(i-1)/2]) {
		w.queue[i] = w.queue[(i-1)/2]
		i = (i - 1) / 2
	}
	w.queue[i] = c
}

func (w *word) pop() candidate {
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
