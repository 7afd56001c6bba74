package leaderboard

import "math"

// rank fills in the ranks of one column. A run's rank is one more than the
// number of runs that are significantly better, by Holm's procedure over all
// pairs of runs in the column; runs whose difference is not significant share
// one.
func (s *Section) rank(column int, a *answers) {
	c := s.Columns[column]
	var rows []int
	for i, r := range s.Rows {
		if r.Cells[column] != nil {
			rows = append(rows, i)
		}
	}
	terms := a.terms(c)
	fits := make([]bool, len(s.Rows))
	for _, i := range rows {
		fits[i] = len(rows) > 1 && a.fits(i, terms, s.Rows[i].Cells[column].Value, c)
	}
	var p, signs []float64
	for x, i := range rows {
		for _, k := range rows[x+1:] {
			sign, value := s.pair(column, a, terms, i, k, fits[i] && fits[k])
			if lower := !c.HigherIsBetter && !(loglikelihood(c.Metric) && fits[i] && fits[k]); lower {
				sign = -sign
			}
			p, signs = append(p, value), append(signs, sign)
		}
	}
	significant := holm(p)
	beaten, beats := make([]int, len(s.Rows)), make([]int, len(s.Rows))
	pair := 0
	for x, i := range rows {
		for _, k := range rows[x+1:] {
			if significant[pair] {
				better, worse := i, k
				if signs[pair] < 0 {
					better, worse = k, i
				}
				beats[better]++
				beaten[worse]++
			}
			pair++
		}
	}
	for _, i := range rows {
		cell := s.Rows[i].Cells[column]
		cell.Rank, cell.Ranked = 1+beaten[i], len(rows)
		cell.Best = len(rows) > 1 && beats[i] == len(rows)-1
	}
}

// pair compares two runs in a column, document by document if it can, else by
// their standard errors as if they had answered different questions.
func (s *Section) pair(column int, a *answers, terms []term, i, k int, byDocument bool) (sign, p float64) {
	if !byDocument {
		x, y := s.Rows[i].Cells[column], s.Rows[k].Cells[column]
		stderr := math.Hypot(x.stderr, y.stderr)
		if d := x.Value - y.Value; stderr > 0 {
			return d, normal(d / stderr)
		}
		return 0, math.NaN()
	}
	parts := make([]paired, 0, len(terms))
	for _, t := range terms {
		x, y := a.runs[i][t.leaf], a.runs[k][t.leaf]
		if x != nil && y != nil {
			parts = append(parts, paired{t.weight, x, y, a.clusters[t.leaf.task], a.bits[i][t.leaf], a.bits[k][t.leaf]})
		}
	}
	return difference(parts)
}
