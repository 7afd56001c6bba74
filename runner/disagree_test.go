package runner

import (
	"testing"

	"github.com/llamaeval/llamaeval/tasks/scoring"
)

func TestDisagreement(t *testing.T) {
	row := func(published, exact, unknown float64) scoring.Row {
		return scoring.Row{"exact_match": published, scoring.ExactJudge: exact, scoring.ExactUnknown: unknown}
	}
	agree := &tally{docs: []int32{0, 1, 2}, rows: []scoring.Row{row(1, 1, 0), row(0, 0, 0), row(0, 0, 1)}}
	if got := agree.disagreement("m"); got != "" {
		t.Errorf("judges that agree: %q", got)
	}
	differ := &tally{docs: append(agree.docs, 7, 9), rows: append(agree.rows, row(0, 1, 0), row(1, 0, 0))}
	const want = "task m: the judges disagree on 2 of 5 answers (docs 7, 9): by exact arithmetic 2 are equal, 2 different, 1 unknown: compare filtered with target in samples.parquet"
	if got := differ.disagreement("m"); got != want {
		t.Errorf("got %q", got)
	}
	many := &tally{}
	for i := range int32(20) {
		many.docs, many.rows = append(many.docs, i), append(many.rows, row(0, 1, 0))
	}
	const long = "task m: the judges disagree on 20 of 20 answers (docs 0, 1, 2, 3, 4, 5, 6, 7, ...): by exact arithmetic 20 are equal, 0 different, 0 unknown: compare filtered with target in samples.parquet"
	if got := many.disagreement("m"); got != long {
		t.Errorf("got %q", got)
	}
}
