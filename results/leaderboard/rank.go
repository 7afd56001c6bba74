package leaderboard

import (
	"cmp"
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/results/compare"
)

// alpha is the level at which a difference is significant, over all pairs of
// runs of a column together.
const alpha = 0.05

// A contest is one column: the runs that have a value in it, in pairs.
type contest struct {
	column  Column
	cells   []*Cell // by run; nil where it has none
	rows    []int   // the runs that have one
	terms   []term
	fits    []bool // by run: its documents are what its value is made of
	answers *answers
}

// rank fills in the ranks of one column. A run's rank is one more than the
// number of runs that are significantly better, by Holm's procedure over all
// pairs of runs in the column; runs whose difference is not significant share
// one.
func (s *Section) rank(column int, a *answers) {
	c := contest{column: s.Columns[column], answers: a, terms: a.terms(s.Columns[column]), fits: make([]bool, len(s.Rows))}
	for i, r := range s.Rows {
		c.cells = append(c.cells, r.Cells[column])
		if r.Cells[column] != nil {
			c.rows = append(c.rows, i)
		}
	}
	all := len(c.rows)
	c.rows = s.best(column)
	for _, i := range c.rows {
		c.fits[i] = len(c.rows) > 1 && a.fits(i, c.terms, c.cells[i].Value, c.column)
	}
	beaten, beats := c.count(all)
	for _, i := range c.rows {
		cell := c.cells[i]
		cell.Rank, cell.Ranked = 1+beaten[i], len(c.rows)
		cell.Best = len(c.rows) > 1 && beats[i] == len(c.rows)-1
	}
}

// count says by how many other runs each is beaten, and how many it beats. all
// is how many runs the column has, ranked or not: the level is held over all
// pairs of them.
func (c *contest) count(all int) (beaten, beats []int) {
	beaten, beats = make([]int, len(c.cells)), make([]int, len(c.cells))
	n := len(c.rows)
	least := make([]float32, n*(n-1)/2) // what is known of p-values
	significant := compare.Rejected(len(least), all*(all-1)/2, alpha, func(i int, level float64) bool {
		if float64(least[i]) > level {
			return false
		}
		_, yes, p := c.better(i, level)
		least[i] = float32(p)
		return yes
	})
	for i, yes := range significant {
		if !yes {
			continue
		}
		x, y := pairAt(i)
		if first, _, _ := c.better(i, 1); !first {
			x, y = y, x
		}
		beats[c.rows[x]]++
		beaten[c.rows[y]]++
	}
	return beaten, beats
}

// most is how many runs a column ranks: pairs grow with their square, and the
// differences far from the top with nobody's interest. Of more the best by
// value are ranked.
const most = 200

// best lists the runs that a column ranks, in the order of the rows, and notes
// everybody's place. Equal values are ranked together or not at all, if that leaves any.
func (s *Section) best(column int) []int {
	var rows []int
	for i, r := range s.Rows {
		if r.Cells[column] != nil {
			rows = append(rows, i)
		}
	}
	value := func(i int) float64 {
		if v := s.Rows[i].Cells[column].Value; s.Columns[column].HigherIsBetter {
			return -v
		} else {
			return v
		}
	}
	slices.SortStableFunc(rows, func(i, k int) int { return cmp.Compare(value(i), value(k)) })
	for at, i := range rows {
		place := at + 1
		if at > 0 && value(rows[at-1]) == value(i) {
			place = s.Rows[rows[at-1]].Cells[column].place
		}
		s.Rows[i].Cells[column].place = place
	}
	if len(rows) > most {
		n := most
		for n > 0 && value(rows[n-1]) == value(rows[n]) {
			n--
		}
		if n == 0 { // more than that are best
			n = most
		}
		rows = rows[:n]
	}
	slices.Sort(rows)
	return rows
}

// contenders are the runs that some column ranks.
func (s *Section) contenders() []bool {
	out := make([]bool, len(s.Rows))
	for c := range s.Columns {
		for _, i := range s.best(c) {
			out[i] = true
		}
	}
	return out
}

// pairAt numbers the pairs of 0, 1, 2, ...: (1, 0), (2, 0), (2, 1), (3, 0) ...
func pairAt(i int) (x, y int) {
	x = int((1 + math.Sqrt(1+8*float64(i))) / 2)
	for x*(x-1)/2 > i {
		x--
	}
	return x, i - x*(x-1)/2
}

// better reports whether the first run of a pair is better, and whether the
// difference is significant at a level; if not, the p-value is not below least.
// Runs are compared document by document if they can be, else by their standard
// errors as if they had answered different questions.
func (c *contest) better(pair int, level float64) (first, significant bool, least float64) {
	x, y := pairAt(pair)
	i, k := c.rows[x], c.rows[y]
	higher := c.column.HigherIsBetter
	if !c.fits[i] || !c.fits[k] {
		d := c.cells[i].Value - c.cells[k].Value
		p := math.Erfc(math.Abs(d) / math.Hypot(c.cells[i].stderr, c.cells[k].stderr) / math.Sqrt2)
		if d == 0 || math.IsNaN(p) {
			p = 1
		}
		return d > 0 == higher, p <= level, p
	}
	test, ok := c.answers.paired(c.terms, k, i)
	if !ok {
		return false, false, 1
	}
	significant, least = test.AtMost(level)
	return test.Sum() > 0 == (higher || loglikelihood(c.column.Metric)), significant, least
}

// paired is the test of run b against run a.
func (a *answers) paired(terms []term, runA, runB int) (compare.Test, bool) {
	parts := make([]compare.Term, 0, 4)
	for _, t := range terms {
		x, inA := a.runs[runA][t.leaf]
		y, inB := a.runs[runB][t.leaf]
		if !inA || !inB {
			return compare.Test{}, false
		}
		parts = append(parts, compare.Term{Weight: t.weight, A: x, B: y, Clusters: a.clusters[t.leaf.task]})
	}
	return compare.Paired(parts)
}
