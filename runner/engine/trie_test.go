package engine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Every request must find its input, its targets and its end on one path of
// the trie, and no two children of a node may begin with the same token.
func TestTrieHoldsEveryRequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		requests := rapid.SliceOfN(rapid.Custom(drawRequest), 1, 40).Draw(t, "requests")
		tr := buildTrie(requests)
		checkShape(t, tr)
		got := make([]map[int]int32, len(requests))
		ends := make([][]int32, len(requests))
		for id := range tr.nodes {
			n := &tr.nodes[id]
			for _, s := range n.scores {
				r := Request{Tokens: requests[s.request].All()}
				position := n.start + int(s.row)
				if !slices.Equal(pathTokens(tr, int32(id))[:position+1], r.Tokens[:position+1]) {
					t.Fatalf("request %d: its scored position %d is not on its path", s.request, position)
				}
				if got[s.request] == nil {
					got[s.request] = map[int]int32{}
				}
				got[s.request][int(s.index)] = s.target
				if r.Tokens[position+1] != s.target {
					t.Fatalf("request %d: target %d, want %d", s.request, s.target, r.Tokens[position+1])
				}
			}
			for _, r := range n.begins {
				ends[r] = pathTokens(tr, int32(id))
			}
		}
		for i, r := range requests {
			if r.Gen != nil && !slices.Equal(ends[i], r.All()) {
				t.Fatalf("generation %d begins after %v, want %v", i, ends[i], r.Tokens)
			}
			if r.Gen == nil && len(got[i]) != r.Scored {
				t.Fatalf("request %d: %d targets, want %d", i, len(got[i]), r.Scored)
			}
		}
		if want := uniquePrefixes(requests); tr.tokens() != want {
			t.Fatalf("trie holds %d tokens, unique prefixes are %d", tr.tokens(), want)
		} else if n := MakePlan(requests).TokensComputed; n != want {
			t.Fatalf("planned %d tokens, unique prefixes are %d", n, want)
		}
	})
}

func drawRequest(t *rapid.T) Request {
	tokens := rapid.SliceOfN(rapid.Int32Range(0, 2), 2, 12).Draw(t, "tokens")
	if rapid.Bool().Draw(t, "generation") {
		cut := rapid.IntRange(0, len(tokens)).Draw(t, "cut")
		return Request{Shared: tokens[:cut], Tokens: tokens[cut:], Gen: &Generation{MaxTokens: 1}}
	}
	scored := rapid.IntRange(1, len(tokens)-1).Draw(t, "scored")
	cut := rapid.IntRange(0, len(tokens)-scored).Draw(t, "cut")
	return Request{Shared: tokens[:cut], Tokens: tokens[cut:], Scored: scored}
}

func pathTokens(tr *trie, id int32) []int32 {
	var parts [][]int32
	for ; id >= 0; id = tr.nodes[id].parent {
		parts = append(parts, tr.nodes[id].tokens)
	}
	slices.Reverse(parts)
	return slices.Concat(parts...)
}

func checkShape(t *rapid.T, tr *trie) {
	for id := range tr.nodes {
		n := &tr.nodes[id]
		seen := map[int32]bool{}
		for _, c := range n.children {
			child := &tr.nodes[c]
			if child.parent != int32(id) || child.start != n.end() || len(child.tokens) == 0 {
				t.Fatalf("node %d does not hang under %d", c, id)
			}
			if seen[child.tokens[0]] {
				t.Fatalf("two children of %d begin with %d", id, child.tokens[0])
			}
			seen[child.tokens[0]] = true
		}
	}
}

func uniquePrefixes(requests []Request) int {
	seen := map[string]bool{}
	for _, r := range requests {
		input := r.input().from(0)
		for i := range input {
			key := make([]byte, 0, i+1)
			for _, t := range input[:i+1] {
				key = append(key, byte(t))
			}
			seen[string(key)] = true
		}
	}
	return len(seen)
}

// tokens counts the tokens of all nodes.
func (t *trie) tokens() int {
	n := 0
	for i := range t.nodes {
		n += len(t.nodes[i].tokens)
	}
	return n
}
