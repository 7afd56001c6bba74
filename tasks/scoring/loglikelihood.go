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
	for _, spec := range specs {
		row[spec.Name] = knownMetrics()[spec.Name].single(responses[0])
	}
	return row, nil
}

// RollingRow is the row of a text scored as a whole: per metric the text's
// log-likelihood and what it is spread over, words or UTF-8 bytes of counted.
// Task functions count the text before their clean-up (wikitext).
func RollingRow(specs []MetricSpec, loglikelihood float64, counted string) Row {
	row := Row{}
	for _, spec := range specs {
		row[spec.Name] = loglikelihood
		row[spec.Name+weightKey] = float64(knownMetrics()[spec.Name].rolling(counted))
	}
	return row
}

func countBytes(s string) int { return len(s) }

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
