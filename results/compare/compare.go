package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/results"
)

// Verdicts.
const (
	Better        = "better"
	Worse         = "worse"
	NotShown      = "no_difference_shown"
	Underpowered  = "underpowered"
	NotComparable = "not_comparable"
)

const (
	// level is the chance of a false claim.
	level = 0.05
	// relevant is the difference that a comparison should be able to detect:
	// three points, the example of Miller's power analysis (arXiv 2411.00640,
	// section 5). Where a score is no share it is that part of the base's
	// value.
	relevant = 0.03
)

// A Pair is one metric of one task or group in two runs. Numbers that there
// are not are nil.
type Pair struct {
	Base       string   `json:"base"` // the folders
	Run        string   `json:"run"`
	Task       string   `json:"task"`
	Kind       string   `json:"kind"` // results.KindTask or KindGroup
	Metric     string   `json:"metric"`
	Filter     string   `json:"filter"`
	Primary    bool     `json:"primary"`
	Higher     bool     `json:"higher_is_better"`
	N          int      `json:"n"` // items that both runs have
	A          *float64 `json:"a"` // values over these items
	B          *float64 `json:"b"`
	Difference *float64 `json:"difference"` // b - a
	CILow      *float64 `json:"ci_low"`
	CIHigh     *float64 `json:"ci_high"`
	P          *float64 `json:"p"`
	PHolm      *float64 `json:"p_holm"`
	Won        int      `json:"won"` // items that the run answered better
	Lost       int      `json:"lost"`
	Detectable *float64 `json:"detectable"` // smallest difference found with a power of 80%
	Verdict    string   `json:"verdict"`
	Reason     string   `json:"reason"`

	alone   string // the folder that has it, if only one does
	share   bool   // all scores lie between 0 and 1
	spread  spread
	effects []float64 // the differences whose signs are turned, one a unit
}

// A Report compares runs with a base.
type Report struct {
	Base  *Run
	Runs  []*Run
	Pairs []Pair
	Gates []Judgement
	Width int // of the terminal that it is printed to, characters; 0: results.LineWidth

	spans map[string]span // of each run's pairs, by name
}

type span struct{ from, to int }

// Compare pairs each run with the base, metric by metric.
func Compare(base *Run, runs ...*Run) Report {
	pairs := make([][]Pair, len(runs))
	for i, run := range runs {
		pairs[i] = pairsOf(base, run)
	}
	return newReport(base, runs, pairs)
}

// newReport joins the runs' pairs, corrects their p-values for each other and
// judges them.
func newReport(base *Run, runs []*Run, pairs [][]Pair) Report {
	r := Report{Base: base, Runs: runs, spans: make(map[string]span, len(runs))}
	for i, run := range runs {
		from := len(r.Pairs)
		r.Pairs = append(r.Pairs, pairs[i]...)
		r.spans[run.Name] = span{from, len(r.Pairs)}
	}
	adjust(r.Pairs)
	for i := range r.Pairs {
		r.Pairs[i].judge()
	}
	return r
}

// of are the pairs of a run.
func (r Report) of(run *Run) []Pair {
	s := r.spans[run.Name]
	return r.Pairs[s.from:s.to]
}

// pairsOf lists the metrics of both runs: tasks, then the groups made of them.
// What only one run has is not_comparable as well.
func pairsOf(base, run *Run) []Pair {
	var out []Pair
	for _, kind := range []string{results.KindTask, results.KindGroup} {
		for _, a := range base.Scores {
			if a.Kind != kind {
				continue
			}
			p := newPair(base, run, a)
			b, ok := run.find(kind, a.Task, a.Metric, a.Filter)
			switch {
			case !ok:
				p.alone = base.Name
				p.refuse(fmt.Sprintf("only %s has it", base.Name))
			case kind == results.KindTask:
				p.B = number(b.Value)
				p.task(base, run, a, b)
			default:
				p.B = number(b.Value)
				p.group(base, run, a, b, out)
			}
			out = append(out, p)
		}
		for _, b := range run.Scores {
			if _, ok := base.find(kind, b.Task, b.Metric, b.Filter); b.Kind == kind && !ok {
				p := newPair(base, run, b)
				p.A, p.B, p.alone = nil, p.A, run.Name
				p.refuse(fmt.Sprintf("only %s has it", run.Name))
				out = append(out, p)
			}
		}
	}
	return out
}

