package scoring

import (
	"context"
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

const (
	// noQuACAnswer is the answer to a question that the passage leaves open.
	noQuACAnswer = "CANNOTANSWER"
	// quacAgreement is the F1 among people below which a question does not
	// count (Choi et al. 2018, section 5).
	quacAgreement = 0.4
)

// QuAC scores one answer as the authors' script does (Choi et al. 2018): f1
// over the words, in the mean over leaving out one of several accepted
// answers, so that the model has as many chances as a person; f1 is absent
// from the row of a question on which people disagree, f1_all never. heq is 1
// when the model is at least as good as people are among each other.
func QuAC(_ context.Context, item Item, out Outcome) (Row, error) {
	golds, err := quacAnswers(item.Doc)
	if err != nil {
		return nil, err
	}
	golds = settleNoAnswer(golds)
	f1, human := leaveOneOut(golds, py.Str(out.Filtered)), agreement(golds)
	row := Row{"f1_all": f1}
	if human >= quacAgreement {
		row["f1"], row["heq"] = f1, indicator(f1 >= human)
	}
	return row, nil
}

func quacAnswers(doc *py.Dict) ([]string, error) {
	v, _ := doc.Get("answers")
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, a := range list {
		var ok bool
		if out[i], ok = a.(string); !ok {
			return nil, fmt.Errorf("answer %s is no text", py.Repr(a))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the document has no answers")
	}
	return out, nil
}

// settleNoAnswer decides by majority whether there is an answer: a draw says
// that there is none.
func settleNoAnswer(golds []string) []string {
	spans := slices.DeleteFunc(slices.Clone(golds), func(g string) bool { return g == noQuACAnswer })
	if 2*len(spans) <= len(golds) {
		return []string{noQuACAnswer}
	}
	return spans
}

// leaveOneOut is the mean, over leaving out one accepted answer, of the best
// F1 against the others; of a single answer it is the F1.
func leaveOneOut(golds []string, prediction string) float64 {
	f1 := make([]float64, len(golds))
	for i, g := range golds {
		f1[i] = quacF1(g, prediction)
	}
	if len(f1) == 1 {
		return f1[0]
	}
	total := 0.0
	for i := range f1 {
		best := 0.0
		for j, v := range f1 {
			if j != i {
				best = max(best, v)
			}
		}
		total += best
	}
	return total / float64(len(f1))
}

// agreement is the mean over people of the best F1 of one's answer against
// those of the others, 1 for a single person.
func agreement(golds []string) float64 {
	if len(golds) == 1 {
		return 1
	}
	total := 0.0
	for i, answer := range golds {
		best := 0.0
		for j, g := range golds {
			if j != i {
				best = max(best, quacF1(answer, g))
			}
		}
		total += best
	}
	return total / float64(len(golds))
}

// quacF1 is SQuAD's but for two texts without words, which have nothing in
// common.
func quacF1(gold, prediction string) float64 {
	if SQuADNormalise(gold) == "" || SQuADNormalise(prediction) == "" {
		return 0
	}
	return SQuADF1(gold, prediction)
}
