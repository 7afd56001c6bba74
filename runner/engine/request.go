// Package engine answers token requests with a local model. All requests of
// a wave become one trie, so that a prefix they share is computed once; the
// trie is walked depth-first in batches under a memory bound, and generations
// join the same batches as they start and leave them as they end.
//
// What is computed together never changes an answer: the model's arithmetic
// depends on a token's own path alone (see package model), so batch size,
// memory, threads and order are free choices.
package engine

import "slices"

// A Request is a sequence of tokens and what is wanted of it.
type Request struct {
	// Shared is the first tokens, in an array that other requests may have
	// too; it may be empty. A wave then takes little memory.
	Shared []int32
	// Tokens is what follows: context then continuation; for a generation
	// the prompt. Both together are not empty, and a scored token is never
	// the first.
	Tokens []int32
	// Scored is how many of Tokens, at the end, are scored, 0 for a generation.
	Scored int
	// Gen is set for a generation.
	Gen *Generation
	// Text is what Tokens were made from, for a server that takes text only;
	// empty where they are not a whole text. With Dialogue it is the messages
	// of a dialogue as JSON, which the server renders itself. A prompt for a
	// server whose tokens are not known has a text alone.
	Text     string
	Dialogue bool
}

// Generation says how a text is drawn and what ends it.
type Generation struct {
	MaxTokens   int      // at least 1
	Stop        []string // the sequence ends when one stands in its text
	EOS         []int32  // tokens that end it
	Temperature float64  // 0: greedy, the first of equal logits
	TopP        float64  // nucleus mass, 0 or 1: all
	// Seed of this sequence alone; with the step it decides each draw, so
	// that a sample does not depend on what else runs.
	Seed [2]uint64
}

// Finish says why a generation ended.
type Finish string

const (
	FinishStop   Finish = "stop"   // a stop string
	FinishEOS    Finish = "eos"    // an end token of the model
	FinishLength Finish = "length" // MaxTokens
)

// An Answer belongs to one request.
type Answer struct {
	// LogProbs are natural-log probabilities of the scored tokens, or of
	// the generated ones.
	LogProbs []float64
	// Greedy: every scored token was the argmax.
	Greedy bool
	// Tokens generated, the one that ended the sequence included.
	Tokens []int32
	Finish Finish
	// Text of a generation that a server sent; it may not tell the tokens.
	Text string
}

// LogLikelihood is the sum of LogProbs, left to right.
func (a Answer) LogLikelihood() float64 {
	sum := 0.0
	for _, p := range a.LogProbs {
		sum += p
	}
	return sum
}

// All returns a copy of all tokens.
func (r Request) All() []int32 { return slices.Concat(r.Shared, r.Tokens) }

// input returns the tokens that are fed to the model before anything is
// generated: a scored request's last token is only ever a target.
func (r Request) input() input {
	if r.Gen == nil {
		return input{r.Shared, r.Tokens[:len(r.Tokens)-1]}
	}
	return input{r.Shared, r.Tokens}
}

// An input is a sequence of tokens in two parts.
type input struct{ shared, own []int32 }

func (in input) len() int { return len(in.shared) + len(in.own) }

// run returns tokens from position i on that lie behind one another in
// memory, none only at the end.
func (in input) run(i int) []int32 {
	if i < len(in.shared) {
		return in.shared[i:]
	}
	return in.own[i-len(in.shared):]
}

// from returns the tokens from position i on.
func (in input) from(i int) []int32 {
	if i < len(in.shared) {
		return slices.Concat(in.shared[i:], in.own)
	}
	return in.run(i)
}

// common returns how many tokens both begin with; the first `known` are.
func (in input) common(other input, known int) int {
	for {
		a, b := in.run(known), other.run(known)
		n := min(len(a), len(b))
		same := commonPrefix(a[:n], b[:n])
		if known += same; n == 0 || same < n {
			return known
		}
	}
}
