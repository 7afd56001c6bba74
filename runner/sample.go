package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// sample builds the row of an answered item, all but what is judged.
func (wk *work) sample(decode func(tokens []int32) string) results.Sample {
	it := unpack(wk.item, wk.contexts)
	s := results.Sample{
		Task: wk.task.Task.Name, DocID: int32(it.DocID), Shots: int32(wk.task.Shots),
		DocHash: DocHash(it.Doc), Doc: py.JSON(it.Doc, -1), Cluster: it.Cluster,
		Contexts: it.Contexts(), Continuations: it.Continuations(), Target: it.Accepted(),
		PromptHash: results.PromptHash(it.Contexts(), it.Continuations()),
	}
	if it.Requests[0].Kind == prompts.Rolling {
		s.Contexts = nil
	}
	contextTokens := make([]int32, len(it.Requests))
	var generated []engine.Answer
	for r, request := range it.Requests {
		enc := wk.encoded[r]
		contextTokens[r] = int32(enc.contextTokens)
		s.TruncatedTokens += int32(enc.truncated)
		if request.Kind == prompts.Generate {
			generated = append(generated, wk.answers[r]...)
			for _, a := range wk.answers[r] {
				text := a.Text
				if text == "" {
					text = decode(a.Tokens)
				}
				s.Generations = append(s.Generations, cut(text, request.Gen.Until))
				s.Finish = append(s.Finish, string(a.Finish))
			}
			continue
		}
		addScored(&s, enc, wk.answers[r])
	}
	for _, a := range generated {
		s.TokenIDs = append(s.TokenIDs, a.Tokens)
		s.TokenLogProbs = append(s.TokenLogProbs, float32s(a.LogProbs))
	}
	if len(s.Contexts) == 1 {
		contextTokens = contextTokens[:1]
	}
	s.ContextTokens = contextTokens
	return s
}

// addScored adds one scored continuation; a rolling text's windows are joined.
func addScored(s *results.Sample, enc encoded, answers []engine.Answer) {
	sum, greedy := 0.0, true
	var ids []int32
	var logProbs []float32
	for i, a := range answers {
		sum += a.LogLikelihood()
		greedy = greedy && a.Greedy
		r := enc.requests[i]
		ids = append(ids, r.Tokens[len(r.Tokens)-r.Scored:]...)
		logProbs = append(logProbs, float32s(a.LogProbs)...)
	}
	s.LogLikelihoods = append(s.LogLikelihoods, sum)
	s.IsGreedy = append(s.IsGreedy, greedy)
	s.ContinuationTokens = append(s.ContinuationTokens, int32(len(ids)))
	s.TokenIDs = append(s.TokenIDs, ids)
	s.TokenLogProbs = append(s.TokenLogProbs, logProbs)
}

func float32s(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// cut ends a generated text before the first occurrence of each stop string,
// in list order, as the reference does.
func cut(text string, until []string) string {
	for _, stop := range until {
		if stop != "" {
			text, _, _ = strings.Cut(text, stop)
		}
	}
	return text
}

// DocHash identifies a document: SHA-256, hex, of it as Python's
// json.dumps(doc, indent=2, ensure_ascii=False) writes it.
func DocHash(doc *py.Dict) string {
	sum := sha256.Sum256([]byte(py.JSON(doc, 2)))
	return hex.EncodeToString(sum[:])
}
