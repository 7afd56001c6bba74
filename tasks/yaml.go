package tasks

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/llamaeval/llamaeval/tasks/py"
	"go.yaml.in/yaml/v4"
)

// Bounds on one file. The largest task file in the field holds some thousand
// nodes; aliases can make a small file stand for a huge one, so what counts
// is the size after expanding them.
const (
	maxNodes = 200_000
	maxDepth = 100
)

type nodeKind int

const (
	scalarNode nodeKind = iota
	listNode
	mapNode
	funcNode // !function; value is the qualified name as written
)

// node is a YAML value as PyYAML would construct it, with its position.
// Aliases share their node, so a node is never changed once built.
type node struct {
	kind  nodeKind
	value py.Value
	items []*node
	pairs []pair
	src   *source
	line  int
}

type pair struct {
	key   py.Value // hashable scalar
	line  int
	value *node
}

// get returns the value of a key, nil if it is absent.
func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// with returns a map in which the pairs of over win over those of n, as
// Python's {**n, **over}.
func (n *node) with(over []pair) *node {
	out := *n
	out.pairs = update(append([]pair(nil), n.pairs...), over)
	return &out
}

// update is Python's dict.update: a known key keeps its place.
func update(into, from []pair) []pair {
	at := make(map[py.Value]int, len(into)+len(from))
	for i, p := range into {
		at[p.key] = i
	}
	for _, p := range from {
		if i, ok := at[p.key]; ok {
			into[i] = p
			continue
		}
		at[p.key] = len(into)
		into = append(into, p)
	}
	return into
}

func (n *node) without(keys ...string) []pair {
	var out []pair
next:
	for _, p := range n.pairs {
		for _, k := range keys {
			if p.key == k {
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}

// isNull reports an absent or null value; the schema treats both alike.
func (n *node) isNull() bool {
	return n == nil || n.kind == scalarNode && n.value == nil
}

// describe names what a node is, for messages.
func (n *node) describe() string {
	if s, ok := n.value.(string); ok && n.kind == scalarNode {
		return "the text " + quote(s)
	}
	return n.sort()
}

// sort is describe without repeating a text, for files that may be none of ours:
// an include can name any, a secret's too.
func (n *node) sort() string {
	switch n.kind {
	case listNode:
		return "a list"
	case mapNode:
		return "a mapping"
	case funcNode:
		return "a !function"
	}
	switch v := n.value.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case bool:
		return "the boolean " + py.Str(v)
	}
	return "the number " + py.Str(n.value)
}

// keyName is what a message repeats of a key that is not known: one that looks
// like a key.
func keyName(key py.Value) string {
	s := py.Str(key)
	if len(s) > 60 || strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-. ", r)
	}) {
		return fmt.Sprintf("of %d bytes", len(s))
	}
	return s
}

