//go:build oracle

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/results"
)

// The oracles of the tasks that are built in, with how many documents of
// each are run here; the rest take the same paths.
var oracles = map[string]int{
	"piqa-0": 30, "hellaswag-0": 15, "hellaswag-10": 4, "arc_easy-0": 20, "arc_challenge-25": 4, "winogrande-5": 20,
	"gsm8k-8": 2, "triviaqa-5": 10, "nq_open-5": 10, "squadv2-0": 6, "humaneval-0": 3, "mmlu_astronomy-5": 10, "mmlu_world_religions-5": 5,
	"social_iqa-0": 10, "openbookqa-0": 20, "commonsense_qa-7": 3, "boolq-0": 5, "lambada_openai-0": 10, "truthfulqa_mc1-0": 5, "truthfulqa_mc2-0": 5,
	"wikitext-0": 1, "mbpp-3": 2, "agieval_lsat_ar-0": 3, "agieval_sat_en-0": 1, "hendrycks_math_algebra-4": 2,
}

// oracleHeader and oracleItem are what the reference harness left on the real
// model in float32.
type oracleHeader struct {
	Task  string `json:"task"`
	Shots *int   `json:"num_fewshot"`
}

type oracleItem struct {
	DocID    int             `json:"doc_id"`
	Filter   string          `json:"filter"`
	Metrics  map[string]any  `json:"metrics"`
	Context  *string         `json:"context"`
	IDs      []int32         `json:"context_ids"`
	Requests []oracleRequest `json:"requests"`
}

type oracleRequest struct {
	Context         *string         `json:"context"`
	Continuation    string          `json:"continuation"`
	Text            *string         `json:"text"` // scored as a whole; its tokens were not recorded
	ContextIDs      []int32         `json:"context_ids"`
	ContinuationIDs []int32         `json:"continuation_ids"`
	LogLikelihood   *float64        `json:"loglikelihood"`
	IsGreedy        bool            `json:"is_greedy"`
	Generation      json.RawMessage `json:"generation"`
}

func TestOracle(t *testing.T) {
	shared, model := sharedtest.Dir(t), sharedtest.Model(t)
	for name, limit := range oracles {
		t.Run(name, func(t *testing.T) {
			header, items := readOracle(t, filepath.Join(shared, "oracles", "tasks", name+".jsonl.gz"))
			out := filepath.Join(t.TempDir(), "out")
			task := strings.NewReplacer("squadv2", "squad_v2", "hendrycks_", "").Replace(header.Task)
			args := []string{"llamaeval", "run", "--model", model, "--task", task, "--limit", fmt.Sprint(limit), "--out", out,
				"--hub", filepath.Join(shared, "hub"), "--offline", "--quiet", "--fewshot", "reference", "--allow-code-execution"}
			if header.Shots != nil {
				args = append(args, "--shots", fmt.Sprint(*header.Shots))
			}
			var stdout, stderr bytes.Buffer
			if code := run(args, &stdout, &stderr); code != exitDone {
				t.Fatalf("exit %d: %s", code, &stderr)
			}
			compareWithOracle(t, items, out, limit)
		})
	}
}

func compareWithOracle(t *testing.T, items []oracleItem, out string, limit int) {
	t.Helper()
	samples := map[int32]results.Sample{}
	for s, err := range results.ReadSamples(out) {
		if err != nil {
			t.Fatal(err)
		}
		samples[s.DocID] = s
	}
	if len(samples) != limit {
		t.Fatalf("%d samples, want %d", len(samples), limit)
	}
	differing, generations := 0, 0
	for _, o := range items {
		s, ok := samples[int32(o.DocID)]
		if !ok {
			continue
		}
		comparePrompts(t, o, s)
		compareScores(t, o, s)
		same, all := compareGenerations(t, o, s)
		generations += all
		if !same {
			differing++
			continue
		}
		compareMetrics(t, o, s)
	}
	// A float32 tie may flip a token, rarely.
	if differing > max(1, generations/20) {
		t.Errorf("%d of %d generations differ", differing, generations)
	}
}

