package scoring

import (
	"context"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// reference reads the fixtures that scripts/fixtures/scoring_cases.py makes
// with the harness's own functions.
func reference(t *testing.T) *py.Dict {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := py.ParseJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return v.(*py.Dict)
}

func field[T any](t *testing.T, d *py.Dict, key string) T {
	t.Helper()
	v, ok := d.Get(key)
	if !ok {
		t.Fatalf("fixture has no field %s", key)
	}
	x, ok := v.(T)
	if !ok {
		t.Fatalf("fixture field %s is %s", key, py.Repr(v))
	}
	return x
}

func dicts(t *testing.T, d *py.Dict, key string) []*py.Dict {
	t.Helper()
	var out []*py.Dict
	for _, v := range field[[]any](t, d, key) {
		out = append(out, v.(*py.Dict))
	}
	return out
}

func numbers(t *testing.T, v py.Value) []float64 {
	t.Helper()
	var out []float64
	for _, x := range v.([]any) {
		f, err := py.Float(x)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func number(t *testing.T, d *py.Dict, key string) float64 {
	t.Helper()
	v, _ := d.Get(key)
	f, err := py.Float(v)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func close(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-12*max(1, math.Abs(a)) || math.IsNaN(a) && math.IsNaN(b)
}

func TestFiltersAgainstReference(t *testing.T) {
	for _, c := range dicts(t, reference(t), "filters") {
		spec := field[[]any](t, c, "filters")
		p := Pipeline{Name: "f"}
		for _, part := range spec {
			pair := part.([]any)
			f, err := NewFilter(pair[0].(string), pair[1].(*py.Dict))
			if err != nil {
				t.Fatal(err)
			}
			p.Filters = append(p.Filters, f)
		}
		item := Item{Doc: field[*py.Dict](t, c, "doc")}
		for _, row := range dicts(t, c, "rows") {
			texts := Texts(field[[]any](t, row, "texts"))
			got, err := p.Apply(item, texts)
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := row.Get("filtered"); py.Repr(got) != py.Repr(want) {
				t.Errorf("%s of %q: got %s, want %s", py.Repr(spec), texts, py.Repr(got), py.Repr(want))
			}
		}
	}
}

func TestExactMatchAgainstReference(t *testing.T) {
	seen := map[float64]int{}
	for _, c := range dicts(t, reference(t), "exact_match") {
		args := field[*py.Dict](t, c, "args")
		spec, err := NewMetric("exact_match", args)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range dicts(t, c, "rows") {
			gold, prediction := field[string](t, row, "gold"), field[string](t, row, "prediction")
			got, err := Score(context.Background(), GenerateUntil, []MetricSpec{spec}, Item{Target: gold}, Outcome{Filtered: prediction})
			if err != nil {
				t.Fatal(err)
			}
			want := number(t, row, "value")
			seen[want]++
			if got.Row["exact_match"] != want {
				t.Errorf("%s: %q against %q: %v, want %v", py.Repr(args), prediction, gold, got.Row, want)
			}
		}
	}
	if seen[0] == 0 || seen[1] == 0 {
		t.Errorf("fixtures hold one outcome only: %v", seen)
	}
}

func TestChoicesAgainstReference(t *testing.T) {
	warned := 0
	for i, c := range dicts(t, reference(t), "choices") {
		item := Item{Choices: Texts(field[[]any](t, c, "choices")), MultipleInputs: field[bool](t, c, "multi_input")}
		item.Target, _ = c.Get("target")
		item.Input, _ = c.Get("input")
		var out Outcome
		for _, r := range field[[]any](t, c, "results") {
			pair := r.([]any)
			ll, err := py.Float(pair[0])
			if err != nil {
				t.Fatal(err)
			}
			out.Responses = append(out.Responses, Response{LogLikelihood: ll, IsGreedy: pair[1].(bool)})
		}
		var specs []MetricSpec
		for _, name := range Texts(field[[]any](t, c, "metrics")) {
			spec, err := NewMetric(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			specs = append(specs, spec)
		}
		got, err := Score(context.Background(), MultipleChoice, specs, item, out)
		if err != nil {
			t.Errorf("case %d: %v", i, err)
			continue
		}
		want := Row{}
		row := field[*py.Dict](t, c, "row")
		for _, k := range row.Keys() {
			want[k.(string)] = number(t, row, k.(string))
		}
		if !maps.EqualFunc(want, got.Row, close) {
			t.Errorf("case %d, %s (-want +got):\n%s", i, py.Repr(c), cmp.Diff(want, got.Row))
		}
		warned += len(got.Warnings)
	}
	if warned == 0 {
		t.Error("no label outside of the choices was warned of")
	}
}

// TestStatisticsAgainstReference covers values and standard errors, the
// bootstrapped ones replicate by replicate.
func TestStatisticsAgainstReference(t *testing.T) {
	for _, c := range dicts(t, reference(t), "statistics") {
		name := field[string](t, c, "aggregation")
		columns := field[[]any](t, c, "columns")
		keys := aggregations()[name].columns("m")
		rows := make([]Row, len(columns[0].([]any)))
		for i := range rows {
			rows[i] = Row{}
		}
		for k, column := range columns {
			for i, x := range numbers(t, column) {
				rows[i][keys[k]] = x
			}
		}
		got, err := Aggregate(MetricSpec{Name: "m", Aggregation: name}, rows, int(number(t, c, "replicates")))
		if err != nil {
			t.Fatal(err)
		}
		want := Estimate{Value: number(t, c, "value"), StdErr: math.NaN(), N: len(rows)}
		if v, _ := c.Get("stderr"); v != nil {
			want.StdErr = number(t, c, "stderr")
		}
		if !close(got.Value, want.Value) || !close(got.StdErr, want.StdErr) || got.N != want.N {
			t.Errorf("%s of %d: got %+v, want %+v", name, len(rows), got, want)
		}
	}
}

func TestGroupsAgainstReference(t *testing.T) {
	for _, c := range dicts(t, reference(t), "groups") {
		var tasks []Estimate
		values, errs, sizes := field[[]any](t, c, "values"), field[[]any](t, c, "stderrs"), field[[]any](t, c, "sizes")
		for i := range values {
			tasks = append(tasks, Estimate{Value: values[i].(float64), StdErr: errs[i].(float64), N: int(sizes[i].(int64))})
		}
		for _, weighted := range []bool{true, false} {
			want := numbers(t, field[[]any](t, c, map[bool]string{true: "weighted", false: "unweighted"}[weighted]))
			got, err := Pool(tasks, weighted)
			if err != nil || !close(got.Value, want[0]) || !close(got.StdErr, want[1]) {
				t.Errorf("%+v, weighted %v: got %+v %v, want %v", tasks, weighted, got, err, want)
			}
		}
	}
}

// TestRegistryAgainstReference: default aggregations and directions.
func TestRegistryAgainstReference(t *testing.T) {
	ref := reference(t)
	functions := map[string]string{"mean": "mean", "brier_score": "brier_score", "f1": "f1_score", "matthews_corrcoef": "matthews_corrcoef", "perplexity": "perplexity", "weighted_perplexity": "weighted_perplexity", "bits_per_byte": "bits_per_byte", "bleu": "bleu", "chrf": "chrf", "chrf++": "chrfpp", "ter": "ter"}
	aggregation, better := field[*py.Dict](t, ref, "aggregations"), field[*py.Dict](t, ref, "higher_is_better")
	names := []string{"accuracy"} // the evaluate library's
	for _, k := range aggregation.Keys() {
		name := k.(string)
		names = append(names, name)
		spec, err := NewMetric(name, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if want := field[string](t, aggregation, name); functions[spec.Aggregation] != want {
			t.Errorf("%s: aggregation %s, want %s", name, spec.Aggregation, want)
		}
		if want := field[bool](t, better, name); spec.HigherIsBetter != want {
			t.Errorf("%s: higher is better %v, want %v", name, spec.HigherIsBetter, want)
		}
	}
	slices.Sort(names)
	if d := cmp.Diff(names, MetricNames()); d != "" {
		t.Errorf("registered metrics that the fixture leaves out (-fixture +registry):\n%s", d)
	}
}
