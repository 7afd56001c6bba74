package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A position is what a server says about one token of a prompt.
type position struct {
	logProb float64 // natural log; NaN: not told
	top     float64 // of the likeliest token; NaN: not told
}

// greedy tells whether the token is the likeliest, where that is certain: one
// with more than half of the mass is.
func (p position) greedy() (yes, certain bool) {
	if !math.IsNaN(p.top) {
		return p.logProb >= p.top, true
	}
	yes = p.logProb > math.Log(0.5)
	return yes, yes
}

// A scorer is one way to get log-probabilities of a prompt.
type scorer interface {
	name() string
	// score reports on the last n tokens of a prompt.
	score(ctx context.Context, p prompt, n, tries int) ([]position, error)
	// greedy generates up to n tokens, each the likeliest.
	greedy(ctx context.Context, p prompt, n, tries int) (greedyRun, error)
}

// A greedyRun is a generation with the log-probabilities of its tokens; ids
// where the server tells them.
type greedyRun struct {
	text     string
	ids      []int32
	logProbs []float64
}

var errNotTold = errors.New("it does not tell the log-probability of the first token of a text")

// byCompletions asks /completions.
type byCompletions struct{ s *Server }

func (b byCompletions) ask(ctx context.Context, p prompt, tries int, also map[string]any) (c choice, u usage, wire any, err error) {
	if wire, err = b.s.wire(ctx, p); err != nil {
		return c, u, nil, err
	}
	body := b.s.plain(map[string]any{"model": b.s.Model, "prompt": wire, "max_tokens": 1, "temperature": 0})
	for k, v := range also {
		body[k] = v
	}
	url := b.s.Address.api("/completions")
	var out completion
	err = b.s.client.pacer.do(ctx, tries, func() error { return b.s.client.try(ctx, url, body, &out) })
	if err != nil {
		return c, u, nil, err
	}
	if out.Usage != nil {
		u = *out.Usage
	}
	return out.Choices[0], u, wire, nil
}

func (b byCompletions) greedy(ctx context.Context, p prompt, n, tries int) (greedyRun, error) {
	also := map[string]any{"max_tokens": n, "logprobs": 1}
	if b.s.Kind == VLLM {
		also["return_token_ids"] = true
	}
	c, _, _, err := b.ask(ctx, p, tries, also)
	return greedyRun{c.text(), c.ids(), c.Logprobs.generated()}, err
}

// viaPromptLogprobs is vLLM's own parameter: each position's token by id, with
// its rank.
type viaPromptLogprobs struct{ byCompletions }

func (viaPromptLogprobs) name() string { return "prompt_logprobs" }

func (v viaPromptLogprobs) score(ctx context.Context, p prompt, n, tries int) ([]position, error) {
	c, _, wire, err := v.ask(ctx, p, tries, map[string]any{"prompt_logprobs": 1})
	if err != nil {
		return nil, err
	}
	if len(c.PromptLogprobs) == 0 {
		return nil, errors.New("its answer has no prompt_logprobs")
	}
	_, isText := wire.(string)
	if isText {
		got, err := v.s.asSent(ctx, wire)
		if err != nil {
			return nil, err
		}
		if got != nil {
			if err := v.s.agree(p.tokens, got, n); err != nil {
				return nil, err
			}
		}
	}
	if len(c.PromptLogprobs) < n || !isText && len(c.PromptLogprobs) != len(p.tokens) {
		return nil, fmt.Errorf("it reports on %d tokens of a prompt of %d", len(c.PromptLogprobs), len(p.tokens))
	}
	out := make([]position, n)
	last := tail(p.tokens, n)
	for i, ranked := range tail(c.PromptLogprobs, n) {
		if ranked == nil {
			return nil, errNotTold
		}
		own, ok := ranked[strconv.Itoa(int(last[i]))]
		if !ok {
			return nil, fmt.Errorf("it reports on another token than %d, the %d. of a prompt", last[i], len(p.tokens)-n+i+1)
		}
		out[i] = position{own.Logprob, math.Inf(-1)}
		for _, r := range ranked {
			out[i].top = max(out[i].top, r.Logprob)
		}
		if own.Rank > 0 && own.Rank != 1 { // between equals the rank decides
			out[i].top = math.Inf(1)
		}
	}
	return out, nil
}

// viaEcho asks for the prompt back, with log-probabilities, as the API once
// had it.
type viaEcho struct{ byCompletions }

func (viaEcho) name() string { return "echo" }

