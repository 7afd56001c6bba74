package runner

import (
	"fmt"
	"sort"

	"github.com/llamaeval/llamaeval/runner/engine"
)

// A link is a document in the chain that shards are cut from.
type link struct {
	task, doc    int32 // index into the job's tasks; document
	cost, shared int32 // see engine.Link
}

// chain lays all documents of the job out in the order in which the waves of
// one whole run compute them.
func (j *Job) chain() ([]link, error) {
	number := map[*Prepared]int32{}
	for i, p := range j.Tasks {
		number[p] = int32(i)
	}
	source := j.waves(nil, nil)
	defer source.stop()
	out := make([]link, 0, j.documents())
	for {
		w, err := source.wave()
		if err != nil || w == nil {
			return out, err
		}
		groups := make([][]engine.Request, len(w.items))
		for i := range w.slots {
			to := &groups[w.slots[i].item]
			*to = append(*to, w.requests[i])
		}
		for i, wk := range w.items {
			if len(groups[i]) == 0 {
				return nil, fmt.Errorf("task %s, doc %d asks nothing of the model", wk.task.Task.Name, wk.item.DocID)
			}
		}
		for _, l := range engine.Chain(groups) {
			wk := w.items[l.Group]
			out = append(out, link{task: number[wk.task], doc: int32(wk.item.DocID), cost: int32(l.Cost), shared: int32(l.Shared)})
		}
	}
}

// cutChain parts a chain into n pieces of which the dearest is as cheap as can be,
// and returns their n+1 borders. A piece costs its links, less what each
// shares with the one before it, so a cut where much is shared is dear. Only
// when there are fewer links than pieces are some empty, the last ones.
func cutChain(chain []link, n int) []int {
	dearest, all := 0, 0
	for _, l := range chain {
		dearest, all = max(dearest, int(l.cost)), all+int(l.cost)
	}
	limit := dearest + sort.Search(max(0, all-dearest), func(more int) bool {
		_, ok := fill(chain, n, dearest+more)
		return ok
	})
	borders, _ := fill(chain, n, limit)
	return borders
}

// fill fills one piece after the other up to a limit that no link exceeds;
// not ok when n pieces cannot hold all.
func fill(chain []link, n, limit int) (borders []int, ok bool) {
	borders = append(make([]int, 0, n+1), 0)
	sum := 0
	for i, l := range chain {
		own := int(l.cost - l.shared)
		begun := i > borders[len(borders)-1]
		left := n - len(borders) // pieces behind this one
		if begun && (sum+own > limit || len(chain)-i <= left) {
			if left == 0 {
				return nil, false
			}
			borders, sum, begun = append(borders, i), 0, false
		}
		if !begun {
			own = int(l.cost)
		}
		sum += own
	}
	for len(borders) <= n {
		borders = append(borders, len(chain))
	}
	return borders, true
}
