package runner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// An encoder turns requests from text into tokens by the reference's rules
// (lm-evaluation-harness 0.4.13, TemplateLM._encode_pair and HFLM).
type encoder struct {
	// encode gives a text's tokens, valid until its next call; special ones
	// inside the text are recognised, none is added.
	encode    func(text string) []int32
	addBOS    bool
	bos       int32  // -1: the model has none
	bosText   string // text of the BOS token
	eos       int32  // -1: the model has none
	maxLength int    // context length, tokens

	// Of a server's encoder: it takes texts or dialogues and no tokens; the
	// text goes along with the tokens; why asking it for tokens has failed.
	textOnly, dialogues, keepText bool
	failure                       func() error

	// The last context and its tokens: a document's choices share it.
	lastContext string
	lastTokens  []int32

	front []int32 // what withBOS returned last
	base  []int32 // the context that requests share the beginning of, see request
}

// encoded is one prompt request in tokens. A rolling request has one engine
// request for each window, every other kind exactly one.
type encoded struct {
	requests      []engine.Request
	contextTokens int // as encoded, before anything is cut
	truncated     int // tokens cut from the left
}

// encodeRequest encodes any request. Every continuation has at least one
// token, or it is an error.
func (e *encoder) encodeRequest(r prompts.Request) (encoded, error) {
	if e.textOnly {
		return e.asText(r)
	}
	out, err := e.tokens(r)
	if e.failure != nil {
		if failed := e.failure(); failed != nil {
			return encoded{}, failed
		}
	}
	if err == nil && e.keepText {
		e.addText(r, &out)
	}
	return out, err
}

func (e *encoder) tokens(r prompts.Request) (encoded, error) {
	switch r.Kind {
	case prompts.Generate:
		return e.prompt(r)
	case prompts.Rolling:
		return e.rolling(r.Continuation)
	}
	context, continuation, err := e.pair(r.Context, r.Continuation)
	if err != nil {
		return encoded{}, err
	}
	return e.scored(context, continuation)
}

// pair splits a context and its continuation into tokens. White space at the
// end of the context is moved to the continuation; the continuation's tokens
// are those of the whole text behind as many as the context has.
func (e *encoder) pair(context, continuation string) (c, t []int32, err error) {
	if context == "" {
		return e.afterPrefix(continuation)
	}
	cut := strings.TrimRightFunc(context, py.IsSpace)
	continuation = context[len(cut):] + continuation
	if cut != e.lastContext || e.lastTokens == nil {
		e.lastContext, e.lastTokens = cut, append(e.lastTokens[:0], e.withBOS(cut)...)
	}
	if c = e.lastTokens; len(c) == 0 {
		return e.afterPrefix(continuation)
	}
	whole := e.withBOS(cut + continuation)
	if len(whole) > len(c) {
		return c, whole[len(c):], nil
	}
	// The joint was merged away; score the continuation on its own.
	if t = e.encode(continuation); len(t) == 0 {
		return nil, nil, fmt.Errorf("the continuation %q has no tokens", continuation)
	}
	return c, t, nil
}

// afterPrefix conditions a text on one prefix token: BOS, else EOS. A text
// that begins with that token is not given it twice.
func (e *encoder) afterPrefix(text string) (c, t []int32, err error) {
	prefix, err := e.prefix()
	if err != nil {
		return nil, nil, err
	}
	t = e.encode(text)
	if len(t) > 1 && t[0] == prefix {
		return t[:1], t[1:], nil
	}
	if len(t) == 0 {
		return nil, nil, fmt.Errorf("the text %q has no tokens", text)
	}
	return []int32{prefix}, t, nil
}

func (e *encoder) prefix() (int32, error) {
	switch {
	case e.bos >= 0:
		return e.bos, nil
	case e.eos >= 0:
		return e.eos, nil
	}
	return 0, fmt.Errorf("the model has neither a BOS nor an EOS token to score a text without context")
}

// withBOS encodes a text and puts BOS in front of it where the run wants one,
// never a second time. The tokens are valid until the next call.
func (e *encoder) withBOS(text string) []int32 {
	ids := e.encode(text)
	if !e.addBOS || e.bos < 0 || e.bosText != "" && strings.HasPrefix(text, e.bosText) {
		return ids
	}
	e.front = append(append(e.front[:0], e.bos), ids...)
	return e.front
}

// scored makes the request of a context and continuation, cut from the left
// to what the model can hold: its input, without the last token, has at most
// maxLength tokens.
func (e *encoder) scored(context, continuation []int32) (encoded, error) {
	if len(continuation) > e.maxLength {
		return encoded{}, fmt.Errorf("the continuation has %d tokens, the model's context holds %d", len(continuation), e.maxLength)
	}
	out := encoded{contextTokens: len(context)}
	if over := len(context) + len(continuation) - (e.maxLength + 1); over > 0 {
		context, out.truncated = context[over:], over
	}
	r := e.request(context, continuation)
	r.Scored = len(continuation)
	out.requests = []engine.Request{r}
	return out, nil
}

// request makes a request of a context and what follows. As much as it begins
// with the tokens of an earlier context is taken from there; a context that
// shares less than half becomes the one that later ones are compared with.
func (e *encoder) request(context, rest []int32) engine.Request {
	n := 0
	for n < min(len(context), len(e.base)) && context[n] == e.base[n] {
		n++
	}
	if 2*n < len(context) {
		e.base, n = slices.Clone(context), len(context)
	}
	return engine.Request{Shared: e.base[:n:n], Tokens: slices.Concat(context[n:], rest)}
}

// prompt encodes a generation's prompt, cut from the left so that its longest
// answer fits beside it.
func (e *encoder) prompt(r prompts.Request) (encoded, error) {
	room := e.maxLength - r.Gen.MaxTokens
	if room <= 0 {
		return encoded{}, fmt.Errorf("%d tokens to generate leave no room for a prompt in the model's context of %d: lower max_tokens", r.Gen.MaxTokens, e.maxLength)
	}
	ids := e.withBOS(r.Context)
	if len(ids) == 0 {
		prefix, err := e.prefix()
		if err != nil {
			return encoded{}, err
		}
		ids = []int32{prefix}
	}
	out := encoded{contextTokens: len(ids), truncated: max(0, len(ids)-room)}
	out.requests = []engine.Request{e.request(ids[out.truncated:], nil)}
	return out, nil
}

// rolling splits a text into windows: the first is conditioned on the prefix
// token, each further one predicts up to maxLength new tokens with as much of
// the text before them as fits (get_rolling_token_windows with a context of
// one token).
func (e *encoder) rolling(text string) (encoded, error) {
	prefix, tokens, err := e.afterPrefix(text)
	if err != nil {
		return encoded{}, err
	}
	tokens = slices.Clone(tokens) // the windows are parts of it
	first := min(e.maxLength, len(tokens))
	window := append(append([]int32(nil), prefix...), tokens[:first]...)
	out := encoded{requests: []engine.Request{{Tokens: window, Scored: first}}}
	for predicted := first; predicted < len(tokens); {
		n := min(len(tokens)-predicted, e.maxLength)
		end := predicted + n
		out.requests = append(out.requests, engine.Request{Tokens: tokens[end-e.maxLength-1 : end], Scored: n})
		predicted = end
	}
	return out, nil
}