func (v viaEcho) score(ctx context.Context, p prompt, n, tries int) ([]position, error) {
	c, u, wire, err := v.ask(ctx, p, tries, map[string]any{"echo": true, "logprobs": 1})
	if err != nil {
		return nil, err
	}
	l := c.Logprobs
	if l == nil || len(l.TokenLogprobs) == 0 {
		return nil, errors.New("its answer has no log-probabilities of the prompt")
	}
	if u.PromptTokens == 0 {
		return nil, errors.New("its answer does not count the tokens of the prompt")
	}
	if err := v.same(ctx, p, n, wire, u); err != nil {
		return nil, err
	}
	// What was generated stands behind the prompt.
	end := len(l.TokenLogprobs) - u.CompletionTokens
	if end < n || end > u.PromptTokens {
		return nil, fmt.Errorf("it reports on %d tokens of a prompt of %d", end, u.PromptTokens)
	}
	out := make([]position, n)
	for i := range out {
		at := end - n + i
		if l.TokenLogprobs[at] == nil {
			return nil, errNotTold
		}
		out[i] = position{*l.TokenLogprobs[at], l.topAt(at)}
	}
	return out, nil
}

// same checks which tokens were scored.
func (v viaEcho) same(ctx context.Context, p prompt, n int, wire any, u usage) error {
	got, err := v.s.asSent(ctx, wire)
	if err != nil {
		return err
	}
	if got != nil {
		return v.s.agree(p.tokens, got, n)
	}
	if u.PromptTokens != len(p.tokens) {
		return fmt.Errorf("it counts %d tokens in a prompt of %d: its tokenizer is not the one that is used here", u.PromptTokens, len(p.tokens))
	}
	return nil
}

// topAt is the log-probability of the likeliest token at a position. The
// tokens are told by their text, in which two that are parts of a character
// may be equal; then one hides the other, and which is not known.
func (l *logprobs) topAt(i int) float64 {
	if i >= len(l.TopLogprobs) || len(l.TopLogprobs[i]) == 0 {
		return math.NaN()
	}
	if i < len(l.Tokens) && (l.Tokens[i] == "" || strings.Contains(l.Tokens[i], "\ufffd")) {
		return math.NaN()
	}
	top := math.Inf(-1)
	for _, p := range l.TopLogprobs[i] {
		top = max(top, p)
	}
	return max(top, *l.TokenLogprobs[i])
}

// viaPrefill is TGI's own endpoint.
type viaPrefill struct{ s *Server }

func (viaPrefill) name() string { return "decoder_input_details" }

type tgiAnswer struct {
	Text    string `json:"generated_text"`
	Details struct {
		Prefill []tgiToken `json:"prefill"`
		Tokens  []tgiToken `json:"tokens"`
	} `json:"details"`
}

type tgiToken struct {
	ID      int32    `json:"id"`
	Logprob *float64 `json:"logprob"`
}

func (v viaPrefill) ask(ctx context.Context, p prompt, n, tries int, prefill bool) (tgiAnswer, error) {
	var out tgiAnswer
	text, err := v.s.text(ctx, p)
	if err != nil {
		return out, err
	}
	body := map[string]any{"inputs": text, "parameters": map[string]any{
		"max_new_tokens": n, "details": true, "decoder_input_details": prefill, "do_sample": false,
	}}
	err = v.s.client.pacer.do(ctx, tries, func() error {
		out = tgiAnswer{}
		return v.s.client.try(ctx, v.s.Address.own("/generate"), body, &out)
	})
	return out, err
}

func (v viaPrefill) score(ctx context.Context, p prompt, n, tries int) ([]position, error) {
	a, err := v.ask(ctx, p, 1, tries, true)
	if err != nil {
		return nil, err
	}
	if len(a.Details.Prefill) < n {
		return nil, errors.New("its answer has no log-probabilities of the prompt")
	}
	got := make([]int32, len(a.Details.Prefill))
	for i, t := range a.Details.Prefill {
		got[i] = t.ID
	}
	if err := v.s.agree(p.tokens, got, n); err != nil {
		return nil, err
	}
	out := make([]position, n)
	for i, t := range tail(a.Details.Prefill, n) {
		if t.Logprob == nil {
			return nil, errNotTold
		}
		out[i] = position{*t.Logprob, math.NaN()}
	}
	return out, nil
}

func (v viaPrefill) greedy(ctx context.Context, p prompt, n, tries int) (greedyRun, error) {
	a, err := v.ask(ctx, p, n, tries, false)
	run := greedyRun{text: a.Text}
	for _, t := range a.Details.Tokens {
		if t.Logprob == nil {
			return run, errors.New("its generated tokens have no log-probabilities")
		}
		run.ids, run.logProbs = append(run.ids, t.ID), append(run.logProbs, *t.Logprob)
	}
	return run, err
}
