package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// Log-probabilities of a prompt may differ from those of the generation by
// what batches do to a server's arithmetic; a token's shift is nats.
const (
	trustMax  = 0.3 // of any token
	trustMean = 0.1
)

// probeTexts are continued by the server and then scored.
var probeTexts = []string{
	"The capital of France is",
	"One, two, three, four,",
	"Water boils at 100 degrees. Water freezes at",
	"def add(a, b):\n    return",
}

// probeTokens are generated behind each.
const probeTokens = 5

// Probe finds out what the server does with prompts of these tokens. t may be
// nil: then it is asked for text only. bos: prompts begin with BOS. chat: it
// shall render dialogues. An error means that it could not be found out.
func (s *Server) Probe(ctx context.Context, t Tokenizer, bos, chat bool) error {
	s.Can, s.scorer, s.tokens = Capabilities{}, nil, t
	if chat {
		if err := s.tryChat(ctx); err != nil {
			return err
		}
	}
	front, err := s.prepare(t, bos)
	if err != nil {
		return err
	}
	if err := s.tryPrompts(ctx, front); err != nil {
		return err
	}
	switch {
	case !s.Can.Completions:
		return nil
	case t == nil:
		s.Can.NoScoring = "its tokenizer is not known: give it with --tokenizer"
		return nil
	}
	if err := s.sameTokenizer(ctx, t); err != nil {
		return err
	}
	return s.tryScoring(ctx, front)
}

// prepare returns what stands in front of each prompt.
func (s *Server) prepare(t Tokenizer, bos bool) ([]int32, error) {
	if !bos || t == nil {
		return nil, nil
	}
	id, _, ok := t.BOS()
	if !ok {
		return nil, errors.New("--bos on: the server does not tell its BOS token: give its tokenizer with --tokenizer")
	}
	return []int32{id}, nil
}

func (s *Server) tryChat(ctx context.Context) error {
	body := s.plain(map[string]any{"model": s.Model, "messages": []map[string]string{{"role": "user", "content": "Hello"}}, "max_tokens": 1, "temperature": 0})
	var out completion
	err := s.client.pacer.do(ctx, probeTries, func() error { return s.client.try(ctx, s.Address.api("/chat/completions"), body, &out) })
	s.Can.Chat = err == nil
	if err != nil && !refused(err) {
		return err
	}
	return nil
}

// tryPrompts finds out whether the server continues text, and takes tokens.
func (s *Server) tryPrompts(ctx context.Context, front []int32) error {
	ask := func(prompt any) (usage, error) {
		var out completion
		body := map[string]any{"model": s.Model, "prompt": prompt, "max_tokens": 1, "temperature": 0}
		err := s.client.pacer.do(ctx, probeTries, func() error { return s.client.try(ctx, s.Address.api("/completions"), body, &out) })
		if err != nil || out.Usage == nil {
			return usage{}, err
		}
		return *out.Usage, nil
	}
	u, err := ask(probeTexts[0])
	if err != nil {
		s.Can.NoScoring = quote.Line(err.Error())
		if refused(err) {
			return nil
		}
		return err
	}
	s.Can.Completions, s.Can.Prompts = true, PromptText
	if s.tokens == nil {
		return nil
	}
	tokens, err := s.tokens.Encode(ctx, probeTexts[0])
	if err != nil {
		return err
	}
	s.addsBOS = u.PromptTokens == len(tokens)+1
	if s.Tokenizer != nil {
		s.addsBOS = s.Tokenizer.AddsBOS()
	}
	tokens = slices.Concat(front, tokens)
	switch u, err = ask(tokens); {
	case err == nil && u.PromptTokens == len(tokens):
		s.Can.Prompts = PromptIDs
	case err != nil && !refused(err):
		return err
	}
	return nil
}

// sameTokenizer compares a given tokenizer with the server's.
func (s *Server) sameTokenizer(ctx context.Context, t Tokenizer) error {
	if s.Tokenizer == nil || t == Tokenizer(s.Tokenizer) {
		return nil
	}
	for _, text := range append([]string{probeWords, "  two blanks\n\nand 12345 ünïcödé 中文 👍"}, probeTexts...) {
		own, err := s.Tokenizer.Encode(ctx, text)
		if err != nil {
			return err
		}
		given, err := t.Encode(ctx, text)
		if err != nil {
			return err
		}
		if !slices.Equal(own, given) {
			return fmt.Errorf("the given tokenizer is not the server's: %q is %v here and %v there: give the tokenizer of %s", text, given, own, s.Model)
		}
	}
	return nil
}

