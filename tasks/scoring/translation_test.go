package scoring

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type corpus struct {
	Predictions []string           `json:"predictions"`
	References  [][]string         `json:"references"` // per prediction
	Scores      map[string]float64 `json:"scores"`
	StdErr      map[string]float64 `json:"stderr"`
}

// translations reads what scripts/fixtures/translation_cases.py made with
// sacrebleu.
func translations(t *testing.T) (corpora []corpus, tokens []struct {
	Text   string
	Tokens []string
}) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "translation.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := struct {
		Corpora *[]corpus
		Tokens  any
	}{&corpora, &tokens}
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return corpora, tokens
}

func TestTranslationAgainstSacrebleu(t *testing.T) {
	corpora, _ := translations(t)
	bootstraps := 0
	for i, c := range corpora {
		for _, name := range sortedKeys(c.Scores) {
			spec, err := NewMetric(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Aggregate(spec, corpusRows(t, spec, c), DefaultBootstrap)
			if err != nil {
				t.Fatal(err)
			}
			if !close(e.Value, c.Scores[name]) {
				t.Errorf("corpus %d (%.60q): %s is %v, want %v", i, c.Predictions[0], name, e.Value, c.Scores[name])
			}
			if want, ok := c.StdErr[name]; ok {
				bootstraps++
				if !close(e.StdErr, want) {
					t.Errorf("corpus %d: standard error of %s is %v, want %v", i, name, e.StdErr, want)
				}
			}
		}
	}
	if len(corpora) < 40 || bootstraps < 20 {
		t.Errorf("%d corpora and %d standard errors: the fixture is cut", len(corpora), bootstraps)
	}
}

func corpusRows(t *testing.T, spec MetricSpec, c corpus) []Row {
	t.Helper()
	var rows []Row
	for i, p := range c.Predictions {
		item := Item{Target: c.References[i][0]}
		if golds := c.References[i]; len(golds) > 1 {
			list := make([]any, len(golds))
			for k, g := range golds {
				list[k] = g
			}
			item = Item{Target: list, MultipleTargets: true}
		}
		r, err := Score(context.Background(), GenerateUntil, []MetricSpec{spec}, item, Outcome{Filtered: p})
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r.Row)
	}
	return rows
}

func TestTokens13aAgainstSacrebleu(t *testing.T) {
	_, tokens := translations(t)
	for _, c := range tokens {
		if got := tokens13a(c.Text); !slices.Equal(got, c.Tokens) {
			t.Errorf("%q: got %q, want %q", c.Text, got, c.Tokens)
		}
	}
}

// TestChrfOfShortReference: orders that a side lacks do not count.
func TestChrfOfShortReference(t *testing.T) {
	precision := (3./8 + 2./7 + 1./6) / 3
	for _, c := range []struct{ a, b string }{{"abcdefgh", "abc"}, {"abc", "abcdefgh"}} {
		want := 100 * 5 * precision / (4*precision + 1)
		if len(c.a) < len(c.b) { // precision and recall change places
			want = 100 * 5 * precision / (4 + precision)
		}
		if got := (chrF{}).value(chrF{}.segment(c.a, []string{c.b})); !close(got, want) {
			t.Errorf("%q against %q: %v, want %v", c.a, c.b, got, want)
		}
	}
}

// TestTranslationOfItself: a text against itself is perfect, and nothing is
// better than that.
func TestTranslationOfItself(t *testing.T) {
	words := rapid.SliceOfN(rapid.SampledFrom(strings.Fields("a b c d e. F, 1.5 é")), 4, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := strings.Join(words.Draw(t, "a"), " "), strings.Join(words.Draw(t, "b"), " ")
		for name, best := range map[string]float64{"bleu": 100, "chrf": 100, "chrf++": 100, "ter": 0} {
			m := corpusMetrics()[name]
			if v := m.value(m.segment(a, []string{a})); !close(v, best) {
				t.Fatalf("%s of %q against itself is %v", name, a, v)
			}
			if v := m.value(m.segment(a, []string{b})); v < 0 || name != "ter" && v > 100+1e-9 {
				t.Fatalf("%s of %q against %q is %v", name, a, b, v)
			}
		}
	})
}

func TestCorpusMetricRefuses(t *testing.T) {
	spec, err := NewMetric("bleu", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Score(context.Background(), GenerateUntil, []MetricSpec{spec}, Item{Target: "a"}, Outcome{Filtered: []any{"a", "b"}})
	if err == nil || !strings.Contains(err.Error(), "put take_first last") {
		t.Errorf("two predictions: %v", err)
	}
}
