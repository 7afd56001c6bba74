package compare

import "slices"

// Holm adjusts p-values so that the chance of any false claim among them is
// at most the level, whatever their dependence (S. Holm, A simple sequentially
// rejective multiple test procedure, Scandinavian Journal of Statistics 6,
// 1979).
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int {
		switch {
		case p[i] < p[k]:
			return -1
		case p[i] > p[k]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(p))
	worst := 0.0
	for rank, i := range order {
		worst = max(worst, min(1, p[i]*float64(len(p)-rank)))
		out[i] = worst
	}
	return out
}

// adjust fills in PHolm. A family is one metric of each task, over all runs
// that are compared; groups, which sum tasks up, are a family of their own. A
// metric that is not primary takes the place of its task's primary one.
func adjust(pairs []Pair) {
	for i := range pairs {
		pairs[i].PHolm = pairs[i].P
	}
	for i, p := range pairs {
		if p.P == nil {
			continue
		}
		family, own := []float64{}, 0
		for k, q := range pairs {
			replaced := q.Primary && !p.Primary && q.Task == p.Task && q.Run == p.Run
			if q.P == nil || q.Kind != p.Kind || k != i && (!q.Primary || replaced) {
				continue
			}
			if k == i {
				own = len(family)
			}
			family = append(family, *q.P)
		}
		adjusted := Holm(family)[own]
		pairs[i].PHolm = &adjusted
	}
}

// Rejected says which of n hypotheses Holm's procedure rejects at a level,
// without asking for their p-values: atMost reports whether that of one is at
// most a level. Each round rejects what is at most the level over the number of
// hypotheses still standing, until none falls.
func Rejected(n int, level float64, atMost func(i int, level float64) bool) []bool {
	return RejectedOf(n, n, level, atMost)
}

// RejectedOf is Rejected where only n of a family's hypotheses are tested, in
// whatever way they were chosen; the others stand.
func RejectedOf(n, family int, level float64, atMost func(i int, level float64) bool) []bool {
	out := make([]bool, n)
	for count, before := 0, -1; count > before && count < n; {
		before = count
		bar := level / float64(family-before)
		for i, rejected := range out {
			if !rejected && atMost(i, bar) {
				out[i] = true
				count++
			}
		}
	}
	return out
}
