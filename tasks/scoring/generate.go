package scoring

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/regex"
)

// scoreGenerated applies every metric's function to what the filters left.
// With several accepted answers a metric is 1 when it is not zero for any.
func scoreGenerated(ctx context.Context, specs []MetricSpec, item Item, prediction py.Value) (Row, error) {
	golds, err := acceptedAnswers(item, prediction)
	if err != nil {
		return nil, err
	}
	row := Row{}
	for _, spec := range specs {
		if spec.corpus != nil {
			one, err := spec.corpus.row(spec.Name, golds, prediction)
			if err != nil {
				return nil, fmt.Errorf("metric %s: %w", spec.Name, err)
			}
			maps.Copy(row, one)
			continue
		}
		if !item.MultipleTargets {
			one, err := spec.Func(ctx, golds[0], prediction)
			if err != nil {
				return nil, fmt.Errorf("metric %s: %w", spec.Name, err)
			}
			maps.Copy(row, one)
			continue
		}
		row[spec.Name] = 0
		for _, gold := range golds {
			one, err := spec.Func(ctx, gold, prediction)
			if err != nil {
				return nil, fmt.Errorf("metric %s: %w", spec.Name, err)
			}
			value, ok := one[spec.Name]
			if !ok {
				return nil, fmt.Errorf("metric %s: with several accepted answers its function must return a value of that name", spec.Name)
			}
			if value != 0 {
				row[spec.Name] = 1
				break
			}
		}
	}
	return row, nil
}

// acceptedAnswers returns the texts a prediction is compared with. With
// choices the target is the index of one; a single target takes the
// prediction's type, as in the harness.
func acceptedAnswers(item Item, prediction py.Value) ([]py.Value, error) {
	if item.Choices != nil {
		i, err := goldIndex(item.Target, item.Choices)
		if err != nil || i < 0 {
			return nil, fmt.Errorf("target %s names none of the %d choices", py.Repr(item.Target), len(item.Choices))
		}
		return []py.Value{item.Choices[i]}, nil
	}
	if list, ok := item.Target.([]any); ok && item.MultipleTargets {
		return list, nil
	}
	gold, err := likePrediction(item.Target, prediction)
	return []py.Value{gold}, err
}

// likePrediction converts a gold answer to the type of the prediction.
func likePrediction(gold, prediction py.Value) (py.Value, error) {
	number := func() (float64, error) {
		if s, ok := gold.(string); ok {
			return strconv.ParseFloat(py.Strip(s, ""), 64)
		}
		return py.Float(gold)
	}
	switch prediction.(type) {
	case string:
		return py.Str(gold), nil
	case int64, float64:
		x, err := number()
		if err != nil {
			return nil, fmt.Errorf("target %s cannot be compared with the number %s", py.Repr(gold), py.Repr(prediction))
		}
		if _, whole := prediction.(int64); whole && math.Abs(x) < 1<<53 {
			return int64(x), nil
		}
		return x, nil
	}
	return gold, nil
}

// exactMatch compares texts after it has removed what the task ignores, in
// this order: regular expressions, case, ASCII punctuation, ASCII digits.
type exactMatch struct {
	ignore      []*regex.Regexp
	ignoreCase  bool
	punctuation bool
	numbers     bool
}

// newF1 is the evaluate library's f1 of one document's label: averaged over
// labels it is 1 for an equal one and else 0. Without an average there is no
// function: the task's f1 is that of two classes, over all documents.
func newF1(a *arguments, spec *MetricSpec) error {
	average := a.text("average", "binary")
	if slices.Contains([]string{"micro", "macro", "weighted"}, average) {
		spec.Func, spec.Aggregation = equality(spec.Name), "mean"
	} else if average != "binary" {
		return fmt.Errorf("metric f1: average %q is none of micro, macro, weighted", average)
	}
	return nil
}

func newAccuracy(_ *arguments, spec *MetricSpec) error {
	spec.Func = equality(spec.Name)
	return nil
}

// equality scores 1 for a prediction that equals the gold answer.
func equality(metric string) MetricFunc {
	return func(_ context.Context, gold, prediction py.Value) (Row, error) {
		return Row{metric: indicator(py.Equal(gold, prediction))}, nil
	}
}

func newExactMatch(a *arguments, spec *MetricSpec) error {
	m := exactMatch{ignoreCase: a.truth("ignore_case"), punctuation: a.truth("ignore_punctuation"), numbers: a.truth("ignore_numbers")}
	for _, pattern := range a.texts("regexes_to_ignore") {
		re, err := regex.Compile(pattern)
		if err != nil {
			return err
		}
		m.ignore = append(m.ignore, re)
	}
	spec.Func, spec.Key = m.score, m.normalise
	return nil
}

// score compares one prediction; of a list it gives the share that is equal.
func (m exactMatch) score(_ context.Context, gold, prediction py.Value) (Row, error) {
	list, ok := prediction.([]any)
	if !ok {
		list = []any{prediction}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no prediction to compare")
	}
	want, err := m.normalise(gold)
	if err != nil {
		return nil, err
	}
	hits := 0.0
	for _, p := range list {
		got, err := m.normalise(p)
		if err != nil {
			return nil, err
		}
		hits += indicator(py.Equal(want, got))
	}
	return Row{"exact_match": hits / float64(len(list))}, nil
}

const asciiPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" // Python's string.punctuation

func (m exactMatch) normalise(v py.Value) (py.Value, error) {
	s, ok := v.(string)
	if !ok {
		if len(m.ignore) > 0 || m.ignoreCase || m.punctuation || m.numbers {
			return nil, fmt.Errorf("ignores parts of texts, but %s is no text", py.Repr(v))
		}
		return v, nil
	}
	for _, re := range m.ignore {
		var err error
		if s, err = re.Sub("", s, 0); err != nil {
			return nil, err
		}
	}
	if m.ignoreCase {
		s = py.Lower(s)
	}
	if m.punctuation {
		s = without(s, asciiPunctuation)
	}
	if m.numbers {
		s = without(s, "0123456789")
	}
	return s, nil
}

// without removes every character of chars from s.
func without(s, chars string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(chars, r) {
			return -1
		}
		return r
	}, s)
}
