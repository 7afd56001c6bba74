package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A prompt is a sequence of tokens and, where it is known, the text it was
// made from, without a BOS that was put in front.
type prompt struct {
	tokens []int32
	text   string
}

// wire is the prompt as the server takes it.
func (s *Server) wire(ctx context.Context, p prompt) (any, error) {
	if s.Can.Prompts == PromptIDs && len(p.tokens) > 0 {
		return p.tokens, nil
	}
	if s.tokens == nil {
		return p.text, nil
	}
	return s.text(ctx, p)
}

// text spells a prompt so that the server makes its tokens of it.
func (s *Server) text(ctx context.Context, p prompt) (string, error) {
	text := p.text
	if text == "" {
		var err error
		if text, err = s.tokens.Decode(ctx, p.tokens); err != nil {
			return "", err
		}
	}
	bos, name, ok := s.tokens.BOS()
	switch begins := ok && len(p.tokens) > 0 && p.tokens[0] == bos; {
	case !begins && s.addsBOS:
		return "", errors.New("the server puts BOS in front of every prompt and takes text only, so a prompt without BOS cannot be asked: leave --bos off out")
	case !begins:
		return text, nil
	case s.addsBOS:
		return strings.TrimPrefix(text, name), nil
	case name == "":
		return "", errors.New("the server takes text only and does not tell how BOS is spelled: give its tokenizer with --tokenizer")
	}
	return name + strings.TrimPrefix(text, name), nil
}

// asSent returns the tokens that the server makes of a prompt, nil where it
// cannot be asked.
func (s *Server) asSent(ctx context.Context, wire any) ([]int32, error) {
	text, ok := wire.(string)
	if !ok || s.Tokenizer == nil {
		return nil, nil
	}
	got, err := s.Tokenizer.raw(ctx, text, true, s.client.o.Retries)
	return got, err
}

// agree checks that what the server scored or continued is what it was to:
// the last n tokens must be the same. Others may be cut differently where a
// text was sent, which is counted.
func (s *Server) agree(want, got []int32, n int) error {
	if !slices.Equal(tail(want, n), tail(got, n)) {
		return fmt.Errorf("the server makes other tokens of the text that is scored (%v, not %v): its tokenizer is not the one that is used here, or the text does not come back from its tokens; a server that takes prompts as token ids has no such trouble", tail(got, n), tail(want, n))
	}
	s.count(slices.Equal(want, got))
	return nil
}

// count notes a prompt that was sent as text.
func (s *Server) count(same bool) {
	if s.Can.Prompts == PromptIDs {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent++; !same {
		s.joined++
	}
}

func tail[T any](v []T, n int) []T { return v[max(0, len(v)-n):] }
