package engine

import (
	"bytes"
	"slices"

	"github.com/llamaeval/llamaeval/model"
)

// A sequence is a generation under way.
type sequence struct {
	request int32
	gen     *Generation
	pages   []model.PageID
	next    int // absolute position of the last generated token
	answer  Answer
	text    []byte // of the generated tokens, special ones included
	ended   bool
}

// segment feeds the last generated token and asks for the one after it.
func (q *sequence) segment() model.Segment {
	last := q.answer.Tokens[len(q.answer.Tokens)-1]
	return model.Segment{Tokens: []int32{last}, Start: q.next, Pages: q.pages, Outputs: []model.Output{q.gen.choice(0, len(q.answer.Tokens))}}
}

// begin starts the i-th generation of a completed node.
func (s *scheduler) begin(n *node, st *state, i int, first model.Output) error {
	r := n.begins[i]
	q := &sequence{request: r, gen: s.requests[r].Gen, next: n.end() - 1}
	whole := n.end() / model.PageTokens
	q.pages = append(s.share(st.pages[:whole]), st.begun[i]...)
	if rows := n.end() % model.PageTokens; rows > 0 {
		s.kv.CopyRows(q.pages[whole], st.pages[whole], rows)
	}
	s.active = append(s.active, q)
	return s.advance(q, first)
}

// advance appends the token that a step chose and ends the sequence when a
// stop string, an end token or the limit is reached.
func (s *scheduler) advance(q *sequence, o model.Output) error {
	token, logProb := chosen(o)
	q.answer.Tokens = append(q.answer.Tokens, token)
	q.answer.LogProbs = append(q.answer.LogProbs, logProb)
	q.next++
	before := len(q.text)
	q.text = append(q.text, s.engine.bytes(token)...)
	switch {
	case slices.Contains(q.gen.EOS, token):
		q.answer.Finish = FinishEOS
	case q.stopped(before):
		q.answer.Finish = FinishStop
	case len(q.answer.Tokens) == q.gen.MaxTokens:
		q.answer.Finish = FinishLength
	default:
		s.forget(q.pages, q.next)
		return nil
	}
	q.ended = true
	s.release(q.pages)
	return s.done(int(q.request), q.answer)
}

// stopped looks for a stop string that ends in the text added since before,
// across token boundaries.
func (q *sequence) stopped(before int) bool {
	for _, stop := range q.gen.Stop {
		if stop != "" && bytes.Contains(q.text[max(0, before-len(stop)+1):], []byte(stop)) {
			return true
		}
	}
	return false
}
