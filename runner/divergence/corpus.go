package divergence

import (
	"fmt"

	"github.com/llamaeval/llamaeval/results/divergence"
	"github.com/llamaeval/llamaeval/runner"
)

// DefaultContext is the length of a chunk in which only the second half is
// scored, the one that published values of llama.cpp's perplexity tool have.
const DefaultContext = 512

// A Document is a text that is scored by itself.
type Document struct {
	Name string // for messages: "doc 3"
	Text string
}

// A Corpus is what both models read.
type Corpus struct {
	Documents []Document
	Context   int             // tokens of a window; 0: the rule's default
	Rule      divergence.Rule // which tokens of a window are scored
	Chunks    int             // score at most that many windows; 0: all
}

// A window is tokens that are computed without anything before them. Those
// from first on are scored; the last one is only a target.
type window struct {
	document int
	tokens   []int32
	first    int
}

// windows cuts the corpus. The document of a window is its number among the
// documents that have one.
func (c Corpus) windows(l *runner.Local) ([]window, error) {
	var out []window
	documents := 0
	for _, d := range c.Documents {
		of, err := c.document(l, d)
		if err != nil {
			return nil, err
		}
		for _, w := range of {
			w.document = documents
			out = append(out, w)
		}
		if len(of) > 0 {
			documents++
		}
		if c.Chunks > 0 && len(out) >= c.Chunks {
			return out[:c.Chunks], nil
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no document has more than %d tokens, so none has a token to score: give a longer text, a smaller --context, or --score all", c.Context/2+1)
	}
	return out, nil
}

// document cuts one text.
func (c Corpus) document(l *runner.Local, d Document) ([]window, error) {
	if c.Rule == divergence.SecondHalf {
		return chunks(l.TextTokens(d.Text), c.Context, bos(l)), nil
	}
	requests, err := l.TextWindows(d.Text, c.Context)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name, err)
	}
	var out []window
	for _, r := range requests {
		out = append(out, window{tokens: r.Tokens, first: len(r.Tokens) - r.Scored})
	}
	return out, nil
}

// chunks cuts tokens into consecutive pieces of n, each with BOS (if not -1) in
// place of its first, and scores what has at least n/2 tokens before those
// that predict it: tokens n/2+1 to n-1 of each piece, as llama.cpp's perplexity
// tool does. A shorter last piece is kept where that leaves it any.
func chunks(tokens []int32, n int, bos int32) []window {
	var out []window
	for first := n/2 + 1; len(tokens) > first; tokens = tokens[min(n, len(tokens)):] {
		piece := append([]int32(nil), tokens[:min(n, len(tokens))]...)
		if bos >= 0 {
			piece[0] = bos
		}
		out = append(out, window{tokens: piece, first: first})
	}
	return out
}

// bos is the token that begins a text for this checkpoint, -1 without one.
func bos(l *runner.Local) int32 {
	if id, ok := l.Tokenizer.BOS(); ok && l.Tokenizer.AddBOS() {
		return id
	}
	return -1
}
