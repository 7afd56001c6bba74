package model

import (
	"fmt"
	"math"
)

// A ModeError is how far mode fast is from mode exact on some text.
type ModeError struct {
	Tokens int     `json:"tokens"` // compared
	Mean   float64 `json:"mean"`   // of |log p fast - log p exact|, natural log
	Max    float64 `json:"max"`
	Argmax int     `json:"argmax"` // tokens whose likeliest successor differs
}

// String says it in one line.
func (e ModeError) String() string {
	return fmt.Sprintf("log-probabilities differ from mode exact by %.4f on average and %.3f at most, and %.1f%% of the likeliest tokens differ (%d tokens)",
		e.Mean, e.Max, 100*float64(e.Argmax)/float64(max(1, e.Tokens)), e.Tokens)
}

// SetMode changes between Exact and Fast, between two forward passes.
func (m *Model) SetMode(mode string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.backend.Fast(mode == Fast); err != nil {
		return err
	}
	m.fast = mode == Fast
	return nil
}

// CompareModes computes the log-probability of each token after the first in
// both modes. Tokens beyond the context are left out. It fails where there is
// no mode fast. The model's own mode stays as it is.
func (m *Model) CompareModes(tokens []int32) (ModeError, error) {
	tokens = tokens[:min(len(tokens), m.config.ContextLength)]
	if len(tokens) < 2 {
		return ModeError{}, fmt.Errorf("modes are compared on at least 2 tokens, got %d", len(tokens))
	}
	defer m.backend.Fast(m.fast)
	var out [2][]Output
	for i, fast := range []bool{false, true} {
		if err := m.backend.Fast(fast); err != nil {
			return ModeError{}, err
		}
		var err error
		if out[i], err = m.successors(tokens); err != nil {
			return ModeError{}, err
		}
	}
	e := ModeError{Tokens: len(tokens) - 1}
	for i, exact := range out[0] {
		d := math.Abs(out[1][i].LogProb - exact.LogProb)
		e.Mean += d / float64(e.Tokens)
		e.Max = max(e.Max, d)
		if out[1][i].Argmax != exact.Argmax {
			e.Argmax++
		}
	}
	return e, nil
}

// successors scores every token after the first, in steps of 512.
func (m *Model) successors(tokens []int32) ([]Output, error) {
	kv, err := m.NewKV((len(tokens) + PageTokens - 1) / PageTokens)
	if err != nil {
		return nil, err
	}
	defer kv.Close()
	var pages []PageID
	for p, ok := kv.Alloc(); ok; p, ok = kv.Alloc() {
		pages = append(pages, p)
	}
	var out []Output
	for from := 0; from < len(tokens)-1; from += 512 {
		seg := Segment{Tokens: tokens[from:min(from+512, len(tokens)-1)], Start: from, Pages: pages}
		for i := range seg.Tokens {
			seg.Outputs = append(seg.Outputs, Output{Row: i, Target: tokens[from+i+1]})
		}
		segs := []Segment{seg}
		if err := m.Forward(kv, segs); err != nil {
			return nil, err
		}
		out = append(out, segs[0].Outputs...)
	}
	return out, nil
}
