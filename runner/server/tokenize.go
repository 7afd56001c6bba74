package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// A Tokenizer turns text into the tokens of the model and back: the server's
// own, or one that is given.
type Tokenizer interface {
	// Encode recognises the names of special tokens and adds no BOS.
	Encode(ctx context.Context, text string) ([]int32, error)
	// Decode spells special tokens by their names.
	Decode(ctx context.Context, tokens []int32) (string, error)
	// AddsBOS reports whether texts get a BOS token if nobody says otherwise.
	AddsBOS() bool
	// BOS and EOS return a token and its name, where it is known.
	BOS() (id int32, name string, ok bool)
	EOS() (id int32, name string, ok bool)
}

// tokenization is how one kind of server tells its tokens.
type tokenization struct {
	path   string                                 // beside the API
	ask    func(model, text string, bos bool) any // bos: let it add what it adds by itself
	always bool                                   // it adds BOS whatever is asked

	detokenize string
	back       func(model string, tokens []int32) any
}

// tokenizations are the ways of the servers, the ones told apart by their
// answers first.
var tokenizations = []tokenization{
	{ // vLLM, SGLang
		path: "/tokenize", detokenize: "/detokenize",
		ask: func(model, text string, bos bool) any {
			return map[string]any{"model": model, "prompt": text, "add_special_tokens": bos}
		},
		back: func(model string, tokens []int32) any { return map[string]any{"model": model, "tokens": tokens} },
	},
	{ // llama.cpp
		path: "/tokenize", detokenize: "/detokenize",
		ask: func(_, text string, bos bool) any {
			return map[string]any{"content": text, "add_special": bos, "parse_special": true}
		},
		back: func(_ string, tokens []int32) any { return map[string]any{"tokens": tokens} },
	},
	{ // llama-cpp-python
		path: "/extras/tokenize", detokenize: "/extras/detokenize", always: true,
		ask:  func(model, text string, _ bool) any { return map[string]any{"model": model, "input": text} },
		back: func(model string, tokens []int32) any { return map[string]any{"model": model, "tokens": tokens} },
	},
	{ // TGI
		path: "/tokenize", always: true,
		ask: func(_, text string, _ bool) any { return map[string]any{"inputs": text} },
	},
}

// tokenList reads the answer of any of them: a list of ids under "tokens", or
// TGI's list of objects.
type tokenList []int32

func (l *tokenList) UnmarshalJSON(data []byte) error {
	var named struct {
		Tokens *[]int32 `json:"tokens"`
	}
	if json.Unmarshal(data, &named) == nil && named.Tokens != nil {
		*l = *named.Tokens
		return nil
	}
	var objects []struct {
		ID *int32 `json:"id"`
	}
	if err := json.Unmarshal(data, &objects); err != nil {
		return fmt.Errorf("no list of tokens")
	}
	for _, o := range objects {
		if o.ID == nil {
			return fmt.Errorf("no list of tokens")
		}
		*l = append(*l, *o.ID)
	}
	return nil
}

// Own is the server's tokenizer, asked over the network.
type Own struct {
	client  *client
	address Address
	model   string
	how     tokenization
	front   []int32 // what it puts in front of a text by itself

	bos, eos         int32 // -1: not known
	bosName, eosName string
}

// probeWords tell a tokenizer from something that merely answers.
const probeWords = "The quick brown fox, 3.14 = π"

// findTokenizer tries the ways of the servers; nil if none is there.
func (s *Server) findTokenizer(ctx context.Context) *Own {
	for _, how := range tokenizations {
		t := &Own{client: s.client, address: s.Address, model: s.Model, how: how, bos: -1, eos: -1}
		with, err := t.raw(ctx, probeWords, true, probeTries)
		if err != nil || len(with) == 0 || len(with) > len(probeWords) {
			continue
		}
		if t.findFront(ctx, with) == nil {
			return t
		}
	}
	return nil
}

// findFront learns what is put in front of every text. A server that always
// does it shows it on two texts of nothing in common.
func (t *Own) findFront(ctx context.Context, with []int32) error {
	without, err := t.raw(ctx, probeWords, false, probeTries)
	if err == nil && t.how.always {
		var other []int32
		other, err = t.raw(ctx, "~", true, probeTries)
		n := 0
		for n < min(len(other), len(with)) && other[n] == with[n] {
			n++
		}
		without = with[n:]
	}
	n := len(with) - len(without)
	if err != nil || n < 0 || n > 1 || !slices.Equal(with[n:], without) {
		return fmt.Errorf("what its tokenizer adds is not known: %w", err)
	}
	if t.front = with[:n:n]; n == 1 {
		t.bos = t.front[0]
		t.bosName, _ = t.Decode(ctx, t.front) // its name only saves a prompt from having it twice
	}
	return nil
}

// name learns the special tokens that the server calls by name, "" for none.
func (t *Own) name(ctx context.Context, bos, eos string) {
	id := func(name string) int32 {
		if name == "" {
			return -1
		}
		if tokens, err := t.Encode(ctx, name); err == nil && len(tokens) == 1 {
			return tokens[0]
		}
		return -1
	}
	if b := id(bos); b >= 0 && (t.bos < 0 || t.bos == b) {
		t.bos, t.bosName = b, bos
	}
	if e := id(eos); e >= 0 {
		t.eos, t.eosName = e, eos
	}
}

// raw returns the tokens as the server tells them.
func (t *Own) raw(ctx context.Context, text string, bos bool, tries int) ([]int32, error) {
	var out tokenList
	url := t.address.own(t.how.path)
	err := t.client.pacer.do(ctx, tries, func() error {
		out = nil
		return t.client.try(ctx, url, t.how.ask(t.model, text, bos), &out)
	})
	return out, err
}

// Encode implements Tokenizer.
func (t *Own) Encode(ctx context.Context, text string) ([]int32, error) {
	if text == "" {
		return nil, nil
	}
	tokens, err := t.raw(ctx, text, false, t.client.o.Retries)
	if err == nil && t.how.always {
		tokens = tokens[min(len(t.front), len(tokens)):]
	}
	return tokens, err
}

// Decode implements Tokenizer.
func (t *Own) Decode(ctx context.Context, tokens []int32) (string, error) {
	if t.how.back == nil {
		return "", fmt.Errorf("the server turns no tokens into text: give its tokenizer with --tokenizer")
	}
	var out struct {
		Prompt  *string `json:"prompt"`  // vLLM
		Text    *string `json:"text"`    // SGLang, llama-cpp-python
		Content *string `json:"content"` // llama.cpp
	}
	url := t.address.own(t.how.detokenize)
	if err := t.client.post(ctx, url, t.how.back(t.model, tokens), &out); err != nil {
		return "", err
	}
	for _, s := range []*string{out.Prompt, out.Text, out.Content} {
		if s != nil {
			return *s, nil
		}
	}
	return "", &brokenError{url, fmt.Errorf("no text in its answer")}
}

// AddsBOS implements Tokenizer.
func (t *Own) AddsBOS() bool { return len(t.front) > 0 }

// BOS implements Tokenizer.
func (t *Own) BOS() (int32, string, bool) { return t.bos, t.bosName, t.bos >= 0 }

// EOS implements Tokenizer.
func (t *Own) EOS() (int32, string, bool) { return t.eos, t.eosName, t.eos >= 0 }
