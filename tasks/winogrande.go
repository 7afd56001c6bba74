package tasks

import (
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// WinoGrande scores one shared ending after each of two beginnings
// (partial evaluation, Trinh and Le 2018): the "text" is the number of the
// right beginning, the "choices" are the beginnings, the "target" the ending.

func winograndeText(doc *py.Dict) (py.Value, error) {
	answer, err := column(doc, "answer")
	if err != nil {
		return nil, err
	}
	switch answer {
	case "1":
		return int64(0), nil
	case "2":
		return int64(1), nil
	}
	return nil, fmt.Errorf("answer %q is neither 1 nor 2: is this the split without answers?", answer)
}

func winograndeTarget(doc *py.Dict) (py.Value, error) {
	_, after, err := winograndeBlank(doc)
	return py.Strip(after, ""), err
}

func winograndeChoice(doc *py.Dict) (py.Value, error) {
	before, _, err := winograndeBlank(doc)
	if err != nil {
		return nil, err
	}
	choices := make([]any, 2)
	for i, name := range []string{"option1", "option2"} {
		option, err := column(doc, name)
		if err != nil {
			return nil, err
		}
		choices[i] = before + option
	}
	return choices, nil
}

func winograndeBlank(doc *py.Dict) (before, after string, err error) {
	sentence, err := column(doc, "sentence")
	if err != nil {
		return "", "", err
	}
	before, after, ok := strings.Cut(sentence, "_")
	if !ok {
		return "", "", fmt.Errorf("the sentence has no blank (_)")
	}
	return before, after, nil
}
