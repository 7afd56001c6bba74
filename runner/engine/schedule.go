package engine

import (
	"context"
	"slices"

	"github.com/llamaeval/llamaeval/model"
)

// A scheduler walks the trie depth-first. Nodes whose parent is computed lie
// on a stack; each step takes as many from its top as fit the batch, beside
// one token of every generation under way. Memory stays near one path plus a
// batch per level; when the budget is smaller still, the nodes needed last
// give up their pages and are computed again when their turn comes.
type scheduler struct {
	engine  *Engine
	trie    *trie
	kv      *model.KV
	config  model.Config
	states  []state // by node
	stack   []int32 // nodes to compute, next on top
	left    []int   // scored tokens a request still waits for
	answers map[int32]*Answer
	active  []*sequence
	done    func(int, Answer) error

	requests []Request
	segments []model.Segment // of the step under way
	parts    []part          // what each segment is
}

// state is what a node holds between steps.
type state struct {
	pages    []model.PageID // positions 0 to end; nil when not resident
	computed int            // tokens of the node in those pages
	told     int            // tokens whose scores are delivered; evicted or not
	waiting  int            // children never computed yet
	answered bool           // computed once: its scores are delivered
	begun    [][]model.PageID
}

// A part says which node or generation a segment belongs to.
type part struct {
	node     int32 // -1 for a generation's step
	tokens   int
	scores   []score
	sequence *sequence
}

func newScheduler(e *Engine, requests []Request, t *trie, kv *model.KV, done func(int, Answer) error) *scheduler {
	s := &scheduler{engine: e, requests: requests, trie: t, kv: kv, config: e.model.Config(), done: done}
	s.states = make([]state, len(s.trie.nodes))
	s.left = make([]int, len(requests))
	s.answers = map[int32]*Answer{}
	for i, r := range requests {
		s.left[i] = r.Scored
	}
	root := &s.states[0]
	root.pages, root.answered = []model.PageID{}, true
	s.pushChildren(0)
	return s
}

func (s *scheduler) run(ctx context.Context) error {
	for len(s.stack) > 0 || len(s.active) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.fill()
		if err := s.engine.model.Forward(s.kv, s.segments); err != nil {
			return err
		}
		inputs, generated := 0, 0
		for i, p := range s.parts {
			if p.node < 0 {
				generated++
			} else {
				inputs += len(s.segments[i].Tokens)
			}
		}
		s.engine.options.Progress(inputs, generated)
		if err := s.deliver(); err != nil {
			return err
		}
	}
	return nil
}

// fill collects the segments of one step.
func (s *scheduler) fill() {
	s.segments, s.parts = s.segments[:0], s.parts[:0]
	for _, q := range s.active {
		s.segments = append(s.segments, q.segment())
		s.parts = append(s.parts, part{node: -1, tokens: 1, sequence: q})
	}
	room := s.engine.options.MaxBatch - len(s.active)
	if len(s.active) > 0 {
		room = max(room, 1)
	}
	begun := len(s.active)
	for room > 0 && len(s.stack) > 0 {
		id := s.stack[len(s.stack)-1]
		n, st := &s.trie.nodes[id], &s.states[id]
		if st.answered && s.ready(id) {
			// Pushed to be computed again, and meanwhile it was, on the way
			// to a node above.
			s.stack = s.stack[:len(s.stack)-1]
			continue
		}
		if !s.ready(n.parent) {
			if s.inBatch(n.parent) {
				return
			}
			s.stack = append(s.stack, n.parent)
			continue
		}
		if !st.answered && len(n.begins) > 0 && begun > 0 && begun+len(n.begins) > s.engine.options.MaxActive {
			return
		}
		if st.pages == nil && !s.allocate(id) {
			return
		}
		take := min(room, len(n.tokens)-st.computed)
		s.addNode(id, take)
		room -= take
		if st.computed+take < len(n.tokens) {
			return
		}
		begun += len(n.begins)
		s.stack = s.stack[:len(s.stack)-1]
	}
}

// ready reports whether a node's pages hold all of its path.
func (s *scheduler) ready(id int32) bool {
	return s.states[id].pages != nil && s.states[id].computed == len(s.trie.nodes[id].tokens)
}

