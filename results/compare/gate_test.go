package compare

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseGate(t *testing.T) {
	for text, want := range map[string]Gate{
		"d(gsm8k)>=-0.02":  {Task: "gsm8k", Compare: ">=", Limit: -0.02},
		"gsm8k>=-0.02":     {Task: "gsm8k", Compare: ">=", Limit: -0.02},
		" gsm8k >= -0.02 ": {Task: "gsm8k", Compare: ">=", Limit: -0.02},
		"score(gsm8k)>0.3": {Task: "gsm8k", Score: true, Compare: ">", Limit: 0.3},
		"gsm8k:exact_match,flexible-extract>=-1e-2":   {Task: "gsm8k", Metric: "exact_match", Filter: "flexible-extract", Compare: ">=", Limit: -0.01},
		"d(gsm8k:exact_match,flexible-extract)>=-.01": {Task: "gsm8k", Metric: "exact_match", Filter: "flexible-extract", Compare: ">=", Limit: -0.01},
		"score(llama2/code:maj@8) <= 1":               {Task: "llama2/code", Metric: "maj@8", Score: true, Compare: "<=", Limit: 1},
		"wikitext:word_perplexity<0.5":                {Task: "wikitext", Metric: "word_perplexity", Compare: "<", Limit: 0.5},
	} {
		want.Expression = strings.TrimSpace(text)
		got, err := ParseGate(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
	for text, reason := range map[string]string{
		"gsm8k":           "quote it",
		"d(gsm8k)":        "quote it",
		"":                "quote it",
		"gsm8k>=x":        "not a number",
		"gsm8k>=NaN":      "not a number",
		"mean(gsm8k)>=0":  "mean is not known",
		"d()>=0":          "not a task",
		"d(a b)>=0":       "not a task",
		">=0":             "quote it",
		"gsm8k==0.3":      "quote it",
		"0.1<=gsm8k<=0.3": "not a number",
	} {
		if _, err := ParseGate(text); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, want %q", text, err, reason)
		}
	}
}

func FuzzParseGate(f *testing.F) {
	f.Add("d(gsm8k:exact_match,x)>=-0.02")
	f.Fuzz(func(t *testing.T, text string) {
		if g, err := ParseGate(text); err == nil && (g.Task == "" || g.Compare == "") {
			t.Errorf("%q: %+v", text, g)
		}
	})
}

func TestParseGates(t *testing.T) {
	got, err := ParseGates(strings.NewReader("# all\n\n d(a)>=0 # a\nscore(b)>=0.5\n"))
	if err != nil || len(got) != 2 || got[0].Expression != "d(a)>=0" || got[1].Task != "b" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ParseGates(strings.NewReader("a>=0\nb\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Error(err)
	}
}

func TestJudge(t *testing.T) {
	a := sample("a", map[string][]float64{"x": answers(1000, 500), "y": answers(30, 15)})
	b := sample("b", map[string][]float64{"x": answers(1000, 480), "y": answers(30, 15)})
	r := Compare(a, b)
	for _, tt := range []struct {
		gate   string
		passed bool
		reason string
	}{
		{"x>=-0.05", true, "-0.0200"},
		{"x>=-0.02", false, "underpowered"},
		{"x>=-0.025", false, "items would decide"},
		{"x>=0", false, "missed"},
		{"x<=0", true, ""},
		{"x<=-0.03", false, "missed"},
		{"y>=-0.02", false, "underpowered"},
		{"score(x)>=0.48", true, "x acc is 0.4800"},
		{"score(x)>0.48", false, "x acc is 0.4800"},
		{"score(x)>=0.49", false, ""},
		{"x:acc>=-0.05", true, ""},
		{"d(x:acc,none)>=-0.05", true, ""},
	} {
		g, err := ParseGate(tt.gate)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckGates([]Gate{g}, b); err != nil {
			t.Error(err)
		}
		r.Gates = nil
		r.Judge([]Gate{g})
		if j := r.Gates[0]; j.Passed != tt.passed || !strings.Contains(j.Reason, tt.reason) || (r.Failed() == "") != tt.passed {
			t.Errorf("%s: %+v", tt.gate, j)
		}
	}
	for gate, reason := range map[string]string{"xx>=0": "none of the tasks", "x:f1>=0": "x has the metrics acc,none"} {
		g, _ := ParseGate(gate)
		if err := CheckGates([]Gate{g}, b); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", gate, err)
		}
	}
}