func comparePrompts(t *testing.T, o oracleItem, s results.Sample) {
	t.Helper()
	for i, r := range o.Requests {
		context, ids := r.Context, r.ContextIDs
		if context == nil {
			context, ids = o.Context, o.IDs
		}
		k := min(i, len(s.Contexts)-1)
		if context != nil && s.Contexts[k] != *context {
			t.Errorf("doc %d: context ends %q, want %q", o.DocID, tail(s.Contexts[k]), tail(*context))
		}
		if ids != nil && int(s.ContextTokens[k]) != len(ids) {
			t.Errorf("doc %d: %d context tokens, want %d", o.DocID, s.ContextTokens[k], len(ids))
		}
	}
}

func compareScores(t *testing.T, o oracleItem, s results.Sample) {
	t.Helper()
	n := 0
	for _, r := range o.Requests {
		if r.LogLikelihood == nil {
			continue
		}
		got := s.LogLikelihoods[n]
		if r.Text != nil {
			r.Continuation, r.ContinuationIDs, r.IsGreedy = *r.Text, s.TokenIDs[n], s.IsGreedy[n]
		}
		if s.Continuations[n] != r.Continuation || !slices.Equal(s.TokenIDs[n], r.ContinuationIDs) {
			t.Errorf("doc %d: continuation %q %v, want %q %v", o.DocID, s.Continuations[n], s.TokenIDs[n], r.Continuation, r.ContinuationIDs)
		}
		if math.Abs(got-*r.LogLikelihood) > 1e-3+5e-5*math.Abs(*r.LogLikelihood) {
			t.Errorf("doc %d: log-likelihood %.5f, want %.5f", o.DocID, got, *r.LogLikelihood)
		}
		if s.IsGreedy[n] != r.IsGreedy {
			t.Errorf("doc %d: greedy %v, want %v", o.DocID, s.IsGreedy[n], r.IsGreedy)
		}
		n++
	}
	if n != len(s.LogLikelihoods) {
		t.Errorf("doc %d: %d log-likelihoods, want %d", o.DocID, len(s.LogLikelihoods), n)
	}
}

func compareGenerations(t *testing.T, o oracleItem, s results.Sample) (same bool, all int) {
	t.Helper()
	same = true
	for _, r := range o.Requests {
		if r.Generation == nil {
			continue
		}
		var want []string
		if json.Unmarshal(r.Generation, &want) != nil {
			want = make([]string, 1)
			if err := json.Unmarshal(r.Generation, &want[0]); err != nil {
				t.Fatal(err)
			}
		}
		if s.Generations[all] != want[0] {
			t.Logf("doc %d: generated %q, want %q", o.DocID, tail(s.Generations[all]), tail(want[0]))
			same = false
		}
		all++
	}
	return same, all
}

func compareMetrics(t *testing.T, o oracleItem, s results.Sample) {
	t.Helper()
	for name, v := range o.Metrics {
		want, ok := v.(float64)
		if !ok {
			continue // values that only the aggregate makes a number of
		}
		key := name
		if _, ok := s.Metrics[key+","+o.Filter]; ok {
			key += "," + o.Filter
		}
		tolerance := 1e-9
		if len(s.LogLikelihoods) > 0 && want != 0 && want != 1 { // made of log-likelihoods
			tolerance = 2e-3 * max(1, math.Abs(want))
		}
		if got, ok := s.Metrics[key]; !ok || math.Abs(got-want) > tolerance {
			t.Errorf("doc %d: %s is %v, want %v", o.DocID, key, got, want)
		}
	}
}

func readOracle(t *testing.T, path string) (oracleHeader, []oracleItem) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	var header oracleHeader
	var items []oracleItem
	for n := 0; lines.Scan(); n++ {
		var it oracleItem
		to := any(&it)
		if n == 0 {
			to = &header
		}
		if err := json.Unmarshal(lines.Bytes(), to); err != nil {
			t.Fatalf("%s:%d: %v", path, n+1, err)
		}
		if n > 0 {
			items = append(items, it)
		}
	}
	if len(items) == 0 {
		t.Fatalf("%s holds no items", path)
	}
	return header, items
}

func tail(s string) string { return s[max(0, len(s)-80):] }
