package compare

import "slices"

// adjust fills in PHolm, p-values adjusted so that the chance of any false claim
// among them is at most the level, whatever their dependence (S. Holm, A simple
// sequentially rejective multiple test procedure, Scandinavian Journal of
// Statistics 6, 1979). A family is one metric of each task, over all runs
// that are compared; groups, which sum tasks up, are a family of their own. A
// metric that is not primary takes the place of its task's primary one.
func adjust(pairs []Pair) {
	type place struct{ run, task, kind string }
	families, primary := map[string]*family{}, map[place][]float64{}
	for _, p := range pairs {
		if p.P != nil && p.Primary {
			at := place{p.Run, p.Task, p.Kind}
			if families[p.Kind] == nil {
				families[p.Kind] = &family{}
			}
			families[p.Kind].p, primary[at] = append(families[p.Kind].p, *p.P), append(primary[at], *p.P)
		}
	}
	for _, f := range families {
		f.sum()
	}
	for i, p := range pairs {
		if pairs[i].PHolm = p.P; p.P == nil {
			continue
		}
		f := families[p.Kind]
		if f == nil {
			f = &family{}
		}
		adjusted := 0.0
		if p.Primary {
			adjusted = f.member(*p.P)
		} else {
			adjusted = f.guest(*p.P, primary[place{p.Run, p.Task, p.Kind}])
		}
		pairs[i].PHolm = &adjusted
	}
}

// A family is the p-values of its primary metrics.
type family struct {
	p     []float64 // ascending
	worst []float64 // Holm's value of each
}

func (f *family) sum() {
	slices.Sort(f.p)
	worst := 0.0
	for rank, p := range f.p {
		worst = max(worst, min(1, p*float64(len(f.p)-rank)))
		f.worst = append(f.worst, worst)
	}
}

// member is Holm's value of one of the family.
func (f *family) member(p float64) float64 {
	i, _ := slices.BinarySearch(f.p, p)
	return f.worst[i]
}

// guest is Holm's value of another in the place of some of the family.
func (f *family) guest(p float64, places []float64) float64 {
	places = slices.Clone(places)
	worst, rank, size := 0.0, 0, len(f.p)+1-len(places)
	for _, v := range f.p {
		if v >= p {
			break
		}
		if k := slices.Index(places, v); k >= 0 {
			places = slices.Delete(places, k, k+1)
			continue
		}
		worst = max(worst, min(1, v*float64(size-rank)))
		rank++
	}
	return max(worst, min(1, p*float64(size-rank)))
}

// Rejected says which of n hypotheses Holm's procedure rejects at a level,
// without asking for their p-values: atMost reports whether that of one is at
// most a level. Each round rejects what is at most the level over the number of
// hypotheses of their family still standing, until none falls; the family may
// have others, which are not tested and stand.
func Rejected(n, family int, level float64, atMost func(i int, level float64) bool) []bool {
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