// tryScoring takes the first way of scoring that agrees with the server's own
// generation.
func (s *Server) tryScoring(ctx context.Context, front []int32) error {
	ways := []scorer{viaPromptLogprobs{byCompletions{s}}, viaEcho{byCompletions{s}}}
	switch s.Kind {
	case TGI:
		ways = append([]scorer{viaPrefill{s}}, ways...)
	case LlamaCpp, LlamaCppP:
		ways = ways[1:]
	}
	var reasons []string
	for _, way := range ways {
		worst, err := s.trust(ctx, way, front)
		if err == nil {
			s.scorer, s.Can.Scoring, s.Can.Checked = way, way.name(), worst
			s.tryFirst(ctx)
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, passes := retryable(err); passes && !refused(err) {
			return err
		}
		reasons = append(reasons, way.name()+": "+err.Error())
	}
	if s.scorer == nil {
		s.Can.NoScoring = strings.Join(reasons, "; ")
	}
	s.joined, s.sent = 0, 0
	_, run, err := s.continued(ctx, viaEcho{byCompletions{s}}, front, probeTexts[0])
	s.Can.Logprobs = err == nil && len(run.logProbs) > 0
	return nil
}

// trust lets the server generate and scores what it said. It returns the
// largest difference between the log-probabilities of both.
func (s *Server) trust(ctx context.Context, way scorer, front []int32) (worst float64, err error) {
	var sum, late, short float64
	n, denied := 0, 0.0 // a token it generated that it then calls unlikely
	for _, text := range probeTexts {
		p, run, err := s.continued(ctx, way, front, text)
		if err != nil {
			return 0, err
		}
		k := len(run.logProbs)
		if k == 0 {
			continue // cut into other tokens when read again, or ended at once
		}
		got, err := way.score(ctx, p, k, probeTries)
		if err != nil {
			return 0, err
		}
		for i, g := range got {
			d := math.Abs(g.logProb - run.logProbs[i])
			worst, sum, n = max(worst, d), sum+d, n+1
			// What a server says that is one token late; some leave out the
			// last one instead.
			if short = max(short, math.Abs(g.top-run.logProbs[i])); i > 0 {
				late = max(late, math.Abs(got[i-1].top-run.logProbs[i]))
			}
			if yes, certain := g.greedy(); certain && !yes && run.logProbs[i] > math.Log(0.6) {
				denied = run.logProbs[i]
			}
		}
	}
	switch {
	case n < 2*probeTokens:
		return 0, errors.New("its generation could not be scored again to check its log-probabilities")
	case worst <= trustMax && sum/float64(n) <= trustMean && denied != 0:
		return 0, fmt.Errorf("it generates a token (%.2f) and then says that it is not the likeliest", denied)
	case worst <= trustMax && sum/float64(n) <= trustMean:
		return worst, nil
	case late <= trustMax || short <= trustMax:
		return 0, fmt.Errorf("they are one token late: they differ from those of its own generation by up to %.2f, and what it calls the likeliest stands one token before%s", worst, s.adviceBOS(front))
	}
	return 0, fmt.Errorf("they are not those of its own generation: they differ by up to %.2f (mean %.2f)%s", worst, sum/float64(n), s.adviceBOS(front))
}

// adviceBOS is for llama-cpp-python, whose prompt log-probabilities are right
// behind BOS only.
func (s *Server) adviceBOS(front []int32) string {
	if s.Kind != LlamaCppP || len(front) > 0 {
		return ""
	}
	return "; this server is right only for prompts that begin with BOS: --bos on, with --tokenizer, asks for such; compare it with runs that have BOS, too"
}

// continued lets the server continue a text and returns both as one prompt.
// The run is empty where the tokens are not those that were generated.
func (s *Server) continued(ctx context.Context, way scorer, front []int32, text string) (prompt, greedyRun, error) {
	begun, err := s.tokens.Encode(ctx, text)
	if err != nil {
		return prompt{}, greedyRun{}, err
	}
	begun = slices.Concat(front, begun)
	run, err := way.greedy(ctx, prompt{begun, text}, probeTokens, probeTries)
	if err != nil {
		return prompt{}, run, err
	}
	if len(run.logProbs) == 0 {
		return prompt{}, run, errors.New("its generation has no log-probabilities to check those of a prompt with")
	}
	whole, err := s.tokens.Encode(ctx, text+run.text)
	if err != nil {
		return prompt{}, run, err
	}
	whole = slices.Concat(front, whole)
	if s.Can.Prompts == PromptIDs && run.ids != nil {
		whole = slices.Concat(begun, run.ids)
	}
	if len(whole)-len(begun) != len(run.logProbs) || !slices.Equal(whole[:len(begun)], begun) {
		return prompt{}, greedyRun{}, nil
	}
	return prompt{whole, text + run.text}, run, nil
}

// tryFirst finds out whether the token behind BOS, or EOS, is scored.
func (s *Server) tryFirst(ctx context.Context) {
	prefix, _, ok := s.tokens.BOS()
	if !ok {
		prefix, _, ok = s.tokens.EOS()
	}
	text, err := s.tokens.Encode(ctx, probeTexts[0])
	if !ok || err != nil {
		return
	}
	_, err = s.scorer.score(ctx, prompt{append([]int32{prefix}, text...), ""}, len(text), probeTries)
	s.Can.FirstToken = err == nil
}
