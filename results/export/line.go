package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// A line is one document under one filter, as the harness logs it. Metrics
// follow its fixed keys.
type line struct {
	DocID         int32
	Doc           json.RawMessage
	Target        string
	Arguments     []map[string]any
	Resps         []any
	FilteredResps []any
	Filter        string
	Metrics       map[string]any
	DocHash       string
	PromptHash    string
	TargetHash    string
}

func newLine(s results.Sample, filter string, c results.Config) line {
	l := line{
		DocID: s.DocID, Doc: json.RawMessage(s.Doc), Target: target(s), Filter: filter,
		Metrics: metrics(s.Metrics, filter), DocHash: s.DocHash,
	}
	if !json.Valid(l.Doc) {
		l.Doc, _ = json.Marshal(s.Doc)
	}
	if len(s.Generations) > 0 {
		l.Arguments = append(l.Arguments, map[string]any{"arg_0": context(s, 0), "arg_1": options(c)})
		l.Resps = append(l.Resps, s.Generations)
		l.FilteredResps = append(l.FilteredResps, filtered(s, filter))
	}
	for i, text := range s.Continuations {
		request := map[string]any{"arg_0": context(s, i), "arg_1": text}
		if len(s.Contexts) == 0 { // a text scored as a whole
			request = map[string]any{"arg_0": text}
		}
		answer := any([]string{py.Str(at(s.LogLikelihoods, i)), py.Str(at(s.IsGreedy, i))})
		if len(s.Contexts) == 0 {
			answer = py.Str(at(s.LogLikelihoods, i))
		}
		l.Arguments, l.Resps, l.FilteredResps = append(l.Arguments, request), append(l.Resps, []any{answer}), append(l.FilteredResps, answer)
	}
	first := ""
	if len(l.Arguments) > 0 {
		first, _ = l.Arguments[0]["arg_0"].(string)
	}
	l.PromptHash, l.TargetHash = hashed(first), hashed(l.Target)
	return l
}

// context is that of the i-th request: one may serve all.
func context(s results.Sample, i int) string {
	if len(s.Contexts) == 0 {
		return ""
	}
	return s.Contexts[min(i, len(s.Contexts)-1)]
}

func options(c results.Config) map[string]any {
	if c.Generation == nil {
		return map[string]any{}
	}
	return c.Generation
}

func at[T any](v []T, i int) T {
	var none T
	if i < len(v) {
		return v[i]
	}
	return none
}

// filtered is what a filter left of the generations: a text, or a list where
// it leaves several.
func filtered(s results.Sample, filter string) any {
	texts, ok := s.Filtered[filter]
	if !ok {
		texts = s.Generations
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return append([]string{}, texts...)
}

// target is the text of doc_to_target: the index of a choice, a text, or a
// list of them as Python writes it.
func target(s results.Sample) string {
	if len(s.Generations) == 0 && len(s.Continuations) > 1 && len(s.Contexts) == 1 && len(s.Target) == 1 {
		if i := slices.Index(s.Continuations, s.Target[0]); i >= 0 {
			return strconv.Itoa(i)
		}
	}
	if len(s.Target) == 1 {
		return s.Target[0]
	}
	texts := make([]any, len(s.Target))
	for i, t := range s.Target {
		texts[i] = t
	}
	return py.Str(texts)
}

// metrics are those of a filter, without its name; what a perplexity is
// divided by stands beside it.
func metrics(all map[string]float64, filter string) map[string]any {
	out := map[string]any{}
	for key, v := range all {
		name, of, qualified := strings.Cut(key, ",")
		if !qualified {
			of = results.NoFilter
		}
		if of != filter || strings.Contains(name, "/") {
			continue
		}
		out[name] = number(v)
		weight := name + "/weight"
		if qualified {
			weight += "," + of
		}
		if w, ok := all[weight]; ok {
			out[name] = []any{number(v), number(w)}
		}
	}
	return out
}

// number is a float as JSON has it, null where it has no word for it.
func number(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// write prints the line with its keys in the harness's order.
func (l line) write(w io.Writer) error {
	arguments := map[string]any{}
	for i, a := range l.Arguments {
		arguments[fmt.Sprintf("gen_args_%d", i)] = a
	}
	names := slices.Sorted(maps.Keys(l.Metrics))
	fields := []field{
		{"doc_id", l.DocID}, {"doc", l.Doc}, {"target", l.Target}, {"arguments", arguments},
		{"resps", append([]any{}, l.Resps...)}, {"filtered_resps", append([]any{}, l.FilteredResps...)}, {"filter", l.Filter},
		{"metrics", append([]string{}, names...)}, {"doc_hash", l.DocHash}, {"prompt_hash", l.PromptHash}, {"target_hash", l.TargetHash},
	}
	for _, name := range names {
		fields = append(fields, field{name, l.Metrics[name]})
	}
	data, err := object(fields)
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}
