package runner

import (
	"strings"

	"github.com/llamaeval/llamaeval/prompts"
)

// A Rendered document is what `tasks show --format jsonl` prints.
type Rendered struct {
	DocID         int      `json:"doc_id"`
	Contexts      []string `json:"contexts"`
	Continuations []string `json:"continuations"`
	Target        []string `json:"target"`
}

// Render shows an item as text, without a model.
func Render(it prompts.Item) Rendered {
	return Rendered{
		DocID: it.DocID, Contexts: append([]string{}, it.Contexts()...),
		Continuations: append([]string{}, it.Continuations()...), Target: append([]string{}, it.Accepted()...),
	}
}

// Boundary stands between two tokens of a text that is shown to a reader,
// LineEnd before each line break in it.
const (
	Boundary = "│"
	LineEnd  = "⏎"
)

// A Tokenised request is one request as the model receives it.
type Tokenised struct {
	Context, Continuation string // token boundaries visible; no continuation for a generation
	ContextTokens         int
	Tokens                int // of the continuation
	Truncated             int // tokens cut from the left
}

// Tokenise encodes an item's requests as a run would and shows the tokens.
func (l *Local) Tokenise(it prompts.Item, bos string) ([]Tokenised, error) {
	enc := l.encoder(bos)
	var out []Tokenised
	for _, r := range it.Requests {
		e, err := enc.encodeRequest(r)
		if err != nil {
			return nil, err
		}
		for _, w := range e.requests {
			tokens := w.All()
			cut := len(tokens) - w.Scored
			out = append(out, Tokenised{
				Context: l.visible(tokens[:cut]), Continuation: l.visible(tokens[cut:]),
				ContextTokens: cut, Tokens: w.Scored, Truncated: e.truncated,
			})
		}
	}
	return out, nil
}

func (l *Local) visible(tokens []int32) string {
	var b strings.Builder
	pending := ""
	for i, t := range tokens {
		if i > 0 {
			b.WriteString(Boundary)
		}
		// Bytes of one character may be spread over tokens; show it with its last.
		pending += string(l.Tokenizer.DecodeBytes([]int32{t}))
		if text := pending; strings.ToValidUTF8(text, "") == text {
			b.WriteString(strings.ReplaceAll(text, "\n", LineEnd+"\n"))
			pending = ""
		}
	}
	b.WriteString(strings.ToValidUTF8(pending, "�"))
	return b.String()
}
