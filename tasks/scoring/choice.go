package scoring

import (
	"fmt"
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// outsideChoices stands for a gold label that names no choice.
const outsideChoices = -100

// scoreChoices scores a multiple-choice document from one response per choice,
// followed by as many unconditional ones when a metric needs them.
func scoreChoices(specs []MetricSpec, item Item, responses []Response) (Result, error) {
	n, want := len(item.Choices), len(item.Choices)
	if slices.ContainsFunc(specs, func(s MetricSpec) bool { return NeedsUnconditional(s.Name) }) {
		want = 2 * n
	}
	if n == 0 || len(responses) != want {
		return Result{}, fmt.Errorf("%d responses for %d choices, want %d", len(responses), n, want)
	}
	golds, err := goldIndexes(item)
	if err != nil {
		return Result{}, err
	}
	s := choiceScores{choices: item.Choices, responses: responses[:n], unconditional: responses[n:], golds: golds}
	row := Row{}
	for _, spec := range specs {
		numbers, err := knownMetrics()[spec.Name].choice(s)
		if err != nil {
			return Result{}, fmt.Errorf("metric %s %w", spec.Name, err)
		}
		for key, v := range numbers {
			row[spec.Name+key] = v
		}
	}
	result := Result{Row: row}
	if slices.Contains(golds, outsideChoices) {
		result.Warnings = append(result.Warnings, fmt.Sprintf("label %s names none of the %d choices and counts as wrong", py.Repr(item.gold()), n))
	}
	return result, nil
}

// choiceScores are what the metrics of a multiple-choice document are made of.
type choiceScores struct {
	choices       []string
	responses     []Response // one per choice
	unconditional []Response // the same without a context; empty if no metric needs them
	golds         []int      // any of them counts
}

// hit is 1 when the largest score belongs to a gold choice.
func hit(scores func(choiceScores) []float64) func(choiceScores) (Row, error) {
	return func(s choiceScores) (Row, error) {
		return Row{"": indicator(slices.Contains(s.golds, argmax(scores(s))))}, nil
	}
}

func (s choiceScores) likelihoods() []float64 {
	return s.each(func(i int) float64 { return s.responses[i].LogLikelihood })
}

// perCharacter divides by the length of the choice's text, without the
// delimiter that was scored with it; so does perByte.
func (s choiceScores) perCharacter() []float64 {
	return s.each(func(i int) float64 { return s.responses[i].LogLikelihood / float64(py.Len(s.choices[i])) })
}

func (s choiceScores) perByte() []float64 {
	return s.each(func(i int) float64 { return s.responses[i].LogLikelihood / float64(len(s.choices[i])) })
}

// gains are what the context adds to each choice's log-likelihood.
func (s choiceScores) gains() []float64 {
	return s.each(func(i int) float64 { return s.responses[i].LogLikelihood - s.unconditional[i].LogLikelihood })
}

func (s choiceScores) each(score func(i int) float64) []float64 {
	out := make([]float64, len(s.choices))
	for i := range out {
		out[i] = score(i)
	}
	return out
}

// greedyGold is 1 when a gold choice is what the model would have written.
func greedyGold(s choiceScores) (Row, error) {
	return Row{"": indicator(slices.ContainsFunc(s.golds, func(g int) bool { return g >= 0 && s.responses[g].IsGreedy }))}, nil
}

// oneLabel makes a metric's function of one that is defined for one gold label.
func oneLabel(numbers func(s choiceScores, gold int) (Row, error)) func(choiceScores) (Row, error) {
	return func(s choiceScores) (Row, error) {
		if len(s.golds) != 1 {
			return nil, fmt.Errorf("needs one gold label, the document has %d", len(s.golds))
		}
		return numbers(s, s.golds[0])
	}
}

func brierScore(s choiceScores, gold int) (Row, error) {
	return Row{"": brier(softmax(s.likelihoods()), gold)}, nil
}

func goldLikelihood(s choiceScores, gold int) (Row, error) {
	if gold < 0 {
		return nil, fmt.Errorf("needs a gold label among the choices")
	}
	return Row{"": s.responses[gold].LogLikelihood}, nil
}

// classes are the label and the likeliest choice, for metrics over all
// documents.
func classes(s choiceScores, gold int) (Row, error) {
	return Row{goldKey: float64(gold), predKey: float64(argmax(s.likelihoods()))}, nil
}

// argmax is numpy's: the first of the largest, a NaN being larger than all.
func argmax(x []float64) int {
	best := 0
	for i, v := range x {
		if math.IsNaN(v) {
			return i
		}
		if v > x[best] {
			best = i
		}
	}
	return best
}

func softmax(lls []float64) []float64 {
	out := make([]float64, len(lls))
	top, sum := slices.Max(lls), 0.0
	for i, ll := range lls {
		out[i] = math.Exp(ll - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// brier is the squared distance between the probabilities and the one-hot gold
// label (G. W. Brier, Monthly Weather Review 78, 1950). A label outside of the
// choices is a class of its own that was given no probability.
func brier(p []float64, gold int) float64 {
	sum := 0.0
	for i, q := range p {
		d := q - indicator(i == gold)
		sum += float64(d * d)
	}
	return sum + indicator(gold < 0)
}

// gold returns the label of a multiple-choice document as the task gives it.
func (it Item) gold() py.Value {
	if it.MultipleInputs {
		return it.Input
	}
	return it.Target
}

// goldIndexes resolves the label, or each of a list of labels, to the index of
// a choice. A text is looked up among the choices.
func goldIndexes(item Item) ([]int, error) {
	list, ok := item.gold().([]any)
	if !ok {
		list = []any{item.gold()}
	}
	out := make([]int, len(list))
	for i, v := range list {
		g, err := goldIndex(v, item.Choices)
		if err != nil {
			return nil, err
		}
		out[i] = g
	}
	return out, nil
}

func goldIndex(v py.Value, choices []string) (int, error) {
	switch v := v.(type) {
	case int64:
		if v >= 0 && v < int64(len(choices)) {
			return int(v), nil
		}
		return outsideChoices, nil
	case bool:
		return goldIndex(int64(indicator(v)), choices)
	case string:
		if i := slices.Index(choices, v); i >= 0 {
			return i, nil
		}
		return outsideChoices, nil
	}
	return 0, fmt.Errorf("gold label %s is neither an index nor the text of a choice", py.Repr(v))
}
