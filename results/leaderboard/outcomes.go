package leaderboard

import (
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
)

// A leaf is a metric of a task: its documents are what columns are made of.
type leaf struct{ task, key string }

// answers are the outcomes of all runs of a section, documents in the same
// places.
type answers struct {
	groups   map[string]results.GroupRule // the primary metric's
	runs     []map[leaf]compare.Outcomes  // by run
	clusters map[string]compare.Clusters  // by task
}

// readOutcomes reads what the columns' primary metrics are made of, of the runs
// that need is true for.
func readOutcomes(sources []*source, columns []Column, need []bool) (*answers, error) {
	a := &answers{groups: map[string]results.GroupRule{}, runs: make([]map[leaf]compare.Outcomes, len(sources))}
	for _, src := range sources {
		for _, g := range src.run.Groups {
			if s, ok := src.primary(g.Group, results.KindGroup); ok && s.Metric == g.Metric && s.Filter == g.Filter {
				a.groups[g.Group] = g
			}
		}
	}
	wanted := map[leaf]bool{}
	for _, c := range columns {
		for _, t := range a.terms(c) {
			wanted[t.leaf] = true
		}
	}
	if len(sources) < 2 { // nobody to compare with
		return a, nil
	}
	reads := make([]*reading, len(sources))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, src := range sources {
		reads[i] = &reading{wanted: wanted, docs: map[string][]int32{}, values: map[leaf][]float64{}, clusters: map[string][]string{}}
		if !need[i] {
			continue
		}
		clusters := i == slices.Index(need, true)
		g.Go(func() error { return src.entry.Metrics(clusters, reads[i].row) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	a.align(reads)
	return a, a.addClusters(sources, reads, slices.Index(need, true))
}

// A reading is what one run's samples say.
type reading struct {
	wanted   map[leaf]bool
	docs     map[string][]int32
	values   map[leaf][]float64 // as docs
	clusters map[string][]string
	leaves   map[string][]leaf
}

func (r *reading) row(m results.MetricRow) {
	if r.leaves == nil {
		r.leaves = map[string][]leaf{}
		for l := range r.wanted {
			r.leaves[l.task] = append(r.leaves[l.task], l)
		}
	}
	leaves := r.leaves[m.Task]
	if len(leaves) == 0 {
		return
	}
	r.docs[m.Task] = append(r.docs[m.Task], m.DocID)
	r.clusters[m.Task] = append(r.clusters[m.Task], m.Cluster)
	for _, l := range leaves {
		v := math.NaN()
		for _, metric := range m.Metrics {
			if metric.Key == l.key {
				v = metric.Value
			}
		}
		r.values[l] = append(r.values[l], v)
	}
}

// align puts the documents of all runs into the same places.
func (a *answers) align(reads []*reading) {
	docs := map[string][]int32{}
	for _, r := range reads {
		for task, ids := range r.docs {
			if !slices.Equal(docs[task], ids) {
				docs[task] = union(docs[task], ids)
			}
		}
	}
	for i, r := range reads {
		a.runs[i] = map[leaf]compare.Outcomes{}
		for l, values := range r.values {
			a.runs[i][l] = compare.NewOutcomes(placed(values, r.docs[l.task], docs[l.task]))
		}
		r.docs, r.values = docs, nil
	}
}

// placed puts the values of some documents among all.
func placed(values []float64, own, all []int32) []float64 {
	if len(own) == len(all) {
		return values
	}
	wide := make([]float64, len(all))
	k := 0
	for j, id := range all {
		wide[j] = math.NaN()
		if k < len(own) && own[k] == id {
			wide[j] = values[k]
			k++
		}
	}
	return wide
}

// union merges two ascending lists.
func union(a, b []int32) []int32 {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// addClusters takes the clusters of a task from the first run that was read.
// What it lacks is read from the first run that has it: equal data has equal
// clusters.
func (a *answers) addClusters(sources []*source, reads []*reading, first int) error {
	a.clusters = map[string]compare.Clusters{}
	docs := reads[first].docs
	missing := map[string]bool{}
	for task, ids := range docs {
		if texts := reads[first].clusters[task]; len(texts) == len(ids) {
			a.clusters[task] = compare.NewClusters(texts)
		} else {
			missing[task] = true
		}
	}
	found := map[string]map[int32]string{}
	for i := 0; i < len(sources) && len(missing) > 0; i++ {
		err := sources[i].entry.Metrics(true, func(m results.MetricRow) {
			if missing[m.Task] {
				if found[m.Task] == nil {
					found[m.Task] = map[int32]string{}
				}
				found[m.Task][m.DocID] = m.Cluster
			}
		})
		if err != nil {
			return err
		}
		for task := range missing {
			if len(found[task]) == len(docs[task]) {
				delete(missing, task)
			}
		}
	}
	for task, byID := range found {
		texts := make([]string, len(docs[task]))
		for i, id := range docs[task] {
			texts[i] = byID[id]
		}
		a.clusters[task] = compare.NewClusters(texts)
	}
	return nil
}
