package engine

import "slices"

// A trie holds the inputs of all requests; each node is a run of tokens that
// the same requests share, computed once.
type trie struct {
	nodes []node // nodes[0] is the root, without tokens
}

type node struct {
	tokens   []int32 // the edge; a part of some request's input
	start    int     // absolute position of tokens[0]
	parent   int32
	children []int32 // ascending by first token; equal ones only where setApart made them
	scores   []score // rows whose logits are wanted, by row
	begins   []int32 // generations whose prompt ends with this node
}

// A score is one scored token: the logits after row predict it.
type score struct {
	row     int32 // index into the node's tokens
	request int32
	index   int32 // which of the request's scored tokens
	target  int32
}

func (n *node) end() int { return n.start + len(n.tokens) }

// buildTrie sorts the inputs and inserts each along the path of the one
// before it, so that building costs one comparison a token.
func buildTrie(requests []Request) *trie {
	t := &trie{nodes: []node{{parent: -1}}}
	path := []int32{0}
	for _, o := range inOrder(requests) {
		r := requests[o.request]
		path = t.insert(path, int(o.shared), r.input())
		t.attach(path, o.request, r)
	}
	return t
}

// insert adds an input that shares its first `shared` tokens with the path,
// and returns the input's own path of nodes, root first.
func (t *trie) insert(path []int32, shared int, in input) []int32 {
	for len(path) > 1 && t.nodes[path[len(path)-1]].start >= shared {
		path = path[:len(path)-1]
	}
	last := path[len(path)-1]
	if t.nodes[last].end() > shared {
		last = t.split(last, shared)
		path[len(path)-1] = last
	}
	if shared == in.len() {
		return path
	}
	id := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{tokens: in.from(shared), start: shared, parent: last})
	t.nodes[last].children = append(t.nodes[last].children, id)
	return append(path, id)
}

// split cuts a node at an absolute position and returns the new upper part.
func (t *trie) split(id int32, at int) int32 {
	upper := int32(len(t.nodes))
	lower := &t.nodes[id]
	cut := at - lower.start
	up := node{tokens: lower.tokens[:cut], start: lower.start, parent: lower.parent, children: []int32{id}}
	lower.tokens, lower.start, lower.parent = lower.tokens[cut:], at, upper
	up.scores, lower.scores = splitScores(lower.scores, int32(cut))
	siblings := t.nodes[up.parent].children
	siblings[slices.Index(siblings, id)] = upper
	t.nodes = append(t.nodes, up)
	return upper
}

// splitScores parts scores at a row; rows of the second part begin there.
func splitScores(scores []score, cut int32) (upper, lower []score) {
	n := 0
	for _, s := range scores {
		if s.row < cut {
			n++
		}
	}
	upper, lower = make([]score, 0, n), make([]score, 0, len(scores)-n)
	for _, s := range scores {
		if s.row < cut {
			upper = append(upper, s)
		} else {
			s.row -= cut
			lower = append(lower, s)
		}
	}
	return upper, lower
}

// setApart gives every generation that begins at a node a node of its own,
// which holds the prompt's last token.
func (t *trie) setApart(id int32) {
	if n := t.nodes[id]; len(n.tokens) > 1 {
		t.split(id, n.end()-1)
	}
	n := &t.nodes[id]
	parent, begins := n.parent, n.begins
	n.begins = begins[:1:1]
	single := node{tokens: n.tokens, start: n.start, parent: parent}
	for _, r := range begins[1:] {
		single.begins = []int32{r}
		siblings := t.nodes[parent].children
		t.nodes[parent].children = slices.Insert(siblings, slices.Index(siblings, id)+1, int32(len(t.nodes)))
		t.nodes = append(t.nodes, single)
	}
}

// attach marks where on its path a request wants logits.
func (t *trie) attach(path []int32, r int32, req Request) {
	if req.Gen != nil {
		last := path[len(path)-1]
		t.nodes[last].begins = append(t.nodes[last].begins, r)
		return
	}
	scored := req.Tokens[len(req.Tokens)-req.Scored:]
	first := len(req.Shared) + len(req.Tokens) - req.Scored
	depth := len(path) - 1
	if n := &t.nodes[path[depth]]; n.scores == nil { // most often they all go there
		n.scores = make([]score, 0, min(req.Scored, len(n.tokens)))
	}
	for i := req.Scored - 1; i >= 0; i-- {
		position := first + i - 1
		for t.nodes[path[depth]].start > position {
			depth--
		}
		n := &t.nodes[path[depth]]
		n.scores = append(n.scores, score{row: int32(position - n.start), request: r, index: int32(i), target: scored[i]})
	}
}
