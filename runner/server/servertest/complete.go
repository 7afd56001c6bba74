package servertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/llamaeval/llamaeval/runner/server"
)

type completionRequest struct {
	Prompt         json.RawMessage
	Messages       []struct{ Role, Content string }
	MaxTokens      int `json:"max_tokens"`
	Logprobs       any
	Echo           bool
	Stop           []string
	Stream         bool
	PromptLogprobs *int `json:"prompt_logprobs"`
	ReturnIDs      bool `json:"return_token_ids"`
	Temperature    *float64
}

// complete answers /completions.
func (s *Standin) complete(w http.ResponseWriter, r *http.Request) {
	var q completionRequest
	if !read(w, r, &q) {
		return
	}
	prompt, ok := s.prompt(w, q.Prompt)
	if !ok {
		return
	}
	switch {
	case q.Echo && (s.Kind == server.LlamaCpp || s.Kind == server.TGI):
		refuse(w, http.StatusBadRequest, "Only no echo is supported")
		return
	case q.MaxTokens < 1:
		refuse(w, http.StatusBadRequest, "max_tokens must be at least 1")
		return
	}
	g := s.Model.Generate(prompt, q.MaxTokens, q.Stop)
	c := map[string]any{"index": 0, "text": g.Text, "finish_reason": finish(g), "logprobs": nil}
	if q.Logprobs != nil && s.Kind != server.TGI {
		c["logprobs"] = s.logprobs(prompt, g, q.Echo)
	}
	if s.Kind == server.VLLM {
		if q.PromptLogprobs != nil {
			c["prompt_logprobs"] = s.promptLogprobs(prompt)
		}
		if q.ReturnIDs {
			c["token_ids"] = g.Tokens
		}
		if c["stop_reason"] = nil; g.Stop != "" {
			c["stop_reason"] = g.Stop
		}
	}
	s.send(w, q.Stream, "text", c, len(prompt), len(g.Tokens))
}

func finish(g Generated) string {
	if g.Stop != "" || g.EOS {
		return "stop"
	}
	return "length"
}

// send writes a completion at once, or a part for each word of its text.
func (s *Standin) send(w http.ResponseWriter, stream bool, field string, c map[string]any, prompt, generated int) {
	usage := map[string]any{"prompt_tokens": prompt, "completion_tokens": generated}
	if !stream {
		reply(w, map[string]any{"choices": []any{c}, "usage": usage, "model": s.Name})
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	event := func(v any) {
		data, _ := json.Marshal(v)
		fmt.Fprintf(w, "data: %s\n\n", data)
		w.(http.Flusher).Flush()
	}
	fmt.Fprint(w, ": hello\n\n")
	wrap := func(text string) any {
		if field == "delta" {
			return map[string]any{"content": text}
		}
		return text
	}
	text, _ := c[field].(string)
	for _, part := range strings.SplitAfter(text, " ") {
		event(map[string]any{"choices": []any{map[string]any{"index": 0, field: wrap(part), "finish_reason": nil}}})
	}
	c[field] = wrap("")
	event(map[string]any{"choices": []any{c}})
	event(map[string]any{"choices": []any{}, "usage": usage})
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// logprobs is the API's layout, or llama.cpp's.
func (s *Standin) logprobs(prompt []int32, g Generated, echo bool) any {
	tokens, rows := g.Tokens, s.Model.Rows(append(append([]int32{}, prompt...), g.Tokens...))
	if s.Kind == server.LlamaCpp {
		var content []any
		for i, t := range tokens {
			content = append(content, map[string]any{"id": t, "token": s.Model.Tokenizer.Token(t), "logprob": g.LogProbs[i]})
		}
		return map[string]any{"content": content}
	}
	rows, start := rows[len(prompt)-1:], 0
	if echo {
		tokens, start = append(append([]int32{}, prompt...), tokens...), 1
		rows = s.Model.Rows(tokens)
	}
	bos, hasBOS := s.Model.Tokenizer.BOS()
	behind := hasBOS && echo && prompt[0] == bos && s.Kind == server.LlamaCppP
	if behind { // it leaves BOS out, and then has the first token's as null
		tokens = tokens[1:]
	}
	late := s.Late || echo && s.Kind == server.LlamaCppP && !behind
	var names []string
	var own []any
	var top []any
	for i, t := range tokens {
		names = append(names, string(s.Model.Tokenizer.DecodeBytes([]int32{t})))
		if echo && i == 0 {
			own, top = append(own, nil), append(top, nil)
			continue
		}
		at := i - start
		if behind || late && echo {
			at = i
		}
		row := rows[at]
		best := string(s.Model.Tokenizer.DecodeBytes([]int32{row.Argmax}))
		own = append(own, row.LogProb(t))
		top = append(top, map[string]any{best: row.LogProb(row.Argmax), names[i]: row.LogProb(t)})
	}
	return map[string]any{"tokens": names, "token_logprobs": own, "top_logprobs": top}
}

// promptLogprobs is vLLM's.
func (s *Standin) promptLogprobs(prompt []int32) []any {
	out := []any{nil}
	rows := s.Model.Rows(prompt)
	for i, t := range prompt[1:] {
		row := rows[i]
		if s.Late {
			row = rows[i+1]
		}
		out = append(out, map[string]any{
			id(row.Argmax): map[string]any{"logprob": row.LogProb(row.Argmax), "rank": 1},
			id(t):          map[string]any{"logprob": row.LogProb(t), "rank": row.Rank(t)},
		})
	}
	return out
}

// prefill answers TGI's /generate.
func (s *Standin) prefill(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Inputs     string
		Parameters struct {
			Max     int  `json:"max_new_tokens"`
			Prefill bool `json:"decoder_input_details"`
		}
	}
	if !read(w, r, &q) {
		return
	}
	prompt := s.encode(q.Inputs, true)
	g := s.Model.Generate(prompt, q.Parameters.Max, nil)
	prefill, tokens := []any{}, []any{}
	if q.Parameters.Prefill {
		rows := s.Model.Rows(prompt)
		for i, t := range prompt {
			var p any
			if i > 0 {
				p = rows[i-1].LogProb(t)
			}
			prefill = append(prefill, map[string]any{"id": t, "logprob": p})
		}
	}
	for i, t := range g.Tokens {
		tokens = append(tokens, map[string]any{"id": t, "logprob": g.LogProbs[i]})
	}
	reply(w, map[string]any{"generated_text": g.Text, "details": map[string]any{"finish_reason": finish(g), "prefill": prefill, "tokens": tokens}})
}

// chat answers /chat/completions, with ChatML.
func (s *Standin) chat(w http.ResponseWriter, r *http.Request) {
	var q completionRequest
	if !read(w, r, &q) {
		return
	}
	var text strings.Builder
	for _, m := range q.Messages {
		fmt.Fprintf(&text, "<|im_start|>%s\n%s<|im_end|>\n", m.Role, m.Content)
	}
	text.WriteString("<|im_start|>assistant\n")
	prompt := s.encode(text.String(), true)
	g := s.Model.Generate(prompt, q.MaxTokens, q.Stop)
	c := map[string]any{"index": 0, "finish_reason": finish(g)}
	if q.Stream {
		c["delta"] = g.Text
		s.send(w, true, "delta", c, len(prompt), len(g.Tokens))
		return
	}
	c["message"] = map[string]any{"role": "assistant", "content": g.Text}
	s.send(w, false, "message", c, len(prompt), len(g.Tokens))
}
