package runner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// A document with a generation and a scored continuation fills both groups of
// columns; lengths, cuts and reasons are recorded.
func TestSample(t *testing.T) {
	doc := py.DictOf("q", "é?")
	wk := &work{
		task: &Prepared{Task: &tasks.Task{Name: "t"}, Shots: 3},
		item: prompts.Item{DocID: 7, Doc: doc, Target: []any{"a", "b"}, Cluster: "c", Requests: []prompts.Request{
			{Kind: prompts.Generate, Gen: prompts.Generation{Until: []string{"\n", ""}}},
			{Continuation: " none"},
		}},
		contexts: []text{{"", "Q"}, {"", "Q"}},
		encoded: []encoded{
			{contextTokens: 9, truncated: 4, requests: []engine.Request{{Tokens: []int32{1, 2}}}},
			{contextTokens: 9, truncated: 3, requests: []engine.Request{{Tokens: []int32{1, 2, 5, 6}, Scored: 2}}},
		},
		answers: [][]engine.Answer{
			{{Tokens: []int32{40, 41}, LogProbs: []float64{-0.5, -1}, Finish: engine.FinishStop}},
			{{LogProbs: []float64{-1, -2}, Greedy: true}},
		},
	}
	got := wk.sample(func([]int32) string { return "yes\nno" })
	want := results.Sample{
		Task: "t", DocID: 7, Shots: 3, Doc: `{"q": "é?"}`, Cluster: "c",
		// printf '{\n  "q": "é?"\n}' | sha256sum
		DocHash:    "cee7cfe639a9d0e0000898035ff12dc2668f0eee48ba491f96fead242019590e",
		PromptHash: results.PromptHash([]string{"Q"}, []string{" none"}),
		Contexts:   []string{"Q"}, Continuations: []string{" none"}, LogLikelihoods: []float64{-3}, IsGreedy: []bool{true},
		ContextTokens: []int32{9}, ContinuationTokens: []int32{2}, TruncatedTokens: 7,
		Generations: []string{"yes"}, Finish: []string{"stop"},
		TokenIDs: [][]int32{{5, 6}, {40, 41}}, TokenLogProbs: [][]float32{{-1, -2}, {-0.5, -1}},
		Target: []string{"a", "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A rolling text's windows are one continuation without a context.
func TestSampleOfRollingText(t *testing.T) {
	wk := &work{
		task:     &Prepared{Task: &tasks.Task{Name: "t"}},
		item:     prompts.Item{Doc: py.NewDict(), Target: "abc", Requests: []prompts.Request{{Kind: prompts.Rolling, Continuation: "abc"}}},
		contexts: []text{{}},
		encoded: []encoded{{requests: []engine.Request{
			{Tokens: []int32{0, 1, 2}, Scored: 2}, {Tokens: []int32{1, 2, 3}, Scored: 1},
		}}},
		answers: [][]engine.Answer{{{LogProbs: []float64{-1, -2}, Greedy: true}, {LogProbs: []float64{-4}}}},
	}
	got := wk.sample(nil)
	if len(got.Contexts) != 0 || got.LogLikelihoods[0] != -7 || got.IsGreedy[0] || got.ContinuationTokens[0] != 3 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([][]int32{{1, 2, 3}}, got.TokenIDs); diff != "" {
		t.Error(diff)
	}
}
