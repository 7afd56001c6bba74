package scoring

import (
	"bufio"
	"compress/gzip"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// oracle is one recorded run of the harness: a header and a line per document
// and filter.
type oracle struct {
	name    string
	results *py.Dict
	rows    []*py.Dict
}

func openOracle(t *testing.T, name string) oracle {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedtest.Dir(t), "oracles", "tasks", name+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	o := oracle{name: name}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		v, err := py.ParseJSON(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if o.results == nil {
			o.results = field[*py.Dict](t, v.(*py.Dict), "results")
			continue
		}
		o.rows = append(o.rows, v.(*py.Dict))
	}
	if err := lines.Err(); err != nil || len(o.rows) == 0 {
		t.Fatalf("%s: no rows (%v)", name, err)
	}
	return o
}

func (o oracle) metricNames() []string {
	var out []string
	for _, k := range o.results.Keys() {
		name, _, ok := strings.Cut(k.(string), ",")
		if ok && !strings.HasSuffix(name, "_stderr") {
			out = append(out, name)
		}
	}
	return out
}

// check compares one document's recorded metrics with a row.
func (o oracle) check(t *testing.T, recorded *py.Dict, got Row) {
	t.Helper()
	metrics := field[*py.Dict](t, recorded, "metrics")
	for _, k := range metrics.Keys() {
		name := k.(string)
		v, ok := got[name]
		if want := number(t, metrics, name); !ok || !close(v, want) {
			t.Errorf("%s, document %s: %s is %v (%v), want %v", o.name, py.Repr(recorded), name, v, ok, want)
		}
	}
}

// checkScores compares the header's values, scaled, with those of the rows.
func (o oracle) checkScores(t *testing.T, specs []MetricSpec, rows []Row, filter string, scale float64) {
	t.Helper()
	scores, err := TaskScores(specs, rows, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(scores) == 0 {
		t.Errorf("%s: no scores", o.name)
	}
	for _, s := range scores {
		want := number(t, o.results, s.Metric+","+filter)
		if want != -1 && !close(s.Value*scale, want) { // -1: the recorder had no value
			t.Errorf("%s: %s is %v, want %v", o.name, s.Metric, s.Value*scale, want)
		}
	}
}

func loglikelihoods(t *testing.T, row *py.Dict) (out []Response, continuations []string) {
	t.Helper()
	for _, r := range dicts(t, row, "requests") {
		if _, ok := r.Get("loglikelihood"); ok {
			out = append(out, Response{LogLikelihood: number(t, r, "loglikelihood"), IsGreedy: field[bool](t, r, "is_greedy")})
			continuations = append(continuations, field[string](t, r, "continuation"))
		}
	}
	return out, continuations
}

func generations(t *testing.T, row *py.Dict) []string {
	t.Helper()
	var out []string
	for _, r := range dicts(t, row, "requests") {
		if g, ok := r.Get("generation"); ok {
			out = append(out, g.(string))
		}
	}
	return out
}

func metricsNamed(t *testing.T, names []string) []MetricSpec {
	t.Helper()
	var out []MetricSpec
	for _, name := range names {
		spec, err := NewMetric(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, spec)
	}
	return out
}

func TestOraclesMultipleChoice(t *testing.T) {
	for _, name := range []string{
		"agieval_lsat_ar-0", "agieval_sat_en-0", "arc_challenge-25", "arc_easy-0", "boolq-0", "commonsense_qa-7", "hellaswag-0", "hellaswag-10",
		"mmlu_astronomy-5", "mmlu_world_religions-5", "openbookqa-0", "piqa-0", "social_iqa-0", "truthfulqa_mc1-0",
	} {
		o := openOracle(t, name)
		specs := metricsNamed(t, o.metricNames())
		var rows []Row
		for _, r := range o.rows {
			responses, continuations := loglikelihoods(t, r)
			item := Item{}
			item.Target, _ = r.Get("target")
			for _, c := range continuations {
				item.Choices = append(item.Choices, strings.TrimPrefix(c, " "))
			}
			got, err := Score(context.Background(), MultipleChoice, specs, item, Outcome{Responses: responses})
			if err != nil {
				t.Fatal(err)
			}
			o.check(t, r, got.Row)
			rows = append(rows, got.Row)
		}
		o.checkScores(t, specs, rows, NoFilter, 1)
	}
}

// TestOracleMultipleInputs: the gold index comes from the right context, which
// the oracle does not record; the two documents are known.
func TestOracleMultipleInputs(t *testing.T) {
	o := openOracle(t, "winogrande-5")
	specs := metricsNamed(t, []string{"acc"})
	for i, right := range []string{"Sarah was a much better surgeon than Maria so Maria", "Sarah was a much better surgeon than Maria so Sarah"} {
		r := o.rows[i]
		responses, _ := loglikelihoods(t, r)
		item := Item{Target: field[string](t, r, "target"), MultipleInputs: true}
		for _, q := range dicts(t, r, "requests") {
			context := field[string](t, q, "context")
			choice := context[strings.LastIndex(context, "\n")+1:]
			item.Choices = append(item.Choices, choice)
			if choice == right {
				item.Input = int64(len(item.Choices) - 1)
			}
		}
		got, err := Score(context.Background(), MultipleChoice, specs, item, Outcome{Responses: responses})
		if err != nil || len(got.Warnings) > 0 {
			t.Fatal(got, err)
		}
		o.check(t, r, got.Row)
	}
}

func TestOracleLoglikelihood(t *testing.T) {
	o := openOracle(t, "lambada_openai-0")
	specs := metricsNamed(t, o.metricNames())
	var rows []Row
	for _, r := range o.rows {
		responses, _ := loglikelihoods(t, r)
		got, err := Score(context.Background(), Loglikelihood, specs, Item{}, Outcome{Responses: responses})
		if err != nil {
			t.Fatal(err)
		}
		o.check(t, r, got.Row)
		rows = append(rows, got.Row)
	}
	o.checkScores(t, specs, rows, NoFilter, 1)
}

// TestOracleRolling: the weights are counted in the text before the task's
// clean-up, so they are taken from the recording.
func TestOracleRolling(t *testing.T) {
	o := openOracle(t, "wikitext-0")
	specs := metricsNamed(t, o.metricNames())
	var rows []Row
	for _, r := range o.rows {
		metrics, row := field[*py.Dict](t, r, "metrics"), Row{}
		for _, k := range metrics.Keys() {
			v, _ := metrics.Get(k)
			pair := numbers(t, v)
			row[k.(string)], row[k.(string)+weightKey] = pair[0], pair[1]
		}
		rows = append(rows, row)
	}
	o.checkScores(t, specs, rows, NoFilter, 1)
}

func args(kv ...py.Value) *py.Dict { return py.DictOf(kv...) }

func TestOraclesGenerated(t *testing.T) {
	short := args("ignore_case", true, "ignore_punctuation", true)
	type filter struct {
		name string
		args *py.Dict
	}
	strip := []filter{{"remove_whitespace", nil}, {"take_first", nil}}
	for _, c := range []struct {
		oracle  string
		filters map[string][]filter
		match   *py.Dict
	}{
		{"triviaqa-5", map[string][]filter{"remove_whitespace": strip}, short},
		{"nq_open-5", map[string][]filter{"remove_whitespace": strip}, args("ignore_case", true, "ignore_punctuation", true, "regexes_to_ignore", []any{`\b(?:The |the |An |A |The |a |an )`})},
		{"gsm8k-8", map[string][]filter{
			"strict-match":     {{"regex", args("regex_pattern", `#### (\-?[0-9\.\,]+)`)}, {"take_first", nil}},
			"flexible-extract": {{"regex", args("regex_pattern", `(-?[$0-9.,]{2,})|(-?[0-9]+)`, "group_select", int64(-1))}, {"take_first", nil}},
		}, args("ignore_case", true, "ignore_punctuation", false, "regexes_to_ignore", []any{",", `\$`, `(?s).*#### `, `\.$`})},
	} {
		o := openOracle(t, c.oracle)
		spec, err := NewMetric("exact_match", c.match)
		if err != nil {
			t.Fatal(err)
		}
		for name, filters := range c.filters {
			p := Pipeline{Name: name}
			for _, f := range filters {
				made, err := NewFilter(f.name, f.args)
				if err != nil {
					t.Fatal(err)
				}
				p.Filters = append(p.Filters, made)
			}
			o.checkPipeline(t, p, spec)
		}
	}
}

func (o oracle) checkPipeline(t *testing.T, p Pipeline, spec MetricSpec) {
	t.Helper()
	first := field[any](t, o.rows[0], "target")
	_, several := first.([]any)
	var rows []Row
	for _, r := range o.rows {
		if field[string](t, r, "filter") != p.Name {
			continue
		}
		item := Item{Target: field[any](t, r, "target"), MultipleTargets: several}
		filtered, err := p.Apply(item, generations(t, r))
		if err != nil {
			t.Fatal(err)
		}
		if want := field[[]any](t, r, "filtered"); !py.Equal(want[0], filtered) {
			t.Errorf("%s, %s: filtered %s, want %s", o.name, p.Name, py.Repr(filtered), py.Repr(want))
		}
		got, err := Score(context.Background(), GenerateUntil, []MetricSpec{spec}, item, Outcome{Filtered: filtered})
		if err != nil {
			t.Fatal(err)
		}
		o.check(t, r, got.Row)
		rows = append(rows, got.Row)
	}
	o.checkScores(t, []MetricSpec{spec}, rows, p.Name, 1)
}

func TestOracleSQuAD(t *testing.T) {
	o := openOracle(t, "squadv2-0")
	var rows []Row
	for _, r := range o.rows {
		pair := field[[]any](t, field[*py.Dict](t, r, "metrics"), "exact")
		golds, err := SQuADAnswers(pair[1].(*py.Dict))
		if err != nil {
			t.Fatal(err)
		}
		responses, _ := loglikelihoods(t, r)
		row := SQuADv2Row(golds, generations(t, r)[0], responses[0].LogLikelihood)
		if want := number(t, pair[0].(*py.Dict), "no_answer_probability"); !close(row[squadNoAnswerKey], want) {
			t.Errorf("probability of no answer %v, want %v", row[squadNoAnswerKey], want)
		}
		rows = append(rows, row)
	}
	o.checkScores(t, SQuADv2Metrics(), rows, NoFilter, 100)
}

// recorder is a CodeRunner that keeps the program and lets none pass.
type recorder struct{ programs []string }

func (r *recorder) Run(_ context.Context, program, tests string, timeout time.Duration) (bool, string, error) {
	r.programs = append(r.programs, program+"\n"+tests)
	return false, "not run", nil
}

// TestOraclesCode checks candidates and programs without running them; the
// recorded model solves none of these problems.
func TestOraclesCode(t *testing.T) {
	for _, c := range []struct {
		oracle   string
		pipeline Pipeline
		metric   func(CodeRunner) MetricSpec
	}{
		{"humaneval-0", Pipeline{"create_test", []Filter{BuildPredictions()}}, func(r CodeRunner) MetricSpec {
			return MetricSpec{Name: "pass_at_k", Aggregation: "mean", HigherIsBetter: true, Func: PassAtK(r, []int{1})}
		}},
		{"mbpp-3", DefaultPipeline(), func(r CodeRunner) MetricSpec {
			return MetricSpec{Name: "pass_at_1", Aggregation: "mean", HigherIsBetter: true, Func: PassAt1(r, "pass_at_1", nil)}
		}},
	} {
		o := openOracle(t, c.oracle)
		var runner recorder
		spec := c.metric(&runner)
		var rows []Row
		for i, r := range o.rows {
			target := field[string](t, r, "target")
			item := Item{Doc: args("prompt", field[string](t, r, "context")), Target: target}
			filtered, err := c.pipeline.Apply(item, generations(t, r))
			if err != nil {
				t.Fatal(err)
			}
			want := field[[]any](t, r, "filtered")
			if !py.Equal(want[0], filtered) {
				t.Errorf("%s: filtered %s, want %s", o.name, py.Repr(filtered), py.Repr(want))
			}
			got, err := Score(context.Background(), GenerateUntil, []MetricSpec{spec}, item, Outcome{Filtered: filtered})
			if err != nil {
				t.Fatal(err)
			}
			o.check(t, r, got.Row)
			rows = append(rows, got.Row)
			if program := Texts(filtered)[0] + "\n" + target; runner.programs[i] != program {
				t.Errorf("%s: ran %q, want %q", o.name, runner.programs[i], program)
			}
		}
		o.checkScores(t, []MetricSpec{spec}, rows, c.pipeline.Name, 1)
	}
}

// TestOracleStandardErrors holds the standard error of accuracies against the
// closed form sqrt(p(1-p)/(n-1)) of a share.
func TestOracleStandardErrors(t *testing.T) {
	o := openOracle(t, "piqa-0")
	var rows []Row
	for _, r := range o.rows {
		rows = append(rows, Row{"acc": number(t, field[*py.Dict](t, r, "metrics"), "acc")})
	}
	e, err := Aggregate(metricsNamed(t, []string{"acc"})[0], rows, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := math.Sqrt(e.Value * (1 - e.Value) / float64(e.N-1)); !close(e.StdErr, want) {
		t.Errorf("standard error %v, want %v", e.StdErr, want)
	}
}
