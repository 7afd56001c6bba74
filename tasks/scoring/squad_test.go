package scoring

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/tasks/py/regex"
)

// Expected values are counted by hand from the rules of evaluate-v2.0.py.
func TestSQuADPairs(t *testing.T) {
	for _, c := range []struct {
		golds      []string
		prediction string
		exact, f1  float64
	}{
		{[]string{"The Norman conquest"}, "norman  conquest!", 1, 1},
		{[]string{"10th century"}, "the 10th and 11th century", 0, 2 * 0.5 / 1.5},
		{[]string{"France", "in France"}, "in the France", 1, 1},
		{[]string{"a b c"}, "b b c d", 0, 2 * 0.5 / 1.5},
		{[]string{"a b c"}, "b d", 0, 0.5},
		{nil, "", 1, 1},
		{nil, "the", 1, 1},
		{nil, "Paris", 0, 0},
		{[]string{"the", "a!"}, "Paris", 0, 0},
		{[]string{"the", "Paris"}, "", 0, 0},
		{[]string{"an_a"}, "an_a", 1, 1},
		{[]string{"Ångström"}, "ångström.", 1, 1},
	} {
		exact, f1 := SQuADBest(c.golds, c.prediction)
		if exact != c.exact || !close(f1, c.f1) {
			t.Errorf("%q against %q: %v %v, want %v %v", c.prediction, c.golds, exact, f1, c.exact, c.f1)
		}
	}
}

func TestSQuADv2Row(t *testing.T) {
	got := SQuADv2Row([]string{"Paris"}, "paris", math.Log(0.25))
	want := Row{"exact": 1, "f1": 1, "HasAns_exact": 1, "HasAns_f1": 1, squadNoAnswerKey: 0.25, squadHasAnswerKey: 1, squadAnsweredKey: 1}
	if d := cmp.Diff(want, got, cmp.Comparer(close)); d != "" {
		t.Error(d)
	}
	got = SQuADv2Row(nil, "paris", -1)
	if _, ok := got["HasAns_exact"]; ok || got["NoAns_exact"] != 0 || got[squadHasAnswerKey] != 0 {
		t.Errorf("unanswerable: %v", got)
	}
}

// TestRemoveArticles holds the scan against the official pattern.
func TestRemoveArticles(t *testing.T) {
	official := regex.MustCompile(`\b(a|an|the)\b`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("aanthe _é-1 \u0301"))).Draw(t, "s")
		want, err := official.Sub(" ", s, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := removeArticles(s); got != want {
			t.Fatalf("removeArticles(%q) = %q, want %q", s, got, want)
		}
	})
}

// TestBestThreshold holds the search against every threshold tried in turn.
// All doubts differ: among equal ones the official search, which this follows,
// may answer a part.
func TestBestThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doubts := rapid.SliceOfNDistinct(rapid.IntRange(0, 99), 1, 12, rapid.ID).Draw(t, "doubts")
		var rows []Row
		for _, doubt := range doubts {
			var golds []string
			if rapid.Bool().Draw(t, "has answer") {
				golds = []string{"x"}
			}
			prediction := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "prediction")
			rows = append(rows, SQuADv2Row(golds, prediction, -float64(doubt)/20))
		}
		best := 0.0
		for _, limit := range append(rows, Row{squadNoAnswerKey: -1}) {
			total := 0.0
			for _, r := range rows {
				switch answered := r[squadNoAnswerKey] <= limit[squadNoAnswerKey] && r[squadAnsweredKey] == 1; {
				case answered:
					total += r["exact"]
				default:
					total += 1 - r[squadHasAnswerKey]
				}
			}
			best = max(best, total/float64(len(rows)))
		}
		got, err := Aggregate(MetricSpec{Name: "best_exact", Aggregation: squadBest}, rows, 0)
		if err != nil || !close(got.Value, best) || !math.IsNaN(got.StdErr) {
			t.Fatalf("got %+v %v, want %v", got, err, best)
		}
	})
}
