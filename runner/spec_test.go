package runner

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/prompts"
)

func TestParseLimit(t *testing.T) {
	for s, want := range map[string]Limit{"1": {Count: 1}, "250": {Count: 250}, "0.1": {Fraction: 0.1}, "1e-3": {Fraction: 0.001}} {
		if got, err := ParseLimit(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"0", "-1", "1.0", "1.5", "-0.5", "0.0", "NaN", "Inf", "ten", ""} {
		if got, err := ParseLimit(s); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}

func TestDocuments(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec Spec
		n    int
		want []int
	}{
		{"all", Spec{}, 3, []int{0, 1, 2}},
		{"first", Spec{Limit: Limit{Count: 2}}, 3, []int{0, 1}},
		{"more than there are", Spec{Limit: Limit{Count: 9}}, 3, []int{0, 1, 2}},
		{"fraction is rounded up", Spec{Limit: Limit{Fraction: 0.34}}, 3, []int{0, 1}},
		{"items, sorted, once", Spec{Items: []int{2, 0, 2}}, 3, []int{0, 2}},
	} {
		if got, err := tt.spec.documents("t", tt.n); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	_, err := Spec{Items: []int{3}}.documents("t", 3)
	var usage *UsageError
	if !errors.As(err, &usage) {
		t.Errorf("document 3 of 3: %v", err)
	}
}

// A random choice is decided by the seed, is not the first documents, and a
// larger limit keeps those of a smaller one.
func TestRandomDocuments(t *testing.T) {
	choose := func(seed int64, n int) []int {
		ids, err := Spec{Limit: Limit{Count: n}, LimitRandom: true, Seed: seed}.documents("t", 1000)
		if err != nil || len(ids) != n || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != n {
			t.Fatalf("%v, %v", ids, err)
		}
		return ids
	}
	a := choose(1, 50)
	if !slices.Equal(a, choose(1, 50)) || slices.Equal(a, choose(2, 50)) || a[49] == 49 {
		t.Errorf("chosen: %v", a)
	}
	larger := choose(1, 80)
	for _, id := range a {
		if !slices.Contains(larger, id) {
			t.Errorf("document %d is in a choice of 50 and not in one of 80", id)
		}
	}
}

func TestGenOptions(t *testing.T) {
	var g GenOptions
	for key, value := range map[string]any{"temperature": "0.8", "top_p": 0.95, "n": "20", "max_tokens": float64(512), "until": []any{"\n", "Q:"}} {
		if err := g.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	got := g.apply(prompts.Generation{Until: []string{"."}, MaxTokens: 1, Samples: 1})
	want := prompts.Generation{Until: []string{"\n", "Q:"}, MaxTokens: 512, Temperature: 0.8, TopP: 0.95, Samples: 20}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for key, value := range map[string]any{"temperature": "-1", "top_p": "0", "n": "0", "max_tokens": "many", "until": 3, "beams": "4"} {
		if err := new(GenOptions).Set(key, value); err == nil {
			t.Errorf("%s=%v was taken", key, value)
		}
	}
	if err := new(GenOptions).Set("n", "1000000000"); err == nil || !strings.Contains(err.Error(), "at most 10000 are possible") {
		t.Errorf("a billion texts a document: %v", err)
	}
	own := prompts.Generation{Until: []string{"."}, MaxTokens: 1, Samples: 1}
	if diff := cmp.Diff(own, GenOptions{}.apply(own)); diff != "" {
		t.Errorf("nothing was overridden: %s", diff)
	}
}
