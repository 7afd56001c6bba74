package scoring

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// noAnswerThreshold: above this probability of no answer a prediction counts
// as "no answer", the default of the squad_v2 metric.
const noAnswerThreshold = 1.0

// Auxiliary keys of SQuAD v2 rows, for the threshold search.
const (
	squadNoAnswerKey  = "squad/no_answer_probability"
	squadHasAnswerKey = "squad/has_answer" // the document has a gold answer
	squadAnsweredKey  = "squad/answered"   // the prediction is not empty
	squadBest         = "squad_best"       // the aggregation of best_*
)

// SQuADNormalise makes answers comparable as the official SQuAD script does:
// lower case, no ASCII punctuation, no English articles, single spaces.
func SQuADNormalise(answer string) string {
	s := without(py.Lower(answer), asciiPunctuation)
	return strings.Join(py.Split(removeArticles(s), ""), " ")
}

// removeArticles replaces the words a, an and the by a space, where a word is a
// run of what a regular expression's \w matches.
func removeArticles(s string) string {
	inWord := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, func(r rune) bool { return !inWord(r) })
		if end < 0 {
			end = len(s)
		}
		switch word := s[:end]; word {
		case "a", "an", "the":
			b.WriteByte(' ')
		default:
			b.WriteString(word)
		}
		s = s[end:]
		next := strings.IndexFunc(s, inWord)
		if next < 0 {
			next = len(s)
		}
		b.WriteString(s[:next])
		s = s[next:]
	}
	return b.String()
}

// SQuADExact is 1 when prediction and gold are equal after normalisation.
func SQuADExact(gold, prediction string) float64 {
	return indicator(SQuADNormalise(gold) == SQuADNormalise(prediction))
}

// SQuADF1 is the harmonic mean of precision and recall over the words of
// prediction and gold after normalisation. If one is empty both must be.
func SQuADF1(gold, prediction string) float64 {
	goldWords, words := strings.Fields(SQuADNormalise(gold)), strings.Fields(SQuADNormalise(prediction))
	if len(goldWords) == 0 || len(words) == 0 {
		return indicator(len(goldWords) == len(words))
	}
	left := map[string]int{}
	for _, w := range goldWords {
		left[w]++
	}
	common := 0
	for _, w := range words {
		if left[w] > 0 {
			left[w]--
			common++
		}
	}
	if common == 0 {
		return 0
	}
	precision, recall := float64(common)/float64(len(words)), float64(common)/float64(len(goldWords))
	return 2 * precision * recall / (precision + recall)
}

// SQuADBest returns the best exact match and F1 over the accepted answers.
// Answers that normalise to nothing are left out; without any the empty
// prediction is right.
func SQuADBest(golds []string, prediction string) (exact, f1 float64) {
	golds = slices.DeleteFunc(slices.Clone(golds), func(g string) bool { return SQuADNormalise(g) == "" })
	if len(golds) == 0 {
		golds = []string{""}
	}
	for _, g := range golds {
		exact = max(exact, SQuADExact(g, prediction))
		f1 = max(f1, SQuADF1(g, prediction))
	}
	return exact, f1
}

// SQuADv2 scores an answer beside the log-likelihood of having none.
func SQuADv2(_ context.Context, item Item, out Outcome) (Row, error) {
	answers, err := SQuADAnswers(item.Doc)
	if err != nil {
		return nil, err
	}
	if len(out.Responses) != 2 {
		return nil, fmt.Errorf("%d responses, want an answer and the log-likelihood of having none", len(out.Responses))
	}
	return SQuADv2Row(answers, py.Str(out.Filtered), out.Responses[1].LogLikelihood), nil
}

// SQuADv2Row scores one SQuAD v2 document: golds are its accepted answers,
// none for an unanswerable question; noAnswer is the log-likelihood of
// " unanswerable". Values are fractions. HasAns_* and NoAns_* stand only in the
// rows of documents they are about.
func SQuADv2Row(golds []string, prediction string, noAnswer float64) Row {
	hasAnswer := len(golds) > 0
	exact, f1 := SQuADBest(golds, prediction)
	probability := math.Exp(noAnswer)
	if probability > noAnswerThreshold {
		exact = indicator(!hasAnswer)
		f1 = exact
	}
	row := Row{
		"exact": exact, "f1": f1,
		squadNoAnswerKey: probability, squadHasAnswerKey: indicator(hasAnswer), squadAnsweredKey: indicator(prediction != ""),
	}
	kind := "NoAns_"
	if hasAnswer {
		kind = "HasAns_"
	}
	row[kind+"exact"], row[kind+"f1"] = exact, f1
	return row
}

// SQuADv2Metrics lists the metrics of SQuADv2Row, the primary one first.
func SQuADv2Metrics() []MetricSpec {
	var specs []MetricSpec
	for _, name := range []string{"exact", "f1", "HasAns_exact", "HasAns_f1", "NoAns_exact", "NoAns_f1"} {
		specs = append(specs, MetricSpec{Name: name, Aggregation: "mean", HigherIsBetter: true})
	}
	for _, name := range []string{"best_exact", "best_f1"} {
		specs = append(specs, MetricSpec{Name: name, Aggregation: squadBest, HigherIsBetter: true})
	}
	return specs
}

// SQuADAnswers reads the accepted answers of a document: answers.text.
func SQuADAnswers(doc *py.Dict) ([]string, error) {
	v, _ := doc.Get("answers")
	answers, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("the document has no field answers")
	}
	v, _ = answers.Get("text")
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("the document's answers have no list text")
	}
	out := make([]string, len(list))
	for i, a := range list {
		if out[i], ok = a.(string); !ok {
			return nil, fmt.Errorf("answer %s is no text", py.Repr(a))
		}
	}
	return out, nil
}

func squadBestColumns(metric string) []string {
	return []string{strings.TrimPrefix(metric, "best_"), squadNoAnswerKey, squadHasAnswerKey, squadAnsweredKey}
}

// bestThresholdScore is the best mean score any threshold on the probability
// of no answer gives (the official SQuAD 2.0 evaluation script): from "nothing
// is answered" documents are answered one by one, least doubtful first.
func bestThresholdScore(columns [][]float64) (float64, error) {
	scores, doubt, hasAnswer, answered := columns[0], columns[1], columns[2], columns[3]
	order := make([]int, len(scores))
	current := 0.0
	for i := range order {
		order[i] = i
		current += 1 - hasAnswer[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case doubt[a] < doubt[b]:
			return -1
		case doubt[a] > doubt[b]:
			return 1
		}
		return 0
	})
	best := current
	for _, i := range order {
		if hasAnswer[i] == 1 {
			current += scores[i]
		} else {
			current -= answered[i]
		}
		best = max(best, current)
	}
	return best / float64(len(scores)), nil
}

// SQuAD scores one document of SQuAD v1.1, whose questions all have answers,
// by the best exact match and F1 over the accepted answers. Values are
// fractions.
func SQuAD(_ context.Context, item Item, out Outcome) (Row, error) {
	golds, err := SQuADAnswers(item.Doc)
	if err != nil {
		return nil, err
	}
	row := Row{"exact_match": 0, "f1": 0}
	for _, g := range golds {
		row["exact_match"] = max(row["exact_match"], SQuADExact(g, py.Str(out.Filtered)))
		row["f1"] = max(row["f1"], SQuADF1(g, py.Str(out.Filtered)))
	}
	return row, nil
}
