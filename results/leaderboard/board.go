// Package leaderboard lays runs of many models out beside each other: a model
// a row, a task or group a column, with intervals and with ranks that tie
// wherever a difference is not significant. Runs that were not made alike are
// never ranked together.
package leaderboard

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
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
	ruled         bool // published otherwise: the value follows the publication's own rule
}

// A source is one run as it is stored.
type source struct {
	dir    string
	run    results.Run
	scores []results.Score
}

// Build reads the runs in dirs. The reference set, if any, adds rows to each
// section that has a column with a published value.
func Build(dirs []string, published *reference.Set) (Board, error) {
	sources, err := read(dirs)
	if err != nil {
		return Board{}, err
	}
	board := Board{Reference: published}
	for _, p := range protocols(sources) {
		s := p.section()
		answers, err := readOutcomes(p.sources, s.Columns)
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

// read opens the folders, several at a time.
func read(dirs []string) ([]*source, error) {
	out := make([]*source, len(dirs))
	seen := map[string]bool{}
	for _, dir := range dirs {
		if clean := filepath.Clean(dir); seen[clean] {
			return nil, fmt.Errorf("%s is given twice: name each run once", dir)
		} else {
			seen[clean] = true
		}
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, dir := range dirs {
		g.Go(func() error {
			run, err := results.ReadRun(dir)
			if err != nil {
				return err
			}
			if run.Finished.IsZero() {
				return fmt.Errorf("%s holds an unfinished run: finish it first, with the same `llamaeval run` command", dir)
			}
			scores, err := results.ReadScores(dir)
			out[i] = &source{dir, run, scores}
			return err
		})
	}
	return out, g.Wait()
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
			if c != nil {
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
