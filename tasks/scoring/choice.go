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
// followed by as many unconditional ones when acc_mutual_info is asked for.
func scoreChoices(specs []MetricSpec, item Item, responses []Response) (Result, error) {
	n := len(item.Choices)
	mutual := has(specs, "acc_mutual_info")
	want := n
	if mutual {
		want = 2 * n
	}
	if n == 0 || len(responses) != want {
		return Result{}, fmt.Errorf("%d responses for %d choices, want %d", len(responses), n, want)
	}
	golds, err := goldIndexes(item)
	if err != nil {
		return Result{}, err
	}
	lls := make([]float64, n)
	for i := range lls {
		lls[i] = responses[i].LogLikelihood
	}
	s := choiceScores{item: item, responses: responses, lls: lls, golds: golds}
	row := Row{}
	for _, spec := range specs {
		if err := s.add(row, spec.Name); err != nil {
			return Result{}, err
		}
	}
	result := Result{Row: row}
	if slices.Contains(golds, outsideChoices) {
		result.Warnings = append(result.Warnings, fmt.Sprintf("label %s names none of the %d choices and counts as wrong", py.Repr(item.gold()), n))
	}
	return result, nil
}

type choiceScores struct {
	item      Item
	responses []Response
	lls       []float64 // conditional, one per choice
	golds     []int     // any of them counts
}

func (s choiceScores) add(row Row, name string) error {
	switch name {
	case "acc":
		row[name] = s.hit(s.lls)
	case "acc_norm":
		row[name] = s.hit(s.per(func(c string) int { return py.Len(c) }))
	case "acc_bytes":
		row[name] = s.hit(s.per(func(c string) int { return len(c) }))
	case "acc_mutual_info":
		gain := make([]float64, len(s.lls))
		for i := range gain {
			gain[i] = s.lls[i] - s.responses[len(s.lls)+i].LogLikelihood
		}
		row[name] = s.hit(gain)
	case "exact_match":
		row[name] = indicator(slices.ContainsFunc(s.golds, func(g int) bool { return g >= 0 && s.responses[g].IsGreedy }))
	case "brier_score", "likelihood", "f1", "mcc":
		return s.addSingle(row, name)
	}
	return nil
}

// addSingle adds the metrics that are defined for one gold label only.
func (s choiceScores) addSingle(row Row, name string) error {
	if len(s.golds) != 1 {
		return fmt.Errorf("metric %s needs one gold label, the document has %d", name, len(s.golds))
	}
	gold := s.golds[0]
	switch name {
	case "brier_score":
		row[name] = brier(softmax(s.lls), gold)
	case "likelihood":
		if gold < 0 {
			return fmt.Errorf("metric likelihood needs a gold label among the choices")
		}
		row[name] = s.lls[gold]
	default:
		row[name+goldKey] = float64(gold)
		row[name+predKey] = float64(argmax(s.lls))
	}
	return nil
}

// hit is 1 when the largest score belongs to a gold choice.
func (s choiceScores) hit(scores []float64) float64 {
	return indicator(slices.Contains(s.golds, argmax(scores)))
}

// per divides every log-likelihood by the length of its choice's text, without
// the delimiter that was scored with it.
func (s choiceScores) per(length func(string) int) []float64 {
	out := make([]float64, len(s.lls))
	for i, ll := range s.lls {
		out[i] = ll / float64(length(s.item.Choices[i]))
	}
	return out
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
