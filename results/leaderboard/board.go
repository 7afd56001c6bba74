// Package leaderboard lays runs of many models out beside each other: a model
// a row, a task or group a column, with intervals and with ranks that tie
// wherever a difference is not significant. Runs that were not made alike are
// never ranked together.
package leaderboard

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/reference"
)

// A Board holds runs in sections of one protocol each.
type Board struct {
	Sections  []Section
	Reference *reference.Set // what others published; nil for none
	Width     int            // of the terminal that it is printed to, characters; 0: results.LineWidth
	Notices   []string       // what a reader should know of how it was read
}

// A Section holds the runs of one protocol.
type Section struct {
	Protocol string // hash, hex: see Settings
	Settings Settings
	Columns  []Column // groups, then tasks, each by name
	Rows     []Row    // by mean rank
}

// A Column is the primary metric of a task or group.
type Column struct {
	Task, Kind     string
	Metric, Filter string
	Shots          int32 // -1: the tasks of a group differ
	HigherIsBetter bool
	Sample         bool // scored on the built-in sample
}

// A Row is one run, or a model of a publication.
type Row struct {
	Model     string
	Dir       string // the run's folder; empty in a published row
	Published bool
	Cells     []*Cell // as Columns; nil where there is no value
}

// A Cell is one value.
type Cell struct {
	Value         float64
	N             int32
	CILow, CIHigh *float64
	Rank          int  // 1 plus the number of runs that are significantly better; 0: unranked
	Ranked        int  // how many runs the column ranks
	Best          bool // significantly better than every other run
	stderr        float64
	place         int  // by value alone, from 1; equal values share one
	ruled         bool // published otherwise: the value follows the publication's own rule
}

// A source is one run as it is stored.
type source struct {
	dir    string
	run    results.Run
	scores []results.Score

	entry results.Entry
}

// Build reads the runs in dirs. The reference set, if any, adds rows to each
// section that has a column with a published value.
func Build(dirs []string, published *reference.Set) (Board, error) {
	board := Board{Reference: published}
	sources, err := board.read(dirs)
	if err != nil {
		return Board{}, err
	}
	for _, p := range protocols(sources) {
		s := p.section()
		answers, err := readOutcomes(p.sources, s.Columns, s.contenders())
		if err != nil {
			return Board{}, err
		}
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i := range s.Columns {
			g.Go(func() error {
				s.rank(i, answers)
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return Board{}, err
		}
		s.sort()
		if published != nil {
			s.Rows = append(s.Rows, publishedRows(*published, s.Columns)...)
		}
		board.Sections = append(board.Sections, s)
	}
	return board, nil
}

// read opens the folders, each a run or the root of many.
func (b *Board) read(dirs []string) ([]*source, error) {
	var out []*source
	seen := map[string]bool{}
	for _, dir := range dirs {
		entries, stale, err := results.Collect(dir)
		if err != nil {
			return nil, err
		}
		if stale > 0 {
			b.Notices = append(b.Notices, results.StaleIndex(dir, stale, len(entries)))
		}
		for _, e := range entries {
			if clean := results.Clean(e.Dir); seen[clean] {
				return nil, fmt.Errorf("%s is given twice: name each run once", e.Dir)
			} else {
				seen[clean] = true
			}
			out = append(out, &source{e.Dir, e.Run, e.Scores, e})
		}
	}
	return out, nil
}

// section lays the protocol's runs out, unranked.
func (p *protocol) section() Section {
	s := Section{Protocol: p.hash(), Settings: p.settings, Columns: p.columns()}
	for _, src := range p.sources {
		row := Row{Model: src.run.Config.Model, Dir: src.dir, Cells: make([]*Cell, len(s.Columns))}
		for i, c := range s.Columns {
			if score, ok := src.primary(c.Task, c.Kind); ok {
				row.Cells[i] = cell(score)
			}
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func (s *source) primary(task, kind string) (results.Score, bool) {
	for _, score := range s.scores {
		if score.Task == task && score.Kind == kind && score.Primary {
			return score, true
		}
	}
	return results.Score{}, false
}

func cell(s results.Score) *Cell {
	if math.IsNaN(s.Value) {
		return nil
	}
	c := &Cell{Value: s.Value, N: s.N, CILow: s.CILow, CIHigh: s.CIHigh, stderr: math.NaN()}
	if s.StdErr != nil {
		c.stderr = *s.StdErr
	}
	return c
}

// sort orders the runs by the mean of their ranks, those without any last.
func (s *Section) sort() {
	mean := func(r Row) float64 {
		sum, n := 0, 0
		for _, c := range r.Cells {
			switch {
			case c == nil:
			case c.Rank == 0: // behind all that are ranked
				sum, n = sum+c.place, n+1
			default:
				sum, n = sum+c.Rank, n+1
			}
		}
		if n == 0 {
			return math.Inf(1)
		}
		return float64(sum) / float64(n)
	}
	slices.SortStableFunc(s.Rows, func(a, b Row) int { return cmp.Compare(mean(a), mean(b)) })
}
