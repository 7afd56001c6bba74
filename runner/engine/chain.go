package engine

// generatedCost is what a generated token costs in tokens of a prompt: decode
// is that much slower than prefill (docs/performance.md). How much is
// generated is not known before; half of the limit is assumed.
const generatedCost = 3

// A Link is a group of requests, a document's, in the order of the trie.
type Link struct {
	Group  int // index into the groups
	Cost   int // of the group alone, in tokens of a prompt
	Shared int // of it, what the group before it in the chain has computed
}

// Chain lays groups of requests out in the order of the trie of their first
// requests, so that a piece of the chain is some subtrees, with the path to
// the first of them. Every group has at least one request.
func Chain(groups [][]Request) []Link {
	firsts := make([]Request, len(groups))
	for i, g := range groups {
		firsts[i] = g[0]
	}
	out := make([]Link, len(groups))
	for i, o := range inOrder(firsts) {
		out[i] = Link{Group: int(o.request), Cost: cost(groups[o.request]), Shared: int(o.shared)}
	}
	return out
}

// cost is that of requests which share what they can among themselves.
func cost(requests []Request) int {
	n := tokensComputed(requests)
	for _, r := range requests {
		if r.Gen != nil {
			n += generatedCost * r.Gen.MaxTokens / 2
		}
	}
	return n
}
