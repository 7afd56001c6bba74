// Package prompts turns documents into what is sent to a model: it draws
// few-shot exemplars, renders a task's templates, assembles the prompt and
// splits it into requests. It knows no model, no tokens and does no I/O; the
// same documents, seed and options always give the same bytes.
//
// Assembly follows lm-evaluation-harness 0.4.13 (fewshot_context,
// build_qa_turn, construct_requests), so that prompts are byte-equal to its
// own; the one deliberate difference is the default few-shot rule, Fixed.
package prompts

import "github.com/llamaeval/llamaeval/tasks/py"

// Kind says what is asked of the model.
type Kind int

const (
	// Loglikelihood asks for log p(Continuation | Context), natural log,
	// summed over the continuation's tokens.
	Loglikelihood Kind = iota
	// Rolling asks for the log-likelihood of a whole text, in windows of
	// the model's context length; Continuation holds the text.
	Rolling
	// Generate asks for text after Context.
	Generate
)

// A Request is the narrow waist between text and numbers.
type Request struct {
	Kind         Kind
	Context      string
	Continuation string     // Loglikelihood and Rolling only, leading delimiter included
	Gen          Generation // Generate only
}

// Generation is how text is drawn and where it ends.
type Generation struct {
	Until       []string // stop strings; the text is cut before the earliest
	MaxTokens   int      // limit on generated tokens
	Temperature float64  // 0: greedy
	TopP        float64  // nucleus mass, 1: all
	Samples     int      // texts to draw per document, at least 1
}

// An Item is one document with everything that is asked about it.
type Item struct {
	DocID    int      // index in the evaluated split
	Doc      *py.Dict // after process_docs
	Requests []Request
	Choices  []string // rendered doc_to_choice, nil without one
	Target   py.Value // doc_to_target: an int, a text or a list of texts
	Input    py.Value // with MultipleInputs, doc_to_text: the number of the right context
	Cluster  string   // groups dependent items, may be empty
	// MultipleInputs: one context per choice and a shared continuation
	// (WinoGrande). MultipleTargets: any text of the list is accepted.
	// Both are decided on the first document of the split, as the
	// reference does.
	MultipleInputs, MultipleTargets bool
}

// Contexts returns the contexts of the requests, one entry when all share it.
func (it Item) Contexts() []string {
	out := make([]string, 0, len(it.Requests))
	shared := true
	for _, r := range it.Requests {
		out = append(out, r.Context)
		shared = shared && r.Context == out[0]
	}
	if shared && len(out) > 1 {
		return out[:1]
	}
	return out
}

// Continuations returns the continuations that are scored, in request order.
func (it Item) Continuations() []string {
	var out []string
	for _, r := range it.Requests {
		if r.Kind != Generate {
			out = append(out, r.Continuation)
		}
	}
	return out
}

// Accepted returns the answers that count as right: for a multiple-choice
// document the gold continuations, else the target texts.
func (it Item) Accepted() []string {
	targets, ok := it.Target.([]any)
	if !ok {
		targets = []any{it.Target}
	}
	var out []string
	for _, t := range targets {
		out = append(out, it.accepted(t))
	}
	return out
}

func (it Item) accepted(target py.Value) string {
	if it.MultipleInputs {
		return it.Requests[0].Continuation
	}
	if i, ok := it.index(target); ok {
		if i < len(it.Requests) && it.Requests[i].Kind == Loglikelihood {
			return it.Requests[i].Continuation
		}
		return it.Choices[i]
	}
	return py.Str(target)
}

// index returns which choice a target names, by number or by text.
func (it Item) index(target py.Value) (int, bool) {
	switch v := target.(type) {
	case int64:
		return int(v), v >= 0 && int(v) < len(it.Choices)
	case bool:
		if v {
			return 1, len(it.Choices) > 1
		}
		return 0, len(it.Choices) > 0
	case string:
		for i, c := range it.Choices {
			if c == v {
				return i, true
			}
		}
	}
	return 0, false
}
