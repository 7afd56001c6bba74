package compare

import (
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/results"
)

// Many is Compare of runs that are read one after the other: only their
// scores are kept. The base is none of them.
func Many(base results.Entry, runs []results.Entry) (Report, error) {
	first, err := newEntryRun(base)
	if err != nil {
		return Report{}, err
	}
	read, pairs := make([]*Run, len(runs)), make([][]Pair, len(runs))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, e := range runs {
		g.Go(func() (err error) {
			if read[i], err = newEntryRun(e); err != nil {
				return err
			}
			pairs[i] = pairsOf(first, read[i])
			read[i].tasks = nil
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Report{}, err
	}
	return newReport(first, read, pairs), nil
}

func newEntryRun(e results.Entry) (*Run, error) {
	outcomes, err := e.Outcomes()
	if err != nil {
		return nil, err
	}
	return NewRun(e.Dir, e.Run, e.Scores, outcomes), nil
}
