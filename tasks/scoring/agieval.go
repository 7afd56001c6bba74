package scoring

import (
	"context"
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/regex"
	"github.com/llamaeval/llamaeval/tasks/scoring/mathanswer"
)

// AGIEvalChoices scores the multiple-choice tasks of AGIEval, some questions
// of which have several right answers: any of them counts.
func AGIEvalChoices(ctx context.Context, item Item, out Outcome) (Row, error) {
	r, err := Score(ctx, MultipleChoice, []MetricSpec{{Name: "acc"}, {Name: "acc_norm"}}, item, out)
	return r.Row, err
}

// AGIEvalMath scores the tasks of AGIEval that ask for a number or a formula:
// the answer found in the text equals the one found in the document's answer
// by the published rule of MATH. Where neither holds one both are equal, as in
// the harness.
func AGIEvalMath(_ context.Context, item Item, out Outcome) (Row, error) {
	v, ok := item.Doc.Get("answer")
	if !ok {
		return nil, fmt.Errorf("the document has no field answer")
	}
	gold, okGold, err := mathAnswer(py.Str(v))
	if err != nil {
		return nil, err
	}
	got, ok, err := mathAnswer(py.Str(out.Filtered))
	return Row{"acc": indicator(ok == okGold && (!ok || mathanswer.Equivalent(got, gold)))}, err
}

var (
	dollars    = regex.MustCompile(`\$(.*)\$`)
	lastNumber = regex.MustCompile(`(?:\$)?\d+(?:\.\d+)?(?![\w\d])`)
)

// mathAnswer is what a text holds in its last box, else between dollar signs,
// else behind its last equals sign, else its last number. ok is false without
// any of these (parse_math_answer).
func mathAnswer(s string) (answer string, ok bool, err error) {
	if i := strings.LastIndex(s, `\boxed`); i >= 0 {
		if answer, ok = braced(s[i+len(`\boxed`):]); ok {
			answer = behindEquals(answer)
		}
		return answer, ok, nil
	}
	all, err := dollars.FindAll(s)
	if err != nil {
		return "", false, err
	}
	if len(all) > 0 {
		if answer = behindEquals(all[len(all)-1][1]); answer != "" {
			return answer, true, nil
		}
	}
	if strings.Contains(s, "=") {
		answer, _, _ = strings.Cut(strings.TrimRight(behindEquals(s), "."), `\n`)
		return answer, true, nil
	}
	if all, err = lastNumber.FindAll(s); err != nil || len(all) == 0 {
		return "", false, err
	}
	return all[len(all)-1][0], true, nil
}

// behindEquals cuts at the last equals sign, if there is one.
func behindEquals(s string) string {
	i := strings.LastIndex(s, "=")
	if i < 0 {
		return s
	}
	return strings.TrimLeft(s[i+1:], " ")
}

// braced returns what stands within the braces that s begins with.
func braced(s string) (string, bool) {
	if !strings.HasPrefix(s, "{") {
		return "", false
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return s[1:i], true
			}
		}
	}
	return "", false
}
