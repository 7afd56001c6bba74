package prompts

import (
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/random"
)

// Rule says how few-shot exemplars are chosen by the default sampler. A
// first_n sampler takes the first documents of the pool under both rules.
type Rule int

const (
	// Fixed draws once per task: the same exemplars stand before every
	// document, so that their tokens are computed once. An exemplar equal
	// to the evaluated document is left out and the next drawn one is put
	// last.
	Fixed Rule = iota
	// Reference draws anew for every document from one generator that runs
	// through the whole split, as lm-evaluation-harness does.
	Reference
)

// ParseRule reads the value of --fewshot.
func ParseRule(s string) (Rule, error) {
	switch s {
	case "fixed":
		return Fixed, nil
	case "reference":
		return Reference, nil
	}
	return 0, fmt.Errorf("few-shot rule %q is neither fixed nor reference: use one of them", s)
}

func (r Rule) String() string {
	if r == Reference {
		return "reference"
	}
	return "fixed"
}

// A Pool is where exemplars are drawn from.
type Pool struct {
	Docs []*py.Dict // in dataset order, after process_docs
	Name string     // split or "given samples", for messages
	// ExcludeDoc: the reference hands the evaluated document to its sampler
	// (few-shot split and test split are equal as written, both unset
	// included), so it is removed from a draw of one more.
	ExcludeDoc bool
}

// A PoolError reports that a pool is too small for the shots asked for.
type PoolError struct {
	Task, Pool  string
	Shots, Size int
}

func (e *PoolError) Error() string {
	return fmt.Sprintf("task %s: %d shots asked for, but its pool (%s) can give %d: lower --shots", e.Task, e.Shots, e.Pool, e.Size)
}

// A sampler chooses exemplars. Documents must be asked for in ascending
// order, since the reference's generator runs through them.
type sampler interface {
	exemplars(docID int, doc *py.Dict) ([]*py.Dict, error)
}

// newSampler returns the sampler for n > 0 shots.
func newSampler(task, kind string, rule Rule, seed int64, pool Pool, n int) (sampler, error) {
	tooSmall := &PoolError{Task: task, Pool: pool.Name, Shots: n, Size: len(pool.Docs)}
	if n > len(pool.Docs) {
		return nil, tooSmall
	}
	if kind == "first_n" {
		return firstN{pool: pool, n: n, tooSmall: tooSmall}, nil
	}
	rnd := random.New(seed)
	if rule == Fixed {
		return &fixed{pool: pool, n: n, rnd: rnd, drawn: rnd.Sample(len(pool.Docs), n), tooSmall: tooSmall}, nil
	}
	if pool.ExcludeDoc && n+1 > len(pool.Docs) {
		tooSmall.Size--
		return nil, tooSmall
	}
	return &reference{pool: pool, n: n, rnd: rnd, tooSmall: tooSmall}, nil
}

type firstN struct {
	pool     Pool
	n        int
	tooSmall error
}

func (s firstN) exemplars(_ int, doc *py.Dict) ([]*py.Dict, error) {
	out := make([]*py.Dict, 0, s.n)
	for _, d := range s.pool.Docs {
		if len(out) == s.n {
			break
		}
		if !s.pool.ExcludeDoc || !py.Equal(d, doc) {
			out = append(out, d)
		}
	}
	if len(out) < s.n {
		return nil, s.tooSmall
	}
	return out, nil
}

// fixed holds the one draw of a task. drawn grows beyond n only when an
// exemplar has to be replaced, always by the same next draws.
type fixed struct {
	pool     Pool
	n        int
	rnd      *random.Random
	drawn    []int
	taken    map[int]bool
	tooSmall error
}

func (s *fixed) exemplars(_ int, doc *py.Dict) ([]*py.Dict, error) {
	out := make([]*py.Dict, 0, s.n)
	for i := 0; len(out) < s.n; i++ {
		if i == len(s.drawn) && !s.drawAnother() {
			return nil, s.tooSmall
		}
		if d := s.pool.Docs[s.drawn[i]]; !py.Equal(d, doc) {
			out = append(out, d)
		}
	}
	return out, nil
}

func (s *fixed) drawAnother() bool {
	if len(s.drawn) == len(s.pool.Docs) {
		return false
	}
	if s.taken == nil {
		s.taken = make(map[int]bool, len(s.drawn))
		for _, i := range s.drawn {
			s.taken[i] = true
		}
	}
	i := s.rnd.Below(len(s.pool.Docs))
	for s.taken[i] {
		i = s.rnd.Below(len(s.pool.Docs))
	}
	s.taken[i] = true
	s.drawn = append(s.drawn, i)
	return true
}

type reference struct {
	pool     Pool
	n        int
	rnd      *random.Random
	tooSmall error
}

// exemplars draws for one document. The reference calls this for every
// document of the split in order, so the caller does too.
func (s *reference) exemplars(_ int, doc *py.Dict) ([]*py.Dict, error) {
	// The reference tests the truth of the document: an empty one is as none.
	if !s.pool.ExcludeDoc || doc.Len() == 0 {
		return s.at(s.pool.Docs, s.rnd.Sample(len(s.pool.Docs), s.n)), nil
	}
	out := without(s.at(s.pool.Docs, s.rnd.Sample(len(s.pool.Docs), s.n+1)), doc)
	if len(out) >= s.n {
		return out[:s.n], nil
	}
	// The pool holds copies of the document and more than one was drawn.
	rest := without(s.pool.Docs, doc)
	if len(rest) < s.n {
		return nil, s.tooSmall
	}
	return s.at(rest, s.rnd.Sample(len(rest), s.n)), nil
}

func (s *reference) at(docs []*py.Dict, index []int) []*py.Dict {
	out := make([]*py.Dict, len(index))
	for i, k := range index {
		out[i] = docs[k]
	}
	return out
}

func without(docs []*py.Dict, doc *py.Dict) []*py.Dict {
	out := make([]*py.Dict, 0, len(docs))
	for _, d := range docs {
		if !py.Equal(d, doc) {
			out = append(out, d)
		}
	}
	return out
}
