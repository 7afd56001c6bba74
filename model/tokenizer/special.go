package tokenizer

// trie finds the names of special tokens in text. The zero value matches
// nothing.
type trie struct {
	nodes []trieNode // nodes[0] is the root
	first [256]bool  // bytes that a name can start with
}

type trieNode struct {
	next map[byte]int32
	id   int32 // of the name that ends here, or -1
}

func (t *trie) add(name string, id int32) {
	if name == "" {
		return // would match everywhere
	}
	if t.nodes == nil {
		t.nodes = []trieNode{{id: -1}}
	}
	t.first[name[0]] = true
	at := int32(0)
	for i := range len(name) {
		next, ok := t.nodes[at].next[name[i]]
		if !ok {
			next = int32(len(t.nodes))
			t.nodes = append(t.nodes, trieNode{id: -1})
			if t.nodes[at].next == nil {
				t.nodes[at].next = make(map[byte]int32)
			}
			t.nodes[at].next[name[i]] = next
		}
		at = next
	}
	t.nodes[at].id = id
}

// find returns the place and id of the leftmost name in text, the longest
// where several start there; start and end are len(text) if there is none.
func (t *trie) find(text string) (start, end int, id int32) {
	if t.nodes == nil {
		return len(text), len(text), -1
	}
	for i := range len(text) {
		if t.first[text[i]] {
			if n, id := t.longest(text[i:]); n > 0 {
				return i, i + n, id
			}
		}
	}
	return len(text), len(text), -1
}

// longest returns the length and id of the longest name that starts text.
func (t *trie) longest(text string) (n int, id int32) {
	if t.nodes == nil {
		return 0, -1
	}
	at := int32(0)
	for i := range len(text) {
		next, ok := t.nodes[at].next[text[i]]
		if !ok {
			break
		}
		at = next
		if found := t.nodes[at].id; found >= 0 {
			n, id = i+1, found
		}
	}
	return n, id
}
