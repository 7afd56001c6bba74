package server

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A completion is an answer of /completions or /chat/completions, or a part of
// a streamed one. Fields that only some servers have are empty elsewhere.
type completion struct {
	Choices []choice   `json:"choices"`
	Usage   *usage     `json:"usage"`
	Error   *wireError `json:"error"` // in a stream, behind a status that said success
}

type choice struct {
	Text    string   `json:"text"`
	Message *message `json:"message"` // chat
	Delta   *message `json:"delta"`   // chat, streamed

	FinishReason *string         `json:"finish_reason"`
	StopReason   json.RawMessage `json:"stop_reason"`  // vLLM: the stop string, or a token's id, null for EOS
	MatchedStop  json.RawMessage `json:"matched_stop"` // SGLang: likewise, EOS as its id

	Logprobs       *logprobs     `json:"logprobs"`
	PromptLogprobs []rankedToken `json:"prompt_logprobs"` // vLLM, by position; null for the first
	TokenIDs       []int32       `json:"token_ids"`       // vLLM, generated
}

type message struct {
	Content *string `json:"content"`
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
}

// A wireError is an error in an answer: a text, or an object.
type wireError struct {
	Message string
	Code    int // a status, 0 where none is told
}

func (e *wireError) UnmarshalJSON(data []byte) error {
	var o struct {
		Message string          `json:"message"`
		Code    json.RawMessage `json:"code"` // a number, or a name
	}
	if json.Unmarshal(data, &e.Message) == nil {
		return nil
	}
	if err := json.Unmarshal(data, &o); err != nil {
		return err
	}
	e.Message = o.Message
	e.Code, _ = strconv.Atoi(strings.Trim(string(o.Code), `"`)) // a name is no status
	return nil
}

func (e *wireError) Error() string { return e.Message }

// logprobs has the layout of /completions, or Content, that of chat, which
// llama.cpp uses for both.
type logprobs struct {
	Tokens        []string             `json:"tokens"`
	TokenLogprobs []*float64           `json:"token_logprobs"`
	TopLogprobs   []map[string]float64 `json:"top_logprobs"`
	Content       []contentLogprob     `json:"content"`
}

type contentLogprob struct {
	ID      *int32  `json:"id"` // llama.cpp
	Logprob float64 `json:"logprob"`
}

// A rankedToken is vLLM's report on one position of a prompt: the token that
// stands there and the likeliest ones, by id.
type rankedToken map[string]struct {
	Logprob float64 `json:"logprob"`
	Rank    int     `json:"rank"` // 1: the likeliest
}

// generated lists the log-probabilities of generated tokens, nil where the
// server gave none.
func (l *logprobs) generated() []float64 {
	if l == nil {
		return nil
	}
	var out []float64
	for _, c := range l.Content {
		out = append(out, c.Logprob)
	}
	for _, p := range l.TokenLogprobs {
		if p == nil {
			return nil
		}
		out = append(out, *p)
	}
	return out
}

// ids lists generated tokens where the server names them.
func (c *choice) ids() []int32 {
	if c.TokenIDs != nil || c.Logprobs == nil {
		return c.TokenIDs
	}
	var out []int32
	for _, l := range c.Logprobs.Content {
		if l.ID == nil {
			return nil
		}
		out = append(out, *l.ID)
	}
	return out
}

// text is what was generated.
func (c *choice) text() string {
	for _, m := range []*message{c.Message, c.Delta} {
		if m != nil && m.Content != nil {
			return *m.Content
		}
	}
	return c.Text
}

// add appends a later part of a streamed choice, but for its text.
func (c *choice) add(part choice) {
	c.TokenIDs = append(c.TokenIDs, part.TokenIDs...)
	if part.FinishReason != nil {
		c.FinishReason, c.StopReason, c.MatchedStop = part.FinishReason, part.StopReason, part.MatchedStop
	}
	if l := part.Logprobs; l != nil {
		if c.Logprobs == nil {
			c.Logprobs = &logprobs{}
		}
		c.Logprobs.Tokens = append(c.Logprobs.Tokens, l.Tokens...)
		c.Logprobs.TokenLogprobs = append(c.Logprobs.TokenLogprobs, l.TokenLogprobs...)
		c.Logprobs.Content = append(c.Logprobs.Content, l.Content...)
	}
}
