package compare

// Clusters say which documents depend on each other: those about one passage,
// of one dialogue.
type Clusters struct {
	of []int32 // by document, -1: its own; nil: each is its own
	n  int
}

// NewClusters numbers the clusters of documents by their names; a document
// with an empty one stands for itself.
func NewClusters(names []string) Clusters {
	numbers := map[string]int32{"": -1}
	of := make([]int32, len(names))
	for i, name := range names {
		n, ok := numbers[name]
		if !ok {
			n = int32(len(numbers) - 1)
			numbers[name] = n
		}
		of[i] = n
	}
	if len(numbers) == 1 {
		return Clusters{}
	}
	return Clusters{of, len(numbers) - 1}
}

// A unit is what is independent: an item, or all items of a cluster.
type unit struct {
	sum   float64 // of the items' differences
	items int
}

// units add items up by cluster.
type units struct {
	clusters Clusters
	together []unit // by cluster
	alone    []unit
}

func newUnits(c Clusters) *units { return &units{clusters: c, together: make([]unit, c.n)} }

// add adds the difference of the item in a place.
func (u *units) add(place int, d float64) {
	if u.clusters.of == nil || u.clusters.of[place] < 0 {
		u.alone = append(u.alone, unit{d, 1})
		return
	}
	own := &u.together[u.clusters.of[place]]
	own.sum += d
	own.items++
}

// all are the units that have items.
func (u *units) all() []unit {
	out := u.alone
	for _, t := range u.together {
		if t.items > 0 {
			out = append(out, t)
		}
	}
	return out
}
