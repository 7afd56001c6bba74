package runner

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// A judge scores the documents of one task: its filter chains, its metrics,
// and the function that replaces them where the task has one.
type judge struct {
	task      *tasks.Task
	pipelines []scoring.Pipeline
	metrics   []scoring.MetricSpec
	votes     *vote // nil: the task has no vote over samples

	mu       sync.Mutex
	remarked int    // documents that a metric remarked on
	remark   string // the first remark
}

// newJudge resolves a task's filters and metrics. code runs generated
// programs; it may be nil for tasks that have none.
func newJudge(t *tasks.Task, code scoring.CodeRunner) (*judge, error) {
	if err := t.CheckScoring(); err != nil {
		return nil, err
	}
	j := &judge{task: t}
	for _, chain := range t.Filters {
		p := scoring.Pipeline{Name: chain.Name}
		for _, f := range chain.Filters {
			filter, err := newFilter(f)
			if err != nil {
				return nil, fmt.Errorf("task %s, filter %s: %w", t.Name, chain.Name, err)
			}
			p.Filters = append(p.Filters, filter)
		}
		j.pipelines = append(j.pipelines, p)
	}
	if len(j.pipelines) == 0 {
		j.pipelines = []scoring.Pipeline{scoring.DefaultPipeline()}
	}
	err := j.useMetrics(code)
	if err == nil {
		j.votes, err = newVote(t, j.metrics)
	}
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	return j, nil
}

// useMetrics resolves what the task file lists, or the function in its place.
func (j *judge) useMetrics(code scoring.CodeRunner) error {
	if p := j.task.ProcessResults; p != nil {
		return j.useProcess(p)
	}
	for _, m := range j.task.Metrics {
		if m.Func == tasks.ScoreMajAtK {
			continue
		}
		spec, err := newMetric(m, code)
		if err != nil {
			return err
		}
		j.metrics = append(j.metrics, spec)
	}
	return nil
}

func newFilter(f tasks.Filter) (scoring.Filter, error) {
	if f.Own != nil {
		return *f.Own, nil
	}
	return scoring.NewFilter(f.Function, f.Args)
}

// useProcess lets a function take the place of the metrics' computation. The
// metrics still say how its values are aggregated.
func (j *judge) useProcess(p *scoring.Process) error {
	if p.Metrics != nil {
		j.metrics = p.Metrics()
		return nil
	}
	for _, m := range j.task.Metrics {
		spec, err := scoring.NewMetric(m.Name, nil)
		if err != nil { // a value of the function's own
			spec = scoring.MetricSpec{Name: m.Name, Aggregation: "mean", HigherIsBetter: true}
		}
		if spec, err = listed(spec, m); err != nil {
			return fmt.Errorf("metric %s: %w", m.Name, err)
		}
		j.metrics = append(j.metrics, spec)
	}
	return nil
}

// listed applies what a task file's metric_list says of a metric.
func listed(spec scoring.MetricSpec, m tasks.Metric) (scoring.MetricSpec, error) {
	if m.Aggregation != "" {
		spec.Aggregation = m.Aggregation
	}
	if m.HigherIsBetter != nil {
		spec.HigherIsBetter = *m.HigherIsBetter
	}
	return spec, scoring.CheckAggregation(spec.Aggregation)
}

func newMetric(m tasks.Metric, code scoring.CodeRunner) (scoring.MetricSpec, error) {
	spec := scoring.MetricSpec{Name: m.Name, Aggregation: "mean", HigherIsBetter: true}
	switch m.Func {
	case "":
		var err error
		if spec, err = scoring.NewMetric(m.Name, m.Args); err != nil {
			return spec, err
		}
	case tasks.ScorePassAtK:
		ks, err := atK(m.Args)
		if err != nil {
			return spec, err
		}
		spec.Func = scoring.PassAtK(code, ks)
	case tasks.ScorePassAt1:
		ks, err := atK(m.Args)
		if err != nil {
			return spec, err
		}
		spec.Func = scoring.PassAt1(code, m.Name, ks)
	default:
		return spec, fmt.Errorf("no metric function %q", m.Func)
	}
	return listed(spec, m)
}