func (s *scheduler) inBatch(id int32) bool {
	return slices.ContainsFunc(s.parts, func(p part) bool { return p.node == id })
}

func (s *scheduler) addNode(id int32, take int) {
	n, st := &s.trie.nodes[id], &s.states[id]
	from, to := st.computed, st.computed+take
	seg := model.Segment{Tokens: n.tokens[from:to], Start: n.start + from, Pages: st.pages}
	p := part{node: id, tokens: take}
	if !st.answered {
		for _, sc := range n.scores {
			if int(sc.row) >= max(from, st.told) && int(sc.row) < to {
				p.scores = append(p.scores, sc)
				seg.Outputs = append(seg.Outputs, model.Output{Row: int(sc.row) - from, Target: sc.target})
			}
		}
		if to == len(n.tokens) {
			for _, r := range n.begins {
				seg.Outputs = append(seg.Outputs, s.requests[r].Gen.choice(take-1, 0))
			}
		}
	}
	s.segments = append(s.segments, seg)
	s.parts = append(s.parts, p)
}

// deliver hands out what a step computed and moves its nodes and sequences on.
func (s *scheduler) deliver() error {
	for i, p := range s.parts {
		outputs := s.segments[i].Outputs
		if p.node < 0 {
			if err := s.advance(p.sequence, outputs[0]); err != nil {
				return err
			}
			continue
		}
		for k, sc := range p.scores {
			if err := s.scored(sc, outputs[k]); err != nil {
				return err
			}
		}
		st := &s.states[p.node]
		st.computed += p.tokens
		st.told = max(st.told, st.computed)
		s.forget(st.pages, s.trie.nodes[p.node].start+st.computed)
		if st.computed == len(s.trie.nodes[p.node].tokens) {
			if err := s.complete(p.node, outputs[len(p.scores):]); err != nil {
				return err
			}
		}
	}
	s.active = slices.DeleteFunc(s.active, func(q *sequence) bool { return q.ended })
	return nil
}

// scored records one token's log-probability.
func (s *scheduler) scored(sc score, o model.Output) error {
	r := s.requests[sc.request]
	a := s.answers[sc.request]
	if a == nil {
		a = &Answer{LogProbs: make([]float64, r.Scored), Greedy: true}
		s.answers[sc.request] = a
	}
	a.LogProbs[sc.index] = o.LogProb
	a.Greedy = a.Greedy && o.Argmax == sc.target
	if s.left[sc.request]--; s.left[sc.request] > 0 {
		return nil
	}
	delete(s.answers, sc.request)
	return s.done(int(sc.request), *a)
}

// complete is called when all of a node is computed: its generations start,
// its children become ready, and pages nobody waits for are given back.
func (s *scheduler) complete(id int32, begins []model.Output) error {
	n, st := &s.trie.nodes[id], &s.states[id]
	if !st.answered {
		st.answered = true
		for i, o := range begins {
			if err := s.begin(n, st, i, o); err != nil {
				return err
			}
		}
		st.begun = nil
		s.pushChildren(id)
		s.states[n.parent].waiting--
	}
	s.releaseIfIdle(id)
	s.releaseIfIdle(n.parent)
	return nil
}

func (s *scheduler) pushChildren(id int32) {
	children := s.trie.nodes[id].children
	s.states[id].waiting = len(children)
	for i := len(children) - 1; i >= 0; i-- {
		s.stack = append(s.stack, children[i])
	}
}

// releaseIfIdle gives a node's pages back when no child waits for them. A
// node computed again as a step to a deeper one is still needed while that
// one, on top of the stack, hangs under it.
func (s *scheduler) releaseIfIdle(id int32) {
	if id == 0 || s.states[id].waiting > 0 || s.neededNext(id) {
		return
	}
	s.evict(id)
}

func (s *scheduler) neededNext(id int32) bool {
	return len(s.stack) > 0 && s.trie.nodes[s.stack[len(s.stack)-1]].parent == id
}

func (s *scheduler) evict(id int32) {
	st := &s.states[id]
	for _, table := range append(st.begun, st.pages) {
		s.release(table)
	}
	st.pages, st.begun, st.computed = nil, nil, 0
}
