// Package scoring turns what a model answered into numbers: filters extract
// an answer from generated texts, metrics score one document, aggregations
// make one value and its standard error of all documents, and groups pool
// tasks. Everything is a pure function of its arguments; there is no I/O, no
// YAML and no model. Generated code runs through the caller's CodeRunner.
//
// The rules are those of lm-evaluation-harness 0.4.13 (process_results,
// api/metrics.py, filters/). Log-likelihoods are natural logarithms.
package scoring

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// OutputType is what a task asks of a model, as its task file writes it.
type OutputType string

const (
	Loglikelihood  OutputType = "loglikelihood"
	Rolling        OutputType = "loglikelihood_rolling"
	MultipleChoice OutputType = "multiple_choice"
	GenerateUntil  OutputType = "generate_until"
)

// A Response answers one request.
type Response struct {
	LogLikelihood float64  // natural log, summed over the continuation's tokens
	IsGreedy      bool     // every token of the continuation was the argmax
	Texts         []string // generations, one per repeat
}

// An Item is the document that is scored.
type Item struct {
	Doc     *py.Dict
	Choices []string // rendered doc_to_choice; nil without one
	// Target is doc_to_target: an index or text of a choice, a text, or a
	// list of these of which any counts.
	Target py.Value
	// Input is the index that doc_to_text gives when MultipleInputs: the
	// right context. Target is then the continuation all contexts share.
	Input           py.Value
	MultipleInputs  bool
	MultipleTargets bool // any text of a list-valued Target is accepted
}

// An Outcome is what the model made of one document.
type Outcome struct {
	Responses []Response // in request order
	Filtered  py.Value   // of generate_until: what a Pipeline left, one text as a rule
}

// A Row holds one document's numbers. A key with a slash is no metric itself
// but a number that an aggregation needs beside it, such as
// word_perplexity/weight, so that every score can be computed anew from rows.
type Row map[string]float64

// A Result is a scored document and what its reader should be told.
type Result struct {
	Row      Row
	Warnings []string
}

// A Process takes the place of a task's metrics (process_results).
type Process struct {
	Score func(ctx context.Context, item Item, out Outcome) (Row, error)
	// Metrics says how what Score gives is aggregated; nil: as the task lists it.
	Metrics func() []MetricSpec
	// Key is equal for answers that Score calls equal; nil: it compares none.
	Key func(answer py.Value) (py.Value, error)
}

// A CodeRunner executes a Python program and then the tests that judge it,
// apart from this process. passed is true when the tests came to their end
// without an error within the timeout; detail says why not. err reports that
// the program could not be judged at all. Several goroutines may call it.
type CodeRunner interface {
	Run(ctx context.Context, program, tests string, timeout time.Duration) (passed bool, detail string, err error)
}

// NoFilter is the name of the pipeline of tasks that declare none.
const NoFilter = "none"

// Auxiliary reports whether key belongs to an aggregation and is no metric.
func Auxiliary(key string) bool { return strings.Contains(key, "/") }

// Qualified returns the row with ",filter" after every key, as stored for
// tasks whose answers pass through named filters.
func (r Row) Qualified(filter string) Row {
	out := make(Row, len(r))
	for k, v := range r {
		out[k+","+filter] = v
	}
	return out
}

// Unqualified returns the entries of one filter under their plain keys; it
// undoes Qualified. For NoFilter these are also the keys without a filter.
func (r Row) Unqualified(filter string) Row {
	out := Row{}
	for k, v := range r {
		name, f, found := strings.Cut(k, ",")
		if f == filter || !found && filter == NoFilter {
			out[name] = v
		}
	}
	return out
}

// Score computes the metrics of one document. Every spec must be one that the
// output type knows (see CheckMetrics), or carry its own function.
func Score(ctx context.Context, kind OutputType, specs []MetricSpec, item Item, out Outcome) (Result, error) {
	if err := CheckMetrics(kind, specs); err != nil {
		return Result{}, err
	}
	switch kind {
	case Loglikelihood:
		row, err := scoreLoglikelihood(specs, out.Responses)
		return Result{Row: row}, err
	case Rolling:
		if len(out.Responses) != 1 {
			return Result{}, fmt.Errorf("%d responses for a text scored as a whole, want 1", len(out.Responses))
		}
		return Result{Row: RollingRow(specs, out.Responses[0].LogLikelihood, py.Str(item.Target))}, nil
	case MultipleChoice:
		return scoreChoices(specs, item, out.Responses)
	case GenerateUntil:
		row, err := scoreGenerated(ctx, specs, item, out.Filtered)
		return Result{Row: row}, err
	}
	return Result{}, fmt.Errorf("output type %q is none of loglikelihood, loglikelihood_rolling, multiple_choice, generate_until", kind)
}

// unknown words the error for a name that is in no registry.
func unknown(what, name string, known []string) error {
	return fmt.Errorf("unknown %s %q%s. Known: %s", what, name, nearest.DidYouMean(name, known), strings.Join(known, ", "))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
