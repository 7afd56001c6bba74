package tokenizer

import "fmt"

// What the tokens that are found in text as a whole may take: a file of many
// megabytes can claim that one of them is all of it.
const (
	maxName  = 1024    // bytes of one
	maxNames = 4 << 20 // bytes of all
)

// checkNames refuses a vocabulary whose added tokens are beyond all measure.
func checkNames(v *Vocabulary) error {
	all := 0
	for i, token := range v.Tokens {
		switch v.kind(int32(i)) {
		case Control, UserDefined, Unknown:
		default:
			continue
		}
		if all += len(token); len(token) > maxName {
			return fmt.Errorf("the special token %d is %d bytes long, at most %d are possible", i, len(token), maxName)
		}
	}
	if all > maxNames {
		return fmt.Errorf("the special tokens are %d bytes long together, at most %d are possible", all, maxNames)
	}
	return nil
}

// trie finds the names of special tokens in text. The zero value matches
// nothing.
type trie struct {
	nodes []trieNode
	first [256]int32 // 1 + the node of the names that start with this byte, 0 without
}

type trieNode struct {
	child, sibling int32 // 1 + the first node below and the next one beside, 0 without
	id             int32 // of the name that ends here, or -1
	label          byte
}

func (t *trie) add(name string, id int32) {
	at := int32(-1) // the node that name[:i] leads to
	for i := range len(name) {
		next := t.step(at, name[i])
		if next < 0 {
			next = int32(len(t.nodes))
			first := &t.first[name[0]]
			if at >= 0 {
				first = &t.nodes[at].child
			}
			beside := *first
			*first = next + 1
			t.nodes = append(t.nodes, trieNode{sibling: beside, id: -1, label: name[i]})
		}
		at = next
	}
	if at >= 0 { // an empty name would match everywhere
		t.nodes[at].id = id
	}
}

// step returns the node below at, -1 being the root, to which b leads, or -1.
func (t *trie) step(at int32, b byte) int32 {
	if at < 0 {
		return t.first[b] - 1
	}
	next := t.nodes[at].child
	for next != 0 && t.nodes[next-1].label != b {
		next = t.nodes[next-1].sibling
	}
	return next - 1
}

// find returns the place and id of the leftmost name in text, the longest
// where several start there; start and end are len(text) if there is none.
func (t *trie) find(text string) (start, end int, id int32) {
	if t.nodes == nil {
		return len(text), len(text), -1
	}
	for i := range len(text) {
		if t.first[text[i]] != 0 {
			if n, id := t.longest(text[i:]); n > 0 {
				return i, i + n, id
			}
		}
	}
	return len(text), len(text), -1
}

// longest returns the length and id of the longest name that starts text.
func (t *trie) longest(text string) (n int, id int32) {
	id = -1
	for i, at := 0, int32(-1); i < len(text); i++ {
		if at = t.step(at, text[i]); at < 0 {
			break
		}
		if found := t.nodes[at].id; found >= 0 {
			n, id = i+1, found
		}
	}
	return n, id
}
