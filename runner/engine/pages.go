package engine

import (
	"slices"

	"github.com/llamaeval/llamaeval/model"
)

// allocate gives a node the pages of its path: its parent's, shared, and
// fresh ones from where it begins. A page that the parent fills in part is
// copied, so that siblings do not write over one another. Pages for the
// generations that begin at the node are set aside at the same time, so that
// none can run out of memory half-way.
func (s *scheduler) allocate(id int32) bool {
	n := &s.trie.nodes[id]
	fresh := pagesFor(n.end()) - n.start/model.PageTokens
	need := fresh
	if !s.states[id].answered {
		for _, r := range n.begins {
			need += sequencePages(n, s.requests[r].Gen)
		}
	}
	if !s.makeRoom(id, need) {
		return false
	}
	st := &s.states[id]
	st.pages = s.extend(s.states[n.parent].pages, n.start, fresh)
	st.computed = 0
	if !st.answered {
		st.begun = make([][]model.PageID, len(n.begins))
		for i, r := range n.begins {
			st.begun[i] = s.take(sequencePages(n, s.requests[r].Gen))
		}
	}
	return true
}

// extend returns a page table for positions 0 to the end of the fresh pages:
// whole pages of the old table before `start` shared, the rest fresh, with
// the rows of the page that `start` falls into copied.
func (s *scheduler) extend(old []model.PageID, start, fresh int) []model.PageID {
	whole := start / model.PageTokens
	table := append(s.share(old[:whole]), s.take(fresh)...)
	if rows := start % model.PageTokens; rows > 0 {
		s.kv.CopyRows(table[whole], old[whole], rows)
	}
	return table
}

// share returns a copy of a table, which owns its pages too.
func (s *scheduler) share(table []model.PageID) []model.PageID {
	for _, p := range table {
		if p != model.NoPage {
			s.kv.Retain(p)
		}
	}
	return slices.Clone(table)
}

func (s *scheduler) release(table []model.PageID) {
	for _, p := range table {
		if p != model.NoPage {
			s.kv.Release(p)
		}
	}
}

// forget gives back what lies before all windows for the position that a
// table's owner computes next.
func (s *scheduler) forget(table []model.PageID, next int) {
	end := s.config.Unseen(next)
	first := end
	for first > 0 && table[first-1] != model.NoPage {
		first--
	}
	s.release(table[first:end])
	for i := range table[first:end] {
		table[first+i] = model.NoPage
	}
}

func (s *scheduler) take(n int) []model.PageID {
	out := make([]model.PageID, n)
	for i := range out {
		p, ok := s.kv.Alloc()
		if !ok {
			panic("engine: a page that was counted as free is not") // makeRoom guarantees it
		}
		out[i] = p
	}
	return out
}

// sequencePages is how many pages a generation may write to, its copy of the
// prompt's last, partly filled page included.
func sequencePages(n *node, g *Generation) int {
	return pagesFor(n.end()+g.MaxTokens) - n.end()/model.PageTokens
}

// makeRoom sees to it that `need` pages are free. It waits (false) while a
// step that is already filled, or a generation, will free some; else the
// nodes needed last give up theirs, except those on the path to id.
func (s *scheduler) makeRoom(id int32, need int) bool {
	if s.kv.Free() >= need {
		return true
	}
	if len(s.segments) > 0 {
		return false
	}
	keep := s.trie.nodes[id].parent
	for _, waiting := range s.stack {
		victim := s.trie.nodes[waiting].parent
		if victim == 0 || victim == keep || s.states[victim].pages == nil {
			continue
		}
		s.evict(victim)
		if s.kv.Free() >= need {
			return true
		}
	}
	// Parts of nodes that were begun and set aside.
	for victim := range s.states {
		if v := int32(victim); v != 0 && v != keep && v != id && s.states[v].pages != nil {
			s.evict(v)
		}
	}
	if s.kv.Free() < need {
		panic("engine: the longest request does not fit, though Run has checked it")
	}
	return true
}
