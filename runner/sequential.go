package runner

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// sequentialMethod is the version of everything that decides which documents
// a run with early stopping evaluates: order, waves and tests.
const sequentialMethod = "1"

// A Stopper decides while documents come in which tasks need no more. It is a
// function of what it has observed.
type Stopper interface {
	// Observe takes the documents of the next unit of the order.
	Observe(u results.Unit, docs []results.Outcome) error
	// Open reports whether a task's documents are still needed.
	Open(task string) bool
	// Gates says how things stand.
	Gates() []results.GateStop
}

// Sequential is how a job stops early.
type Sequential struct {
	Stopper Stopper
	Gates   []string // expressions as written
	Base    string   // SHA-256 of the base's samples.parquet; empty without one
}

// config is the part of it that belongs to the configuration.
func (s *Sequential) config() *results.Sequential {
	if s == nil {
		return nil
	}
	return &results.Sequential{Method: sequentialMethod, Gates: s.Gates, Base: s.Base}
}

// Units lists the job's documents, those of a cluster together, in a random
// order that is a function of the seed and of the documents.
func (j *Job) Units() ([]results.Unit, error) {
	var units []results.Unit
	sorted := slices.SortedFunc(slices.Values(j.Tasks), func(a, b *Prepared) int { return strings.Compare(a.Task.Name, b.Task.Name) })
	for _, p := range sorted {
		name := p.Task.Name
		index := map[string]int{}
		for _, id := range p.IDs {
			cluster, err := p.Builder.Cluster(id)
			if err != nil {
				return nil, fmt.Errorf("task %s, doc %d: %w", name, id, err)
			}
			if i, known := index[cluster]; known && cluster != "" {
				units[i].Docs = append(units[i].Docs, id)
				continue
			}
			index[cluster] = len(units)
			units = append(units, results.Unit{Task: name, Docs: []int{id}})
		}
	}
	r := rand.New(rand.NewPCG(uint64(j.Spec.Seed), 1)) // 0 is that of --limit-order
	r.Shuffle(len(units), func(i, k int) { units[i], units[k] = units[k], units[i] })
	return units, nil
}

// A wave of a sequential run has at least leastWave documents for each task
// that is open, so that the prompt they share costs little, but no more than
// an eighth of a run of many small tasks; and an eighth of all before it, so
// that the looks stay few.
const (
	leastWave = 32
	growth    = 8
)

// stages cuts a run into waves: answer computes the documents of one, those
// that are not done yet. Waves and decisions are a
// function of the configuration alone: a resumed run goes through the same.
func (j *Job) stages(answer func(only map[string][]int) error) error {
	left, err := j.Units()
	if err != nil {
		return err
	}
	least := j.leastWave
	if least == 0 {
		least = leastWave
	}
	for before := 0; ; {
		var now []results.Unit
		now, left = j.stage(left, max(min(least*j.open(), max(least, j.documents()/growth)), before/growth))
		if len(now) == 0 {
			return nil
		}
		only := map[string][]int{}
		for _, u := range now {
			only[u.Task] = append(only[u.Task], u.Docs...)
			before += len(u.Docs)
		}
		for _, ids := range only {
			slices.Sort(ids)
		}
		if err := answer(only); err != nil {
			return err
		}
		if err := j.observe(now); err != nil {
			return err
		}
	}
}

// open counts the tasks whose documents are needed.
func (j *Job) open() int {
	n := 0
	for _, p := range j.Tasks {
		if j.Sequential.Stopper.Open(p.Task.Name) {
			n++
		}
	}
	return n
}

// stage takes whole units of open tasks until there are n documents; what lies
// before and belongs to other tasks is dropped.
func (j *Job) stage(units []results.Unit, n int) (now, left []results.Unit) {
	for i, u := range units {
		if n <= 0 {
			return now, units[i:]
		}
		if j.Sequential.Stopper.Open(u.Task) {
			now = append(now, u)
			n -= len(u.Docs)
		}
	}
	return now, nil
}

// note keeps what a stopper needs of a judged document.
func (j *Job) note(s results.Sample) {
	if j.Sequential == nil {
		return
	}
	j.noting.Lock()
	defer j.noting.Unlock()
	j.outcomes[item{s.Task, int(s.DocID)}] = s.Outcome()
}

func (j *Job) observe(units []results.Unit) error {
	for _, u := range units {
		var docs []results.Outcome
		for _, id := range u.Docs {
			o, ok := j.outcomes[item{u.Task, id}]
			if !ok {
				return fmt.Errorf("task %s, doc %d has no answer after its wave", u.Task, id)
			}
			docs = append(docs, o)
		}
		if err := j.Sequential.Stopper.Observe(u, docs); err != nil {
			return err
		}
	}
	return nil
}

// stopping sums up a run that is over.
func (j *Job) stopping(tallies map[string]*tally) *results.Stopping {
	if j.Sequential == nil {
		return nil
	}
	s := &results.Stopping{Order: "random", Seed: j.Spec.Seed, Planned: j.documents(), Gates: j.Sequential.Stopper.Gates()}
	for _, p := range j.Tasks {
		used := len(tallies[p.Task.Name].rows)
		s.Used += used
		s.Tasks = append(s.Tasks, results.TaskStop{Task: p.Task.Name, Used: used, Planned: len(p.IDs)})
	}
	s.Saved = s.Planned - s.Used
	return s
}
