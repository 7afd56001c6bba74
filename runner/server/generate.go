package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/runner/engine"
)

// plain adds what keeps a kind of server from sampling otherwise than it is
// told: defaults of its own, or of the checkpoint (vLLM takes top_k and
// repetition_penalty from generation_config.json).
func (s *Server) plain(body map[string]any) map[string]any {
	switch s.Kind {
	case VLLM, SGLang:
		maps.Copy(body, map[string]any{"top_k": -1, "min_p": 0, "repetition_penalty": 1})
	case LlamaCpp:
		maps.Copy(body, map[string]any{"top_k": 0, "min_p": 0, "typical_p": 1, "repeat_penalty": 1})
	case LlamaCppP:
		maps.Copy(body, map[string]any{"top_k": 0, "min_p": 0, "repeat_penalty": 1})
	}
	return body
}

// generate answers a request for text and counts its tokens.
func (s *Server) generate(ctx context.Context, r engine.Request) (engine.Answer, int, error) {
	g := r.Gen
	body := s.plain(map[string]any{"model": s.Model, "max_tokens": g.MaxTokens, "temperature": g.Temperature})
	if g.Temperature > 0 {
		body["seed"] = (g.Seed[0] ^ g.Seed[1]) & 0x7fffffff // what every server takes
		if g.TopP > 0 && g.TopP < 1 {
			body["top_p"] = g.TopP
		} else if s.Kind != TGI { // which knows no 1
			body["top_p"] = 1
		}
	}
	if stop := s.stops(g.Stop); len(stop) > 0 {
		body["stop"] = stop
	}
	url, err := s.ask(ctx, r, body)
	if err != nil {
		return engine.Answer{}, 0, err
	}
	var out completion
	if s.streams() {
		body["stream"], body["stream_options"] = true, map[string]any{"include_usage": true}
		out, err = s.client.stream(ctx, url, body)
	} else {
		err = s.client.post(ctx, url, body, &out)
	}
	if err != nil {
		return engine.Answer{}, 0, err
	}
	if out.Choices[0].FinishReason == nil {
		return engine.Answer{}, 0, fmt.Errorf("%s: its answer has no choice that is finished", url)
	}
	tokens := 0
	if u := out.Usage; u != nil {
		if len(r.Shared)+len(r.Tokens) > 0 {
			s.count(u.PromptTokens == len(r.Shared)+len(r.Tokens))
		}
		tokens = u.PromptTokens + u.CompletionTokens
	}
	answer, err := s.answer(out.Choices[0], g)
	return answer, tokens, err
}

// ask adds the prompt to a request's body and returns where it goes.
func (s *Server) ask(ctx context.Context, r engine.Request, body map[string]any) (url string, err error) {
	if r.Dialogue {
		body["messages"] = json.RawMessage(r.Text)
		return s.Address.api("/chat/completions"), nil
	}
	if s.Can.Logprobs {
		body["logprobs"] = 1
		if s.Kind == VLLM {
			body["return_token_ids"] = true
		}
	}
	body["prompt"], err = s.wire(ctx, prompt{r.All(), r.Text})
	return s.Address.api("/completions"), err
}

// streams tells whether generations are asked for in parts, so that a long one
// is no hanging one. llama-cpp-python drops characters between its parts.
func (s *Server) streams() bool {
	switch s.Kind {
	case VLLM, SGLang, TGI, OtherKind:
		return true
	}
	return false
}

// stops are the stop strings that the server takes; others are found in its
// text here.
func (s *Server) stops(all []string) []string {
	var out []string
	for _, stop := range all {
		if stop != "" && len(out) < s.maxStops {
			out = append(out, stop)
		}
	}
	return out
}

// answer reads a generation. Servers leave stop strings and end tokens out of
// the text.
func (s *Server) answer(c choice, g *engine.Generation) (engine.Answer, error) {
	a := engine.Answer{Text: c.text(), Tokens: c.ids(), LogProbs: c.Logprobs.generated()}
	switch reason := *c.FinishReason; reason {
	case "length":
		a.Finish = engine.FinishLength
	case "stop", "eos_token", "stop_sequence", "eos":
		a.Finish = c.ended(s.Kind, g)
	default: // content_filter, tool_calls, abort
		return a, fmt.Errorf("the server ended a generation with %q, which is no answer", quote.Line(reason))
	}
	for _, stop := range g.Stop {
		if stop != "" && strings.Contains(a.Text, stop) {
			a.Finish = engine.FinishStop
		}
	}
	return a, nil
}

// ended tells an end token from a stop string where the server does; where it
// does not, a generation with stop strings counts as stopped by one.
func (c *choice) ended(kind string, g *engine.Generation) engine.Finish {
	for _, why := range []json.RawMessage{c.StopReason, c.MatchedStop} {
		if why = bytes.TrimSpace(why); len(why) > 0 && why[0] == '"' {
			return engine.FinishStop
		}
	}
	switch {
	case *c.FinishReason == "eos_token" || *c.FinishReason == "eos", kind == VLLM || kind == SGLang, len(g.Stop) == 0:
		return engine.FinishEOS
	}
	return engine.FinishStop
}
