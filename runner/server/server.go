package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// A Server is a model behind an inference server, and what was found out about
// it.
type Server struct {
	Address Address
	Model   string // as the server calls it
	Kind    string // vLLM, SGLang, llama.cpp, llama-cpp-python, TGI or OpenAI API
	Version string // of the server, "" where it does not say
	Root    string // the checkpoint it says it serves, "" where it does not
	Context int    // tokens that a prompt and its answer may have together; 0: not known

	// Tokenizer is the server's own, nil where it has none to ask.
	Tokenizer *Own
	// Can is known after Probe.
	Can Capabilities

	client           *client
	maxStops         int
	bosName, eosName string    // as the server tells them
	scorer           scorer    // nil: prompts cannot be scored
	tokens           Tokenizer // of the run, nil: none is known
	addsBOS          bool      // the server puts BOS in front of a prompt that is text

	mu       sync.Mutex
	joined   int // prompts that the server cut into other tokens
	sent     int // prompts that were sent as text
	progress func(tokens int)
}

// Open finds the server and what it serves.
func Open(ctx context.Context, a Address, o Options) (*Server, error) {
	s := &Server{Address: a, Model: a.Model, client: newClient(o.withDefaults()), progress: func(int) {}}
	if err := s.identify(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", Prefix+a.base.String(), err)
	}
	if s.maxStops == 0 {
		s.maxStops = maxStops(s.Kind)
	}
	if s.Tokenizer = s.findTokenizer(ctx); s.Tokenizer != nil {
		s.Tokenizer.name(ctx, s.bosName, s.eosName)
	}
	return s, nil
}

// maxStops is how many stop strings a kind takes; the API has 4.
func maxStops(kind string) int {
	switch kind {
	case VLLM, SGLang, LlamaCpp, LlamaCppP:
		return 64
	}
	return 4
}

// Close ends idle connections.
func (s *Server) Close() error {
	s.client.http.CloseIdleConnections()
	return nil
}

// Name is kind and version.
func (s *Server) Name() string { return strings.TrimSpace(s.Kind + " " + s.Version) }

// Concurrency is how many requests are under way at once.
func (s *Server) Concurrency() int { return s.client.o.Concurrency }

// OnProgress sets who is told the tokens of each answer.
func (s *Server) OnProgress(f func(tokens int)) { s.progress = f }

// Capabilities are what a server was found to do.
type Capabilities struct {
	// Prompts says how prompts are sent: ids, or text.
	Prompts string
	// Scoring names how log-probabilities of prompts are got; "" where they
	// are not to be had or not to be trusted, and NoScoring says why.
	Scoring   string
	NoScoring string
	// Checked is the largest difference between log-probabilities of a prompt
	// and those of the server's own generation, natural log.
	Checked float64
	// FirstToken: the token behind BOS is scored, too.
	FirstToken bool
	// Logprobs: generated tokens come with their log-probabilities.
	Logprobs bool
	// Chat: it renders dialogues itself. Completions: it continues text.
	Chat, Completions bool
}

// How prompts are sent.
const (
	PromptIDs  = "ids"
	PromptText = "text"
)

// String lists them for a message.
func (c Capabilities) String() string {
	var parts []string
	switch {
	case c.Prompts == PromptIDs:
		parts = append(parts, "prompts as token ids")
	case c.Completions:
		parts = append(parts, "prompts as text")
	}
	if c.Scoring != "" {
		parts = append(parts, fmt.Sprintf("prompt log-probabilities by %s (within %.3f of its own generation)", c.Scoring, c.Checked))
	} else {
		parts = append(parts, "no prompt log-probabilities")
	}
	if c.Chat {
		parts = append(parts, "chat")
	}
	return strings.Join(parts, ", ")
}

// Warnings says what a reader of the results must know of this process' work.
func (s *Server) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.joined == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d prompts were cut into other tokens by the server, which takes text only: their scored tokens are the same, some before them are not", s.joined, s.sent)}
}
