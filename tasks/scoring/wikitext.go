package scoring

import (
	"context"
	"fmt"
)

// Wikitext spreads the log-likelihood of the cleaned text over the words and
// bytes of the text as it is stored, so that clean-up does not change the
// measure.
func Wikitext(_ context.Context, item Item, out Outcome) (Row, error) {
	page, _ := item.Doc.Get("page")
	text, ok := page.(string)
	if !ok || len(out.Responses) != 1 {
		return nil, fmt.Errorf("wants one response to a document with a text in its column page")
	}
	specs, err := DefaultMetrics(Rolling)
	if err != nil {
		return nil, err
	}
	return RollingRow(specs, out.Responses[0].LogLikelihood, text), nil
}