func newPair(base, run *Run, s results.Score) Pair {
	return Pair{
		Base: base.Name, Run: run.Name, Task: s.Task, Kind: s.Kind, Metric: s.Metric, Filter: s.Filter,
		Primary: s.Primary, Higher: s.HigherIsBetter, A: number(s.Value),
	}
}

// refuse marks a pair as not comparable. Its values remain, those of all
// items of each run; nothing that pairs them is computed.
func (p *Pair) refuse(reason string) { p.Verdict, p.Reason = NotComparable, reason }

// note adds a remark to a pair that is compared.
func (p *Pair) note(text string) {
	if p.Reason != "" {
		text = p.Reason + "; " + text
	}
	p.Reason = text
}

// An item is one document's number in both runs.
type item struct {
	a, b, weight float64
	cluster      string
}

// task compares one metric of a task.
func (p *Pair) task(base, run *Run, a, b results.Score) {
	if reason := differs(base, run, a, b); reason != "" {
		p.refuse(reason)
		return
	}
	form, ok := base.shapeOf(a)
	if _, both := run.shapeOf(b); !ok || !both {
		p.refuse("its value is made of all items together, no item has a difference of its own")
		return
	}
	items, problem := p.pair(base, run, form)
	if problem != "" {
		p.refuse(problem)
		return
	}
	if p.estimate(items, form); p.Difference == nil {
		*p = newPair(base, run, a)
		p.refuse("its value is not finite")
		return
	}
	if p.Won+p.Lost == 0 && same(base, run, a, b) {
		p.identical()
		return
	}
	for _, text := range marks(base, run, a, b) {
		p.note(text)
	}
}

// pair joins the items of both runs by task and document; the documents'
// hashes must agree.
func (p *Pair) pair(base, run *Run, form shape) (items []item, problem string) {
	key := results.MetricKey(p.Metric, p.Filter)
	theirs := run.tasks[p.Task]
	shared, prompts := 0, 0
	for _, id := range slices.Sorted(maps.Keys(base.tasks[p.Task])) {
		a := base.tasks[p.Task][id]
		b, ok := theirs[id]
		if !ok {
			continue
		}
		shared++
		if a.DocHash != b.DocHash {
			return nil, fmt.Sprintf("document %d is not the same in both", id)
		}
		if a.PromptHash != b.PromptHash {
			prompts++
		}
		x, inA := a.Metrics[key]
		y, inB := b.Metrics[key]
		if inA != inB {
			return nil, fmt.Sprintf("document %d has this metric in one run only", id)
		}
		if !inA {
			continue
		}
		w, v := form.weightOf(a), form.weightOf(b)
		if math.IsNaN(x+y) || math.IsInf(x+y, 0) || w != v {
			return nil, fmt.Sprintf("document %d has no number in one of the runs, or another weight", id)
		}
		items = append(items, item{a: x, b: y, weight: w, cluster: a.Cluster})
	}
	if len(items) == 0 {
		return nil, "no document is in both runs"
	}
	if prompts > 0 {
		if reason := otherPrompts(base, run, prompts, shared); reason != "" {
			return nil, reason
		}
	}
	if all := max(len(base.tasks[p.Task]), len(theirs)); shared < all {
		p.note(fmt.Sprintf("only the %d documents of both runs are compared, of up to %d", shared, all))
	}
	return items, ""
}

// judge gives the verdict of a pair that is compared.
func (p *Pair) judge() {
	switch {
	case p.Verdict != "":
	case *p.PHolm <= level && (*p.Difference > 0) == p.Higher:
		p.Verdict = Better
	case *p.PHolm <= level:
		p.Verdict = Worse
	case p.Detectable == nil || *p.Detectable > p.threshold():
		p.Verdict = Underpowered
		if p.Detectable == nil {
			p.note("too few independent items for an interval")
		}
	default:
		p.Verdict = NotShown
	}
}

// threshold is the difference that should be detected.
func (p *Pair) threshold() float64 {
	if p.share {
		return relevant
	}
	return relevant * math.Abs(*p.A)
}

// number is a value that may be missing.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
