package compare

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/results"
)

// draws is how often a simulation draws; LLAMAEVAL_LONG=1 draws more.
func draws(short int) int {
	if os.Getenv("LLAMAEVAL_LONG") != "" {
		return 20 * short
	}
	return short
}

// A trial is one simulated run: a base and a new run of known truth.
type trial struct {
	base, new *Run
	units     []results.Unit
}

// trialOf draws a task for each world; documents come in a random order.
func trialOf(r *rand.Rand, worlds ...world) trial {
	a, b := map[string][]float64{}, map[string][]float64{}
	var t trial
	clusters := map[string]string{}
	for k, w := range worlds {
		task := fmt.Sprint("t", k)
		effect := 0.0
		for i := range w.items {
			if i%w.perCluster == 0 {
				effect = r.NormFloat64()
				t.units = append(t.units, results.Unit{Task: task})
			}
			x, y := w.draw(r, effect)
			a[task], b[task] = append(a[task], x), append(b[task], y)
			u := &t.units[len(t.units)-1]
			u.Docs = append(u.Docs, i)
			if w.perCluster > 1 {
				clusters[fmt.Sprint(task, i)] = fmt.Sprint("c", i/w.perCluster)
			}
		}
	}
	t.base, t.new = sample("base", a), sample("new", b)
	for _, run := range []*Run{t.base, t.new} {
		for task, docs := range run.tasks {
			for id, o := range docs {
				o.Cluster = clusters[fmt.Sprint(task, id)]
				docs[id] = o
			}
		}
	}
	r.Shuffle(len(t.units), func(i, k int) { t.units[i], t.units[k] = t.units[k], t.units[i] })
	return t
}

func means(string, string) string { return "mean" }

// run evaluates documents one by one with a look after each, and returns the
// gates' judgements.
func (t trial) run(test *testing.T, gates ...Gate) []Judgement {
	test.Helper()
	s, err := NewSequential(gates, t.base, NewRun("new", t.new.Info, slices.Clone(t.new.Scores), nil), t.units, means)
	if err != nil {
		test.Fatal(err)
	}
	for _, u := range t.units {
		if !s.Open(u.Task) {
			continue
		}
		var docs []results.Outcome
		for _, id := range u.Docs {
			docs = append(docs, t.new.tasks[u.Task][int32(id)])
		}
		if err := s.Observe(u, docs); err != nil {
			test.Fatal(err)
		}
	}
	t.new.Info.Stopping = &results.Stopping{}
	for _, tr := range s.tracks { // without their bounds, which cost more than all bets
		stop := tr.state()
		stop.Low, stop.High = stop.Value, stop.Value
		t.new.Info.Stopping.Gates = append(t.new.Info.Stopping.Gates, stop)
	}
	report := Report{Base: t.base, Runs: []*Run{t.new}}
	for _, score := range t.new.Scores {
		report.Pairs = append(report.Pairs, t.pair(score))
	}
	if err := report.JudgeSequential(gates); err != nil {
		test.Fatal(err)
	}
	return report.Gates
}

// pair is that of Compare without its tests, which cost most and which no gate
// looks at.
func (t trial) pair(s results.Score) Pair {
	names := make([]string, len(t.new.tasks[s.Task]))
	for id := range names {
		names[id] = t.base.tasks[s.Task][int32(id)].Cluster
	}
	sums, binary := newUnits(NewClusters(names)), true
	for id := range int32(len(names)) {
		a, b := t.base.tasks[s.Task][id], t.new.tasks[s.Task][id]
		sums.add(int(id), b.Metrics["acc"]-a.Metrics["acc"])
		binary = binary && zeroOne(a.Metrics["acc"]) && zeroOne(b.Metrics["acc"])
	}
	p := Pair{Run: "new", Kind: s.Kind, Task: s.Task, Metric: s.Metric, Filter: s.Filter, spread: spreadOf(sums.all(), binary)}
	p.N, p.Difference = p.spread.items, &p.spread.difference
	low, high, _ := p.spread.interval()
	p.CILow, p.CIHigh = &low, &high
	return p
}

