package runner

import (
	"slices"

	"github.com/llamaeval/llamaeval/runner/engine"
)

// TextTokens encodes a text of its own, with BOS in front where the
// checkpoint's tokenizer adds it.
func (l *Local) TextTokens(text string) []int32 {
	return slices.Clone(l.encoder("auto").withBOS(text))
}

// TextWindows splits a text into the windows of a perplexity task, here of
// inputs of at most context tokens: each token is scored once.
func (l *Local) TextWindows(text string, context int) ([]engine.Request, error) {
	e := l.encoder("auto")
	e.maxLength = context
	out, err := e.rolling(text)
	return out.requests, err
}
