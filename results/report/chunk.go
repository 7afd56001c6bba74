package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// Bounds of a chunk: it is decoded as a whole when one of its samples is
// looked at, and held as a whole while the page is written.
const (
	chunkItems = 200
	chunkBytes = 4 << 20 // of text, prompts counted in full
)

// A chunk is a run of items that is compressed together. Its JSON is lines:
// the starts of prompts, then one item a line, so that a search can leave
// most items unparsed.
type chunk struct {
	items []item
	bytes int
}

func (c *chunk) add(it item) {
	c.items = append(c.items, it)
	for _, s := range it.samples {
		c.bytes += len(s.Doc)
		for _, texts := range [][]string{s.Contexts, s.Continuations, s.Generations, s.Target} {
			for _, t := range texts {
				c.bytes += len(t)
			}
		}
		for _, ids := range s.TokenIDs {
			c.bytes += 8 * len(ids)
		}
	}
}

func (c *chunk) full() bool { return len(c.items) >= chunkItems || c.bytes >= chunkBytes }

// chunkItem is an item as the page has it.
type chunkItem struct {
	Doc     string        `json:"doc"` // JSON
	Cluster string        `json:"cluster,omitempty"`
	Answers []chunkAnswer `json:"answers"`
}

// A chunkAnswer is a sample as the page has it. Contexts and continuations are
// absent where they are those of the item's first answer.
type chunkAnswer struct {
	Model          int                 `json:"model"`
	Shots          int32               `json:"shots"`
	Start          *int                `json:"start,omitempty"` // with what each context starts: a number of the chunk's first line
	Contexts       []string            `json:"contexts,omitempty"`
	Continuations  []string            `json:"continuations,omitempty"`
	LogLikelihoods []number            `json:"loglikelihoods,omitempty"`
	Greedy         []bool              `json:"greedy,omitempty"`
	ContextTokens  []int32             `json:"context_tokens"`
	Truncated      int32               `json:"truncated,omitempty"`
	Generations    []string            `json:"generations,omitempty"`
	Finish         []string            `json:"finish,omitempty"`
	Filtered       map[string][]string `json:"filtered,omitempty"`
	Target         []string            `json:"target"`
	Metrics        map[string]number   `json:"metrics"`
	Tokens         [][]int32           `json:"tokens"`
	LogProbs       [][]logProb         `json:"logprobs"`
}

// encode returns the chunk's lines.
func (c *chunk) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it is compressed: nothing here is markup
	starts := newStarts(c.items)
	if err := enc.Encode(starts.texts); err != nil {
		return nil, err
	}
	for _, it := range c.items {
		out := chunkItem{Doc: it.first().Doc, Cluster: it.first().Cluster}
		for i, s := range it.samples {
			a := newChunkAnswer(s)
			if i == 0 || !samePrompt(s.Sample, it.first()) {
				a.Start, a.Contexts = starts.cut(s)
				a.Continuations = s.Continuations
			}
			out.Answers = append(out.Answers, a)
		}
		if err := enc.Encode(out); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func samePrompt(a, b results.Sample) bool {
	return slices.Equal(a.Contexts, b.Contexts) && slices.Equal(a.Continuations, b.Continuations)
}

func newChunkAnswer(s answered) chunkAnswer {
	a := chunkAnswer{
		Model: s.model, Shots: s.Shots, Greedy: s.IsGreedy, ContextTokens: s.ContextTokens, Truncated: s.TruncatedTokens,
		Generations: s.Generations, Finish: s.Finish, Filtered: s.Filtered, Target: s.Target,
		Metrics: map[string]number{}, Tokens: s.TokenIDs,
	}
	for _, v := range s.LogLikelihoods {
		a.LogLikelihoods = append(a.LogLikelihoods, number(v))
	}
	for k, v := range s.Metrics {
		a.Metrics[k] = number(v)
	}
	for _, list := range s.TokenLogProbs {
		row := make([]logProb, len(list))
		for i, p := range list {
			row[i] = logProb(p)
		}
		a.LogProbs = append(a.LogProbs, row)
	}
	return a
}

// starts are what the prompts of a task begin with alike in a chunk: its
// description and, where they are the same for all documents, its shots.
type starts struct {
	texts []string
	of    map[startKey]int
}

type startKey struct {
	task  string
	model int
}

func newStarts(items []item) starts {
	common, count := map[startKey]string{}, map[startKey]int{}
	var order []startKey
	for _, it := range items {
		for _, s := range it.samples {
			key := startKey{s.Task, s.model}
			for _, text := range s.Contexts {
				if _, seen := common[key]; !seen {
					common[key], order = text, append(order, key)
				}
				common[key] = commonPrefix(common[key], text)
			}
			count[key]++
		}
	}
	out := starts{texts: []string{}, of: map[startKey]int{}}
	for _, key := range order {
		// Up to a line's end, so that no word of the question is cut off.
		text := common[key][:strings.LastIndexByte(common[key], '\n')+1]
		if text == "" || count[key] < 2 {
			continue
		}
		i := slices.Index(out.texts, text)
		if i < 0 {
			out.texts, i = append(out.texts, text), len(out.texts)
		}
		out.of[key] = i
	}
	return out
}

// cut returns a sample's contexts without their common start.
func (p starts) cut(s answered) (start *int, rest []string) {
	i, ok := p.of[startKey{s.Task, s.model}]
	if !ok || len(s.Contexts) == 0 {
		return nil, s.Contexts
	}
	for _, text := range s.Contexts {
		rest = append(rest, text[len(p.texts[i]):])
	}
	return &i, rest
}

func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}
