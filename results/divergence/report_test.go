package divergence

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/results"
)

func example() Report {
	var y Tally
	for d := range 12 {
		y.Add(d, 512, []Token{{KL: 0.01 * float64(d%3+1), BaseNLL: 3, NewNLL: 3.01, Shift: -0.002, SameTop: d > 0}, {KL: 1e-6, BaseNLL: 2, NewNLL: 2, SameTop: true}})
	}
	return Report{
		Base: Checkpoint{"tiny F16", "/models/f16.gguf", "aa"}, New: Checkpoint{"tiny Q4_0", "/models/q4|0.gguf", "bb"},
		Text:    Text{Name: "wikitext", Documents: 12, DataHash: "cc", Limited: true},
		Context: 512, Rule: SecondHalf, Mode: "exact", Version: "v", Estimates: y.Estimate(false),
	}
}

func written(t *testing.T, r Report, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The table fits a terminal of 80 columns and says what was scored.
func TestTable(t *testing.T) {
	text := written(t, example(), "table")
	for line := range strings.SplitSeq(text, "\n") {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("wider than 80: %s", line)
		}
	}
	for _, want := range []string{"over 24 tokens", "KL(base ‖ new), mean", "95.83%", "base: tiny F16 (f16.gguf)", "12 documents, limited", "12 windows of up to 512", "24 of 6144 tokens", "llama.cpp", "12 documents, not tokens, as independent"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	same := example()
	same.New = same.Base
	if text := written(t, same, "markdown"); !strings.Contains(text, "one file") || !strings.Contains(text, "| ") {
		t.Error(text)
	}
}

// Every name that a script may rely on, at its place.
func TestJSON(t *testing.T) {
	var got map[string]any
	if err := json.Unmarshal([]byte(written(t, example(), "json")), &got); err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(`base.name base.path base.hash new.hash text.name text.documents text.data_hash text.limited text.sample
		context score mode version windows tokens tokens_scored clusters cluster kl.value kl.ci_low kl.ci_high kl.median kl.p90 kl.p99 kl.p99_9 kl.max
		top1_agreement.value perplexity_base.value perplexity_new.ci_low perplexity_ratio.ci_high log_perplexity_ratio.value
		probability_shift.value probability_rms.value`) {
		at := any(got)
		for key := range strings.SplitSeq(path, ".") {
			object, _ := at.(map[string]any)
			at = object[key]
		}
		if at == nil {
			t.Errorf("%s is missing", path)
		}
	}
}

func TestCSV(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(written(t, example(), "csv")), "\n")
	if lines[0] != "metric,value,ci_low,ci_high" || len(lines) != 13 || !strings.HasPrefix(lines[1], "kl_mean,0.0100") || lines[6] != "kl_max,0.03,," {
		t.Errorf("%q", lines)
	}
	if err := example().Write(&bytes.Buffer{}, "pdf"); err == nil || err.Error() != results.CheckFormat("pdf").Error() {
		t.Errorf("format pdf: %v", err)
	}
}
