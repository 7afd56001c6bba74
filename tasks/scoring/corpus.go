package scoring

import (
	"fmt"
	"strconv"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// A corpusMetric is a metric of translation, whose value comes from counts
// summed over all documents and not from a mean of scores. A document's row
// holds its counts; there is none for the document alone.
type corpusMetric struct {
	counts        []string // keys after the metric's name, in the order of the numbers
	segment       func(prediction string, references []string) []float64
	value         func(totals []float64) float64
	lowerIsBetter bool
}

// corpusMetrics are those of sacrebleu 2 with its default settings.
func corpusMetrics() map[string]corpusMetric {
	return map[string]corpusMetric{
		"bleu": {append([]string{"/hyp", "/ref"}, numbered(bleuOrder, "/match", "/total")...), bleuSegment, bleuValue, false},
		"chrf": {numbered(chrfOrder, "/hyp", "/ref", "/match"), chrF{}.segment, chrF{}.value, false},
		"chrf++": {numbered(chrfOrder+chrfWords, "/hyp", "/ref", "/match"),
			chrF{words: chrfWords}.segment, chrF{words: chrfWords}.value, false},
		"ter": {[]string{"/edits", "/length"}, terSegment, terValue, true},
	}
}

// numbered returns every key with the numbers 1 to n behind it, key by key.
func numbered(n int, keys ...string) []string {
	var out []string
	for _, k := range keys {
		for i := 1; i <= n; i++ {
			out = append(out, k+strconv.Itoa(i))
		}
	}
	return out
}

func (m corpusMetric) columns(metric string) []string {
	out := make([]string, len(m.counts))
	for i, k := range m.counts {
		out[i] = metric + k
	}
	return out
}

// aggregate makes the value of all documents of their counts.
func (m corpusMetric) aggregate(columns [][]float64) (float64, error) {
	totals := make([]float64, len(columns))
	for i, c := range columns {
		totals[i] = sum(c)
	}
	return m.value(totals), nil
}

// row counts one document. Several accepted answers are references side by
// side, as in sacrebleu; the harness itself fails on them.
func (m corpusMetric) row(metric string, golds []py.Value, prediction py.Value) (Row, error) {
	if list, ok := prediction.([]any); ok && len(list) == 1 {
		prediction = list[0]
	}
	text, ok := prediction.(string)
	if !ok {
		return nil, fmt.Errorf("scores one text, the filters left %s: put take_first last", py.Repr(prediction))
	}
	references := make([]string, len(golds))
	for i, g := range golds {
		references[i] = py.Str(g)
	}
	if len(references) == 0 {
		return nil, fmt.Errorf("the document has no answer to compare with")
	}
	row := Row{}
	for i, x := range m.segment(text, references) {
		row[metric+m.counts[i]] = x
	}
	return row, nil
}

// countNgrams counts the n-grams of a sequence by their joined text; join
// must not occur within an item.
func countNgrams(items []string, n int, join string) map[string]int {
	out := map[string]int{}
	for i := 0; i+n <= len(items); i++ {
		key := items[i]
		for _, next := range items[i+1 : i+n] {
			key += join + next
		}
		out[key]++
	}
	return out
}

// overlap is the number of n-grams that both have, each as often as in the
// one that has it less often.
func overlap(a, b map[string]int) int {
	n := 0
	for k, count := range a {
		n += min(count, b[k])
	}
	return n
}
