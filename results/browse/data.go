package browse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// A Number is a float that is null in JSON where JSON has no word for it.
type Number float64

// MarshalJSON writes the shortest digits that read back as the number.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

type short float32

func (n short) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float32(n))
}

// MarshalJSON writes the columns of samples.parquet, the document as an
// object, and the verdict.
func (it Item) MarshalJSON() ([]byte, error) {
	doc := json.RawMessage(it.Doc)
	if !json.Valid(doc) {
		doc, _ = json.Marshal(it.Doc)
	}
	logProbs := make([][]short, len(it.TokenLogProbs))
	for i, v := range it.TokenLogProbs {
		logProbs[i] = converted[short](v)
	}
	metrics := map[string]Number{}
	for k, v := range it.Metrics {
		metrics[k] = Number(v)
	}
	filtered := map[string][]string{}
	for k, v := range it.Filtered {
		filtered[k] = list(v)
	}
	return json.Marshal(struct {
		Task               string              `json:"task"`
		DocID              int32               `json:"doc_id"`
		Verdict            Verdict             `json:"verdict"`
		Primary            string              `json:"primary"`
		DocHash            string              `json:"doc_hash"`
		PromptHash         string              `json:"prompt_hash"`
		Shots              int32               `json:"shots"`
		Doc                json.RawMessage     `json:"doc"`
		Cluster            string              `json:"cluster"`
		Contexts           []string            `json:"contexts"`
		Continuations      []string            `json:"continuations"`
		LogLikelihoods     []Number            `json:"loglikelihoods"`
		IsGreedy           []bool              `json:"is_greedy"`
		ContextTokens      []int32             `json:"context_tokens"`
		ContinuationTokens []int32             `json:"continuation_tokens"`
		TruncatedTokens    int32               `json:"truncated_tokens"`
		TokenIDs           [][]int32           `json:"token_ids"`
		TokenLogProbs      [][]short           `json:"token_logprobs"`
		Generations        []string            `json:"generations"`
		Finish             []string            `json:"finish"`
		Filtered           map[string][]string `json:"filtered"`
		Target             []string            `json:"target"`
		Metrics            map[string]Number   `json:"metrics"`
	}{
		it.Task, it.DocID, it.Verdict, it.Primary, it.DocHash, it.PromptHash, it.Shots, doc, it.Cluster,
		list(it.Contexts), list(it.Continuations), converted[Number](it.LogLikelihoods), list(it.IsGreedy),
		list(it.ContextTokens), list(it.ContinuationTokens), it.TruncatedTokens, list(it.TokenIDs), logProbs,
		list(it.Generations), list(it.Finish), filtered, list(it.Target), metrics,
	})
}

// list is never null.
func list[T any](v []T) []T { return append([]T{}, v...) }

func converted[To, From ~float32 | ~float64](v []From) []To {
	out := make([]To, len(v))
	for i, x := range v {
		out[i] = To(x)
	}
	return out
}

// WriteJSON prints {"samples": [...]}, one sample a line, without holding
// them all in memory.
func WriteJSON(w io.Writer, items iter.Seq2[Item, error]) error {
	b := bufio.NewWriter(w)
	b.WriteString(`{"samples": [`)
	between := "\n"
	for it, err := range items {
		if err != nil {
			return err
		}
		var line bytes.Buffer
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(it); err != nil {
			return err
		}
		b.WriteString(between)
		if _, err := b.Write(bytes.TrimRight(line.Bytes(), "\n")); err != nil {
			return err
		}
		between = ",\n"
	}
	b.WriteString("\n]}\n")
	return b.Flush()
}

// Table has a line for each item, texts whole, for the formats of tables.
func Table(items iter.Seq2[Item, error]) (results.Table, error) {
	t := results.Table{Columns: []results.Column{
		{Name: "task"}, {Name: "doc_id", Right: true}, {Name: "verdict"}, {Name: "metric"}, {Name: "value", Right: true},
		{Name: "prompt"}, {Name: "answer"}, {Name: "target"},
	}}
	for it, err := range items {
		if err != nil {
			return t, err
		}
		value := ""
		if v, ok := it.Metrics[it.Primary]; ok {
			value = strconv.FormatFloat(v, 'g', 6, 64)
		}
		t.Rows = append(t.Rows, []string{
			it.Task, strconv.Itoa(int(it.DocID)), string(it.Verdict), it.Primary, value,
			strings.Join(it.Contexts, "\n"), it.answer(), strings.Join(it.Target, "\n"),
		})
	}
	return t, nil
}

// answer is what the model generated, else the continuation it finds
// likeliest.
func (it Item) answer() string {
	if len(it.Generations) > 0 || len(it.LogLikelihoods) == 0 {
		return strings.Join(it.Generations, "\n")
	}
	best := 0
	for i, l := range it.LogLikelihoods {
		if l > it.LogLikelihoods[best] {
			best = i
		}
	}
	if best < len(it.Continuations) && len(it.Continuations) > 1 {
		return it.Continuations[best]
	}
	return ""
}
