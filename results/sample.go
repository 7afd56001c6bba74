// Package results holds what a run leaves behind: one row per document
// (Sample), one row per metric (Score), the description of the run itself
// (Run), their files on disk and their rendering as tables. It knows no task,
// no prompt and no model; whoever runs an evaluation fills these plain rows.
//
// A results folder is run.json, samples.parquet and scores.parquet. The two
// Parquet files are a function of the configuration alone, byte for byte;
// everything that differs between two runs of it stands in run.json.
package results

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"fmt"
)

// A Sample is one document of one task with everything that was asked,
// answered and scored: one row of samples.parquet. Lists are never null; a
// list without entries is empty.
type Sample struct {
	Task       string `parquet:"task,dict"`
	DocID      int32  `parquet:"doc_id"`      // index in the evaluated split
	DocHash    string `parquet:"doc_hash"`    // SHA-256, hex, of the document after process_docs as json.dumps(doc, indent=2, ensure_ascii=False)
	PromptHash string `parquet:"prompt_hash"` // see PromptHash
	Shots      int32  `parquet:"shots"`

	Contexts           []string  `parquet:"contexts,list"`            // one entry when all requests share it
	Continuations      []string  `parquet:"continuations,list"`       // as scored, leading delimiter included; empty for pure generation
	LogLikelihoods     []float64 `parquet:"loglikelihoods,list"`      // natural log, summed over the continuation's tokens
	IsGreedy           []bool    `parquet:"is_greedy,list"`           // every token was the argmax
	ContextTokens      []int32   `parquet:"context_tokens,list"`      // lengths
	ContinuationTokens []int32   `parquet:"continuation_tokens,list"` // lengths
	TruncatedTokens    int32     `parquet:"truncated_tokens"`         // cut from the left, over all requests

	Generations []string            `parquet:"generations,list"` // as cut at the stop string
	Finish      []string            `parquet:"finish,list"`      // stop, eos or length
	Filtered    map[string][]string `parquet:"filtered" parquet-value:",list"`

	Doc     string `parquet:"doc"`     // JSON
	Cluster string `parquet:"cluster"` // groups dependent items (passage, dialogue, subject), or empty

	TokenIDs      [][]int32          `parquet:"token_ids,list"`      // of continuations, then of generations
	TokenLogProbs [][]float32        `parquet:"token_logprobs,list"` // same shape as TokenIDs
	Target        []string           `parquet:"target,list"`         // accepted answers; for multiple choice the gold continuation
	Metrics       map[string]float64 `parquet:"metrics"`             // key "acc", or "exact_match,strict-match" where a filter applies
}

// Compare orders samples as samples.parquet stores them: by task, then by
// document.
func (s Sample) Compare(o Sample) int {
	return cmp.Or(cmp.Compare(s.Task, o.Task), cmp.Compare(s.DocID, o.DocID))
}

// Encode returns the sample in a form for the journal. It is gob, because
// log-likelihoods may be infinite and JSON has no word for that.
func (s Sample) Encode() ([]byte, error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return nil, fmt.Errorf("sample %s/%d: %w", s.Task, s.DocID, err)
	}
	return b.Bytes(), nil
}

// DecodeSample reads what Encode wrote.
func DecodeSample(data []byte) (Sample, error) {
	var s Sample
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&s); err != nil {
		return Sample{}, fmt.Errorf("a journal entry is no sample: %w", err)
	}
	return s, nil
}
