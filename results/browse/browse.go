// Package browse shows the samples of one run to a reader: what was asked,
// what the model answered, and how that was judged.
package browse

import (
	"fmt"
	"iter"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/results"
)

// A Verdict is how a sample was judged by its task's primary metric.
type Verdict string

const (
	Right    Verdict = "right"
	Wrong    Verdict = "wrong"
	Partly   Verdict = "partly right" // between 0 and 1
	Unjudged Verdict = "not judged"   // the metric has no right and wrong
)

// An Item is one sample with its verdict.
type Item struct {
	results.Sample
	Verdict Verdict
	Primary string // the metric it follows, as a key of Metrics
}

// A Selection says which samples are shown.
type Selection struct {
	Tasks []string // names of tasks and groups, and globs; empty: all
	Wrong bool     // only those that are not right
}

// A Browser reads one results folder.
type Browser struct {
	dir     string
	wrong   bool
	tasks   map[string]bool
	primary map[string]metric
}

type metric struct {
	key    string
	judged bool
}

// Open finds the selected tasks of the run in dir.
func Open(dir string, s Selection) (*Browser, error) {
	run, err := results.ReadRun(dir)
	if err != nil {
		return nil, err
	}
	if run.Finished.IsZero() {
		return nil, fmt.Errorf("%s holds an unfinished run: finish it first, with the same `llamaeval run` command", dir)
	}
	scores, err := results.ReadScores(dir)
	if err != nil {
		return nil, err
	}
	b := &Browser{dir: dir, wrong: s.Wrong, tasks: map[string]bool{}, primary: map[string]metric{}}
	var names []string
	for _, score := range scores {
		if score.Kind != results.KindTask {
			continue
		}
		if !slices.Contains(names, score.Task) {
			names = append(names, score.Task)
		}
		if score.Primary {
			b.primary[score.Task] = metric{results.MetricKey(score.Metric, score.Filter), score.HigherIsBetter && !strings.Contains(score.Metric, "perplexity")}
		}
	}
	if len(s.Tasks) == 0 {
		s.Tasks = []string{"*"}
	}
	for _, pattern := range s.Tasks {
		found := matching(pattern, names, run.Groups)
		if len(found) == 0 {
			return nil, fmt.Errorf("%s has no task %s%s: it has %s", dir, pattern, nearest.DidYouMean(pattern, names), shortList(names))
		}
		for _, n := range found {
			b.tasks[n] = true
		}
	}
	if s.Wrong && !slices.ContainsFunc(names, func(n string) bool { return b.tasks[n] && b.primary[n].judged }) {
		return nil, fmt.Errorf("%s: no answer of these tasks is right or wrong (their primary metric is not a share): leave --wrong out", dir)
	}
	return b, nil
}

func matching(pattern string, names []string, groups []results.GroupRule) []string {
	var out []string
	for _, g := range groups {
		if g.Group == pattern {
			for _, m := range g.Members {
				out = append(out, m.Task)
			}
			return out
		}
	}
	for _, n := range names {
		if ok, err := path.Match(pattern, n); n == pattern || ok && err == nil {
			out = append(out, n)
		}
	}
	return out
}

func shortList(names []string) string {
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Items yields the selected samples in the order of task and document. It
// ends after the first error.
func (b *Browser) Items() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for s, err := range results.ReadSamples(b.dir) {
			if err != nil {
				yield(Item{}, err)
				return
			}
			if !b.tasks[s.Task] {
				continue
			}
			it := Item{s, b.verdict(s), b.primary[s.Task].key}
			if b.wrong && it.Verdict != Wrong && it.Verdict != Partly {
				continue
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}

func (b *Browser) verdict(s results.Sample) Verdict {
	m := b.primary[s.Task]
	v, ok := s.Metrics[m.key]
	switch {
	case !m.judged || !ok || math.IsNaN(v):
		return Unjudged
	case v >= 1:
		return Right
	case v <= 0:
		return Wrong
	}
	return Partly
}
