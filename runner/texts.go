package runner

import (
	"strings"

	"github.com/llamaeval/llamaeval/prompts"
)

// A text is a prompt in two parts: what it begins with as many others do, kept
// once, and the rest.
type text struct{ shared, own string }

func (t text) String() string { return t.shared + t.own }

// texts keeps prompts short, as encoder.request does their tokens: one that
// shares less than half with the base becomes the base of later ones.
type texts struct{ base string }

func (s *texts) keep(prompt string) text {
	n := commonLength(s.base, prompt)
	if 2*n < len(prompt) {
		s.base, n = prompt, len(prompt)
	}
	return text{s.base[:n], strings.Clone(prompt[n:])}
}

// pack takes the contexts out of an item, one for a run of requests with the
// same.
func (s *texts) pack(it *prompts.Item) []text {
	var out []text
	for i, r := range it.Requests {
		if i > 0 && r.Context == it.Requests[i-1].Context {
			out = append(out, out[i-1])
		} else {
			out = append(out, s.keep(r.Context))
		}
	}
	for i := range it.Requests {
		it.Requests[i].Context = ""
	}
	return out
}

// unpack puts the contexts back.
func unpack(it prompts.Item, contexts []text) prompts.Item {
	requests := make([]prompts.Request, len(it.Requests))
	for i, r := range it.Requests {
		if i > 0 && contexts[i] == contexts[i-1] {
			r.Context = requests[i-1].Context
		} else {
			r.Context = contexts[i].String()
		}
		requests[i] = r
	}
	it.Requests = requests
	return it
}
