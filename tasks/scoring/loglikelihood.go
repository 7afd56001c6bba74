package scoring

import (
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// Auxiliary keys, after the metric's name.
const (
	weightKey = "/weight" // words or bytes a log-likelihood is spread over
	goldKey   = "/gold"   // class index, outsideChoices for none
	predKey   = "/pred"
)

func scoreLoglikelihood(specs []MetricSpec, responses []Response) (Row, error) {
	if len(responses) != 1 {
		return nil, fmt.Errorf("%d responses for one log-likelihood, want 1", len(responses))
	}
	row := Row{}
	if has(specs, "perplexity") {
		row["perplexity"] = responses[0].LogLikelihood
	}
	if has(specs, "acc") {
		row["acc"] = indicator(responses[0].IsGreedy)
	}
	return row, nil
}

// RollingRow is the row of a text scored as a whole: per metric the text's
// log-likelihood and what it is divided by, words or UTF-8 bytes of counted.
// Task functions count the text before their clean-up (wikitext).
func RollingRow(specs []MetricSpec, loglikelihood float64, counted string) Row {
	row := Row{}
	words, bytes := float64(countWords(counted)), float64(len(counted))
	for _, m := range []struct {
		name   string
		weight float64
	}{{"word_perplexity", words}, {"byte_perplexity", bytes}, {"bits_per_byte", bytes}} {
		if has(specs, m.name) {
			row[m.name] = loglikelihood
			row[m.name+weightKey] = m.weight
		}
	}
	return row
}

// countWords is len(re.split(r"\s+", s)): leading and trailing white space
// count one empty word each.
func countWords(s string) int {
	n, inSpace := 1, false
	for _, r := range s {
		space := py.IsSpace(r)
		if space && !inSpace {
			n++
		}
		inSpace = space
	}
	return n
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