// atK reads the argument k of pass@k and maj@k: one number or a list.
func atK(args *py.Dict) ([]int, error) {
	v, ok := args.Get("k")
	if !ok {
		return []int{1}, nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var ks []int
	for _, k := range list {
		n, ok := k.(int64)
		if !ok || n < 1 || n > math.MaxInt32 {
			return nil, fmt.Errorf("k is %s, not a whole number of at least 1", py.Repr(k))
		}
		ks = append(ks, int(n))
	}
	return ks, nil
}

// judge fills in what the filters extracted and what the metrics give.
func (j *judge) judge(ctx context.Context, it prompts.Item, s *results.Sample) error {
	item := scoring.Item{
		Doc: it.Doc, Choices: it.Choices, Target: it.Target, Input: it.Input,
		MultipleInputs: it.MultipleInputs, MultipleTargets: it.MultipleTargets,
	}
	responses := j.responses(it, s)
	s.Filtered, s.Metrics = map[string][]string{}, map[string]float64{}
	for _, p := range j.pipelines {
		out := scoring.Outcome{Responses: responses}
		if j.task.OutputType == tasks.GenerateUntil {
			filtered, err := p.Apply(item, s.Generations)
			if err != nil {
				return fmt.Errorf("filter %s: %w", p.Name, err)
			}
			out.Filtered, s.Filtered[p.Name] = filtered, scoring.Texts(filtered)
		}
		row, err := j.row(ctx, item, out)
		if err != nil {
			return err
		}
		if j.votes != nil && len(s.Generations) > 1 {
			if err := j.vote(ctx, p, item, responses, s.Generations, row); err != nil {
				return err
			}
		}
		if p.Name != scoring.NoFilter {
			row = row.Qualified(p.Name)
		}
		for k, v := range row {
			s.Metrics[k] = v
		}
	}
	return nil
}

func (j *judge) row(ctx context.Context, item scoring.Item, out scoring.Outcome) (scoring.Row, error) {
	if p := j.task.ProcessResults; p != nil {
		return p.Score(ctx, item, out)
	}
	r, err := scoring.Score(ctx, scoring.OutputType(j.task.OutputType), j.metrics, item, out)
	if len(r.Warnings) > 0 {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.remarked++; j.remark == "" {
			j.remark = r.Warnings[0]
		}
	}
	return r.Row, err
}

// responses are the answers of an item in the order of its requests.
func (j *judge) responses(it prompts.Item, s *results.Sample) []scoring.Response {
	out := make([]scoring.Response, len(it.Requests))
	scored := 0
	for i, r := range it.Requests {
		if r.Kind == prompts.Generate {
			out[i].Texts = s.Generations
			continue
		}
		out[i].LogLikelihood, out[i].IsGreedy = s.LogLikelihoods[scored], s.IsGreedy[scored]
		scored++
	}
	return out
}

// estimate is one metric of a task over its documents.
type estimate struct {
	metric, filter string
	higherIsBetter bool
	binary         bool // every document scored 0 or 1
	interval       *interval
	members        []results.GroupMember // of a group: what its value is the weighted sum of
	scoring.Estimate
}

// An interval is a 95% interval that does not follow from value and standard
// error.
type interval struct{ low, high float64 }

// bounds is the estimate's 95% interval; not ok without a standard error.
func (e estimate) bounds() (i interval, ok bool) {
	if e.interval != nil {
		return *e.interval, true
	}
	if math.IsNaN(e.StdErr) || math.IsNaN(e.Value) {
		return i, false
	}
	i.low, i.high = results.Interval(e.Value, e.StdErr, e.N, e.binary)
	return i, true
}

// estimates aggregates a task's rows, in document order.
func (j *judge) estimates(rows []scoring.Row) ([]estimate, error) {
	var out []estimate
	for _, p := range j.pipelines {
		own := make([]scoring.Row, len(rows))
		for i, r := range rows {
			own[i] = r.Unqualified(p.Name)
		}
		scores, err := scoring.TaskScores(j.metrics, own, scoring.DefaultBootstrap)
		if err != nil {
			return nil, fmt.Errorf("task %s: %w", j.task.Name, err)
		}
		for _, s := range scores {
			out = append(out, estimate{
				metric: s.Metric, filter: p.Name, higherIsBetter: s.HigherIsBetter,
				binary: binary(own, s.Metric), Estimate: s.Estimate,
			})
		}
	}
	return out, nil
}

// binary reports whether every document that has the metric scored 0 or 1. A
// metric made of counts, such as bleu, has no value of a document.
func binary(rows []scoring.Row, metric string) bool {
	scored := false
	for _, r := range rows {
		v, ok := r[metric]
		if ok && v != 0 && v != 1 {
			return false
		}
		scored = scored || ok
	}
	return scored
}