func gate(t testing.TB, text string) Gate {
	g, err := ParseGate(text)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// With a look after every document, a gate whose limit is just not (or just)
// met passes (or is missed) in at most 2.5% of all runs, early and final
// judgement together. The ordinary interval, looked at as often, passes far
// more: the simulation would find naive peeking.
func TestSequentialErrorHoldsUnderPeeking(t *testing.T) {
	for name, tt := range map[string]struct {
		w    world
		gate string
	}{
		"0/1":             {twins(300, 0.05, 0.07), "d(t0)>=-0.02"},
		"0/1, few differ": {twins(300, 0.01, 0.03), "d(t0)>=-0.02"},
		"graded":          {graded(150, -0.05), "d(t0)>-0.05"},
		"at most":         {twins(300, 0.10, 0.05), "d(t0)<=0.05"},
		"clusters":        {dependent(60, 4, true), "d(t0)>=0"},
	} {
		n := draws(300)
		r := rand.New(rand.NewPCG(11, 12))
		passed, missed, naive := 0.0, 0.0, 0.0
		for range n {
			trial := trialOf(r, tt.w)
			j := trial.run(t, gate(t, tt.gate))[0]
			switch j.Decision {
			case results.Passed:
				passed += 1 / float64(n)
			case results.Missed:
				missed += 1 / float64(n)
			}
			if trial.naive(gate(t, tt.gate)) {
				naive += 1 / float64(n)
			}
		}
		t.Logf("%-16s passed %.4f, missed %.4f; with the ordinary interval passed %.3f", name, passed, missed, naive)
		most := level/2 + monteCarlo(level/2, n)
		if passed > most || missed > most {
			t.Errorf("%s: passed wrongly in %.4f, missed wrongly in %.4f of all runs", name, passed, missed)
		}
		if naive < 0.06 {
			t.Errorf("%s: naive peeking passes in %.3f only: this test would not find it", name, naive)
		}
	}
}

// naive reports whether the ordinary interval of the units so far, looked at
// after each tenth one, ever passes the gate.
func (t trial) naive(g Gate) bool {
	var seen []unit
	for i, u := range t.units {
		sum := 0.0
		for _, id := range u.Docs {
			sum += t.new.tasks[u.Task][int32(id)].Metrics["acc"] - t.base.tasks[u.Task][int32(id)].Metrics["acc"]
		}
		seen = append(seen, unit{sum, len(u.Docs)})
		if i < 20 || i%10 != 0 {
			continue
		}
		low, high := spreadOf(seen, false).within(z975)
		if near := map[bool]float64{true: low, false: high}[g.Compare[0] == '>']; g.holds(near) {
			return true
		}
	}
	return false
}

// An early decision on a value agrees with what all documents give.
func TestSequentialScoreAgreesWithTheWholeRun(t *testing.T) {
	n := draws(500)
	r := rand.New(rand.NewPCG(3, 5))
	wrong, early := 0.0, 0
	for i := range n {
		right := 119 + 2*(i%2) // of 400, on either side of the limit
		row := answers(400, right)
		r.Shuffle(len(row), func(i, k int) { row[i], row[k] = row[k], row[i] })
		tr := trial{new: sample("new", map[string][]float64{"t0": row})}
		tr.base = tr.new
		for i := range row {
			tr.units = append(tr.units, results.Unit{Task: "t0", Docs: []int{i}})
		}
		j := tr.run(t, gate(t, "score(t0)>=0.3"))[0]
		if j.Passed != (right >= 120) {
			wrong += 1 / float64(n)
		}
		if j.Early {
			early++
		}
	}
	t.Logf("wrong %.4f, early in %d of %d runs", wrong, early, n)
	if wrong > level/2+monteCarlo(level/2, n) || early == 0 {
		t.Errorf("%.4f of all decisions are wrong, %d are early", wrong, early)
	}
}

// Of several gates, a run passes although one must not in at most 2.5%, and
// one of those that hold is called missed in at most 2.5%.
func TestSequentialSeveralGates(t *testing.T) {
	n := draws(200)
	r := rand.New(rand.NewPCG(8, 8))
	gates := []Gate{gate(t, "d(t0)>=-0.02"), gate(t, "d(t1)>=0.03"), gate(t, "d(t2)>=-0.02")}
	passed, missed := 0.0, 0.0
	for range n {
		js := trialOf(r, twins(200, 0.2, 0), twins(200, 0.06, 0.03), twins(200, 0.02, 0.04)).run(t, gates...)
		if js[0].Passed && js[1].Passed && js[2].Passed {
			passed += 1 / float64(n)
		}
		if slices.ContainsFunc(js, func(j Judgement) bool { return j.Decision == results.Missed }) {
			missed += 1 / float64(n)
		}
	}
	t.Logf("passed %.4f, missed %.4f", passed, missed)
	if most := level/2 + monteCarlo(level/2, n); passed > most || missed > most {
		t.Errorf("passed %.4f, missed %.4f", passed, missed)
	}
}

// What early stopping saves, beside what the ordinary gate over all documents
// decides. The figures of docs/statistics.md are those of LLAMAEVAL_LONG=1.
func TestSequentialSavesDocuments(t *testing.T) {
	for _, tt := range []struct {
		name  string
		w     world
		saved float64 // at least
	}{
		{"no difference, 3% of 1319 differ", twins(1319, 0.015, 0.015), 0.05},
		{"no difference, 10% of 1319 differ", twins(1319, 0.05, 0.05), 0},
		{"no difference, 10% of 10042 differ", twins(10042, 0.05, 0.05), 0.5},
		{"5 points better, 15% of 1319 differ", twins(1319, 0.10, 0.05), 0.4},
		{"5 points worse, 15% of 1319 differ", twins(1319, 0.05, 0.10), 0.02},
		{"10 points worse, 20% of 1319 differ", twins(1319, 0.05, 0.15), 0.6},
	} {
		n := draws(8)
		r := rand.New(rand.NewPCG(21, uint64(tt.w.items)))
		used, planned, same, decided, whole := 0, 0, 0, 0, 0
		for range n {
			trial := trialOf(r, tt.w)
			g := gate(t, "d(t0)>=-0.02")
			j := trial.run(t, g)[0]
			used, planned = used+j.Used, planned+j.Planned
			if j.Saved != j.Planned-j.Used || j.Saved < 0 {
				t.Fatalf("%d of %d documents were used, %d saved", j.Used, j.Planned, j.Saved)
			}
			report := Compare(trial.base, trial.new)
			report.Judge([]Gate{g})
			if report.Gates[0].Passed == j.Passed {
				same++
			}
			if j.Decision != results.Undecided {
				decided++
			}
			if r := report.Gates[0]; r.Passed || strings.HasPrefix(r.Reason, "missed") {
				whole++
			}
		}
		saved := 1 - float64(used)/float64(planned)
		t.Logf("%-36s saved %3.0f%%, decided %3.0f%% (all documents: %3.0f%%), the same exit code in %3.0f%%", tt.name, 100*saved, 100*float64(decided)/float64(n), 100*float64(whole)/float64(n), 100*float64(same)/float64(n))
		if saved < tt.saved {
			t.Errorf("%s: only %.2f of the documents are saved", tt.name, saved)
		}
	}
}

// What a mean of bounded numbers cannot express, and what is not comparable,
// is refused before anything is computed.
func TestSequentialRefuses(t *testing.T) {
	base, new := sample("base", map[string][]float64{"x": answers(30, 10), "y": answers(30, 10)}), sample("new", map[string][]float64{"x": answers(30, 20), "y": answers(30, 20)})
	units := []results.Unit{{Task: "x", Docs: []int{0}}, {Task: "y", Docs: []int{1}}}
	shots := sample("base", map[string][]float64{"x": answers(30, 10), "y": answers(30, 10)})
	shots.Scores[0].Shots = 5
	early := sample("early", map[string][]float64{"x": answers(30, 10), "y": answers(30, 10)})
	early.Scores[0].StoppedEarly = true
	large := sample("large", map[string][]float64{"x": {0, 55}, "y": answers(30, 10)})
	other := func(_, metric string) string { return "weighted_perplexity" }
	for _, tt := range []struct {
		gates       []string
		base        *Run
		aggregation func(task, metric string) string
		want        string
		compared    bool
	}{
		{[]string{"d(x)>=0", "d(y)>=0"}, base, other, `gate "d(x)>=0": --sequential needs a mean of numbers between 0 and 1, and acc of x is not one (weighted_perplexity)`, false},
		{[]string{"d(x)>=0"}, base, means, "y has none", false},
		{[]string{"d(x)>=-1", "d(y)>=0"}, base, means, "decides nothing", false},
		{[]string{"score(x)>=0", "d(y)>=0"}, base, means, "decides nothing", false},
		{[]string{"d(x)>=0", "d(y)>=0"}, early, means, "stopped early itself", false},
		{[]string{"d(x)>=0", "d(y)>=0"}, large, means, "acc of x is 55", false},
		{[]string{"d(x)>=0", "d(y)>=0"}, shots, means, "not comparable with base: shots: 5 against 2", true},
	} {
		var gates []Gate
		for _, text := range tt.gates {
			gates = append(gates, gate(t, text))
		}
		_, err := NewSequential(gates, tt.base, new, units, tt.aggregation)
		var incomparable *IncomparableError
		if err == nil || !strings.Contains(err.Error(), tt.want) || errors.As(err, &incomparable) != tt.compared {
			t.Errorf("%v: %v, want %q", tt.gates, err, tt.want)
		}
	}
}

// Documents whose prompts differ from the base's end the run.
func TestSequentialNoticesOtherPrompts(t *testing.T) {
	base, new := sample("base", map[string][]float64{"x": answers(30, 10)}), sample("new", map[string][]float64{"x": answers(30, 20)})
	u := results.Unit{Task: "x", Docs: []int{3}}
	s, err := NewSequential([]Gate{gate(t, "d(x)>=0")}, base, new, []results.Unit{u}, means)
	if err != nil {
		t.Fatal(err)
	}
	o := new.tasks["x"][3]
	o.PromptHash = "another"
	var incomparable *IncomparableError
	if err := s.Observe(u, []results.Outcome{o}); !errors.As(err, &incomparable) || !strings.Contains(err.Error(), "prompts") {
		t.Errorf("%v", err)
	}
}

// A run that stopped early decides no other gate, and its comparison says what
// it is.
func TestStoppedRunsAreMarked(t *testing.T) {
	base, cut := sample("base", map[string][]float64{"x": answers(100, 50)}), sample("cut", map[string][]float64{"x": answers(40, 30)})
	cut.Scores[0].StoppedEarly, cut.Scores[0].Planned = true, 100
	cut.Info.Stopping = &results.Stopping{Tasks: []results.TaskStop{{Task: "x", Used: 40, Planned: 100}}}
	r := Compare(base, cut)
	if p := r.Pairs[0]; p.N != 40 || !strings.Contains(p.Reason, "cut stopped early, after 40 of 100 documents in random order") {
		t.Errorf("%+v", p)
	}
	r.Judge([]Gate{gate(t, "d(x)>=-0.9"), gate(t, "score(x)>=0.1")})
	for _, j := range r.Gates {
		if j.Passed || !strings.Contains(j.Reason, "cut stopped early, at 40 of 100 documents") {
			t.Errorf("%+v", j)
		}
	}
	r = Compare(cut, base)
	r.Judge([]Gate{gate(t, "d(x)>=-0.9")})
	if j := r.Gates[0]; j.Passed {
		t.Errorf("%+v", j)
	}
}