// quote shortens what a message repeats of the file.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// plain turns a node without functions into a Python value.
func (n *node) plain() (py.Value, error) {
	switch n.kind {
	case listNode:
		out := make([]any, len(n.items))
		for i, c := range n.items {
			v, err := c.plain()
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case mapNode:
		d := py.NewDict()
		for _, p := range n.pairs {
			v, err := p.value.plain()
			if err != nil {
				return nil, err
			}
			d.Set(p.key, v)
		}
		return d, nil
	case funcNode:
		return nil, n.errorf("a !function (%s) cannot stand here", n.value)
	}
	return n.value, nil
}

// parseYAML reads one document. Scalars, merge keys and repeated keys follow
// PyYAML (YAML 1.1), since that is what task files are written for.
func parseYAML(src *source, data []byte) (*node, error) {
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		return nil, syntaxError(src, err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, fmt.Errorf("%s: the file holds no YAML document", src.name)
	}
	b := &builder{src: src, done: map[*yaml.Node]built{}}
	n, _, err := b.build(doc.Content[0], 0)
	return n, err
}

func syntaxError(src *source, err error) error {
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	} else if !errors.As(err, &one) {
		return fmt.Errorf("%s: %s", src.name, firstLine(err.Error()))
	}
	what := strings.TrimPrefix(one.Message, "yaml: ")
	if one.ContextMsg != "" {
		what += " " + one.ContextMsg
	}
	if one.Mark.Line == 0 {
		return fmt.Errorf("%s: %s", src.name, firstLine(what))
	}
	return lineError(src, one.Mark.Line, "not valid YAML: %s", firstLine(what))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// builder turns the parser's nodes into ours, each once.
type builder struct {
	src  *source
	done map[*yaml.Node]built
}

type built struct {
	node *node // nil while being built
	size int   // nodes after expanding aliases
}

func (b *builder) build(y *yaml.Node, depth int) (*node, int, error) {
	if y.Kind == yaml.AliasNode {
		return b.build(y.Alias, depth)
	}
	if depth > maxDepth {
		return nil, 0, lineError(b.src, y.Line, "nested deeper than %d levels", maxDepth)
	}
	if d, ok := b.done[y]; ok {
		if d.node == nil {
			return nil, 0, lineError(b.src, y.Line, "anchor &%s contains itself", y.Anchor)
		}
		return d.node, d.size, nil
	}
	n := &node{src: b.src, line: y.Line}
	size := 1
	var err error
	switch y.Kind {
	case yaml.ScalarNode:
		err = b.scalar(n, y)
	case yaml.SequenceNode:
		b.done[y] = built{}
		size, err = b.list(n, y, depth)
	case yaml.MappingNode:
		b.done[y] = built{}
		size, err = b.mapping(n, y, depth)
	default:
		err = n.errorf("this kind of YAML node is not supported")
	}
	if err == nil && size > maxNodes {
		err = n.errorf("expands to more than %d values: too many aliases", maxNodes)
	}
	if err != nil {
		return nil, 0, err
	}
	if y.Anchor != "" || y.Kind != yaml.ScalarNode {
		b.done[y] = built{n, size}
	}
	return n, size, nil
}

func (b *builder) list(n *node, y *yaml.Node, depth int) (int, error) {
	if tag := y.Tag; tag != "!!seq" && tag != "!" {
		return 0, n.errorf("tag %s is not supported", tag)
	}
	n.kind, n.items = listNode, make([]*node, len(y.Content))
	size := 1
	for i, c := range y.Content {
		item, s, err := b.build(c, depth+1)
		if err != nil {
			return 0, err
		}
		n.items[i] = item
		if size += s; size > maxNodes {
			break
		}
	}
	return size, nil
}

// mapping reads pairs; a repeated key takes its last value, and keys merged
// through << give way to the mapping's own.
func (b *builder) mapping(n *node, y *yaml.Node, depth int) (int, error) {
	if tag := y.Tag; tag != "!!map" && tag != "!" {
		return 0, n.errorf("tag %s is not supported", tag)
	}
	n.kind = mapNode
	size := 1
	var own, merged []pair
	for i := 0; i+1 < len(y.Content) && size <= maxNodes; i += 2 {
		key, s1, err := b.build(y.Content[i], depth+1)
		if err != nil {
			return 0, err
		}
		value, s2, err := b.build(y.Content[i+1], depth+1)
		if err != nil {
			return 0, err
		}
		size += s1 + s2
		if isMergeKey(y.Content[i]) {
			if merged, err = mergeInto(merged, value); err != nil {
				return 0, err
			}
			continue
		}
		if key.kind != scalarNode {
			return 0, key.errorf("%s cannot be a key", key.describe())
		}
		own = append(own, pair{key.value, key.line, value})
	}
	n.pairs = update(update(nil, merged), own)
	return size, nil
}

func isMergeKey(y *yaml.Node) bool {
	return y.Kind == yaml.ScalarNode && y.Value == "<<" && plainStyle(y)
}

// mergeInto puts the pairs of a mapping, or of a list of mappings of which
// the first wins, before those merged so far.
func mergeInto(merged []pair, value *node) ([]pair, error) {
	maps := []*node{value}
	if value.kind == listNode {
		maps = value.items
	}
	for i := len(maps) - 1; i >= 0; i-- {
		if maps[i].kind != mapNode {
			return nil, maps[i].errorf("<< merges mappings, this is %s", maps[i].describe())
		}
		merged = update(merged, maps[i].pairs)
	}
	return merged, nil
}
