package results

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every computed column is compared, floats to the last bit.
func TestDifferences(t *testing.T) {
	next := func(f float64) float64 { return math.Nextafter(f, 0) }
	for _, tt := range []struct {
		field       string
		change      func(*Sample)
		values      int
		stored, now string
	}{
		{"doc_hash[0]", func(s *Sample) { s.DocHash = "x" }, 1, "d0", "x"},
		{"prompt_hash[0]", func(s *Sample) { s.PromptHash = "x" }, 1, row("a", 1).PromptHash, "x"},
		{"context_tokens[1]", func(s *Sample) { s.ContextTokens[1] = 9 }, 1, "0", "9"},
		{"continuation_tokens[0]", func(s *Sample) { s.ContinuationTokens = nil }, 2, "1", "absent"},
		{"truncated_tokens[0]", func(s *Sample) { s.TruncatedTokens = 0 }, 1, "3", "0"},
		{"token_ids[0][1]", func(s *Sample) { s.TokenIDs[0][1] = 7 }, 1, "2", "7"},
		{"token_ids[1][0]", func(s *Sample) { s.TokenIDs[1] = []int32{5, 6} }, 2, "absent", "5"},
		{"token_logprobs[0][0]", func(s *Sample) { s.TokenLogProbs[0][0] = math.Nextafter32(-0.5, 0) }, 1, "-0.5", "-0.49999997"},
		{"token_logprobs[2][0]", func(s *Sample) { s.TokenLogProbs[2][0] = 0 }, 1, "NaN(0x7ff8000000000000)", "0"},
		{"loglikelihoods[0]", func(s *Sample) { s.LogLikelihoods[0] = next(-1.25) }, 1, "-1.25", "-1.2499999999999998"},
		{"loglikelihoods[1]", func(s *Sample) { s.LogLikelihoods[1] = math.Inf(1) }, 1, "-Inf", "+Inf"},
		{"is_greedy[1]", func(s *Sample) { s.IsGreedy[1] = true }, 1, "false", "true"},
		{"generations[0]", func(s *Sample) { s.Generations[0] = "42 " }, 1, `"42"`, `"42 "`},
		{"finish[0]", func(s *Sample) { s.Finish[0] = "eos" }, 1, "stop", "eos"},
		{"filtered[flexible-extract][1]", func(s *Sample) { s.Filtered["flexible-extract"] = []string{"42"} }, 1, `"7"`, "absent"},
		{"target[0]", func(s *Sample) { s.Target[0] = "" }, 1, `"42"`, `""`},
		{"metrics[exact_match,strict-match]", func(s *Sample) { s.Metrics["exact_match,strict-match"] = math.Copysign(0, -1) }, 1, "0", "-0"},
		{"metrics[new]", func(s *Sample) { s.Metrics["new"] = 1 }, 1, "absent", "1"},
	} {
		now := row("a", 1)
		tt.change(&now)
		_, got := Differences(row("a", 1), now)
		want := []Difference{{Task: "a", DocID: 1, Field: tt.field, Values: tt.values, Stored: tt.stored, Now: tt.now}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tt.field, diff)
		}
	}
	if n, got := Differences(row("a", 1), row("a", 1)); len(got) != 0 || n < 25 {
		t.Errorf("equal samples: %d values, %v", n, got)
	}
}

func TestReadKeys(t *testing.T) {
	dir := t.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("arc", 0), row("arc", 7), row("piqa", 0)})); err != nil {
		t.Fatal(err)
	}
	var got []SampleKey
	for key, err := range ReadKeys(dir) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, key)
	}
	if diff := cmp.Diff([]SampleKey{{"arc", 0}, {"arc", 7}, {"piqa", 0}}, got); diff != "" {
		t.Error(diff)
	}
}
