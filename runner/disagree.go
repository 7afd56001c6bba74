package runner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// shownDocs is how many documents a message lists.
const shownDocs = 8

// disagreement says how often the two judges of MATH differ on a task's
// answers, and where; "" when they never do.
func (t *tally) disagreement(task string) string {
	var equal, different, unknown int
	var differ []int32
	for i, row := range t.rows {
		exact, judged := row[scoring.ExactJudge]
		switch {
		case !judged:
			continue
		case row[scoring.ExactUnknown] == 1:
			unknown++
		case exact == 1:
			equal++
		default:
			different++
		}
		if exact != row["exact_match"] {
			differ = append(differ, t.docs[i])
		}
	}
	if len(differ) == 0 {
		return ""
	}
	return fmt.Sprintf("task %s: the judges disagree on %d of %d answers (docs %s): by exact arithmetic %d are equal, %d different, %d unknown: compare filtered with target in %s",
		task, len(differ), len(t.rows), listDocs(differ), equal, different, unknown, results.SamplesFile)
}

func listDocs(ids []int32) string {
	slices.Sort(ids)
	var out []string
	for i, id := range ids {
		if i == shownDocs {
			return strings.Join(append(out, "..."), ", ")
		}
		out = append(out, fmt.Sprint(id))
	}
	return strings.Join(out, ", ")
}
