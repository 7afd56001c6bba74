package scoring

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func rowsOf(values []float64) []Row {
	rows := make([]Row, len(values))
	for i, v := range values {
		rows[i] = Row{"m": v}
	}
	return rows
}

func aggregate(t interface{ Fatal(...any) }, name string, values []float64, replicates int) Estimate {
	e, err := Aggregate(MetricSpec{Name: "m", Aggregation: name}, rowsOf(values), replicates)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAggregateEdges(t *testing.T) {
	if e := aggregate(t, "mean", []float64{0.25}, 10); e.Value != 0.25 || !math.IsNaN(e.StdErr) || e.N != 1 {
		t.Errorf("one document: %+v", e)
	}
	if e := aggregate(t, "median", []float64{4, 1, 3, 2}, 0); e.Value != 3 || !math.IsNaN(e.StdErr) {
		t.Errorf("median of an even number without replicates: %+v", e)
	}
	if e := aggregate(t, "nanmean", []float64{1, math.NaN(), 3}, 0); e.Value != 2 {
		t.Errorf("nanmean: %+v", e)
	}
	if e := aggregate(t, "nanmean", []float64{math.NaN()}, 0); !math.IsNaN(e.Value) {
		t.Errorf("nanmean of nothing: %+v", e)
	}
	for name, want := range map[string]string{"avg": "unknown aggregation", "meen": `did you mean mean?`} {
		if _, err := Aggregate(MetricSpec{Name: "m", Aggregation: name}, rowsOf([]float64{1}), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Aggregate(MetricSpec{Name: "m", Aggregation: "mean"}, []Row{{"other": 1}}, 0); err == nil {
		t.Error("no error when no document has the metric")
	}
	three := []Row{{"m/gold": 0, "m/pred": 1}, {"m/gold": 2, "m/pred": 1}}
	if _, err := Aggregate(MetricSpec{Name: "m", Aggregation: "f1"}, three, 0); err == nil {
		t.Error("f1 of three classes was computed")
	}
}

// TestMetricOfSomeDocuments: N counts the documents that hold the metric.
func TestMetricOfSomeDocuments(t *testing.T) {
	rows := []Row{{"a": 1, "b": 1}, {"a": 0}, {"a": 1, "b": 0}}
	scores, err := TaskScores([]MetricSpec{{Name: "a", Aggregation: "mean"}, {Name: "b", Aggregation: "mean"}, {Name: "absent", Aggregation: "mean"}}, rows, 0)
	if err != nil || len(scores) != 2 || scores[0].N != 3 || scores[1].N != 2 || scores[1].Value != 0.5 {
		t.Errorf("%+v %v", scores, err)
	}
}

func TestOwnAggregation(t *testing.T) {
	largest := func(metric string, rows []Row) (float64, error) {
		most := math.Inf(-1)
		for _, r := range rows {
			most = max(most, r[metric])
		}
		return most, nil
	}
	e, err := Aggregate(MetricSpec{Name: "m", Aggregate: largest}, rowsOf([]float64{1, 5, 2}), 100)
	if err != nil || e.Value != 5 || e.N != 3 || !math.IsNaN(e.StdErr) {
		t.Errorf("%+v %v", e, err)
	}
}

// TestMeanErrorOfShares: for 0/1 values the standard error has a closed form.
func TestMeanErrorOfShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 1}), 2, 300).Draw(t, "values")
		e := aggregate(t, "mean", values, 0)
		if want := math.Sqrt(e.Value * (1 - e.Value) / float64(len(values)-1)); math.Abs(e.StdErr-want) > 1e-12 {
			t.Fatalf("standard error %v, want %v", e.StdErr, want)
		}
	})
}

// TestBootstrapNearsClosedForm: the bootstrapped error of a mean comes near
// the closed form without Bessel's correction.
func TestBootstrapNearsClosedForm(t *testing.T) {
	values := make([]float64, 200)
	for i := range values {
		values[i] = math.Mod(float64(i)*0.618, 1)
	}
	want := aggregate(t, "mean", values, 0).StdErr * math.Sqrt(199.0/200)
	if got := aggregate(t, "nanmean", values, 20_000).StdErr; math.Abs(got-want) > 0.02*want {
		t.Errorf("bootstrap %v, closed form %v", got, want)
	}
}

// TestBootstrapIsDeterministic: the replicates do not depend on scheduling.
func TestBootstrapIsDeterministic(t *testing.T) {
	values := []float64{-3, -1, -7, -2, -2.5}
	first := aggregate(t, "perplexity", values, 9000).StdErr
	for range 5 {
		if again := aggregate(t, "perplexity", values, 9000).StdErr; again != first {
			t.Fatalf("%v, then %v", first, again)
		}
	}
	if other := aggregate(t, "perplexity", values, 9999).StdErr; other != first {
		t.Errorf("a part of a chunk was used: %v, want %v", other, first)
	}
}

// TestPoolMatchesDocuments: the weighted value of a group is the mean over its
// documents, and a group of one task has that task's error.
func TestPoolMatchesDocuments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tasks []Estimate
		var all []float64
		for range rapid.IntRange(1, 6).Draw(t, "tasks") {
			values := rapid.SliceOfN(rapid.Float64Range(0, 1), 2, 30).Draw(t, "values")
			tasks = append(tasks, aggregate(t, "mean", values, 0))
			all = append(all, values...)
		}
		got, err := Pool(tasks, true)
		if err != nil || math.Abs(got.Value-mean(all)) > 1e-12 || got.N != len(all) {
			t.Fatalf("%+v %v, want the mean %v of %d", got, err, mean(all), len(all))
		}
		for _, weighted := range []bool{true, false} {
			one, err := Pool(tasks[:1], weighted)
			if err != nil || math.Abs(one.StdErr-tasks[0].StdErr) > 1e-12 {
				t.Fatalf("a group of %+v has %+v %v", tasks[0], one, err)
			}
		}
	})
}

func TestPoolWithoutError(t *testing.T) {
	tasks := []Estimate{{Value: 1, StdErr: 0.1, N: 10}, {Value: 0, StdErr: math.NaN(), N: 30}}
	for weighted, want := range map[bool]float64{true: 0.25, false: 0.5} {
		got, err := Pool(tasks, weighted)
		if err != nil || got.Value != want || !math.IsNaN(got.StdErr) || got.N != 40 {
			t.Errorf("weighted %v: %+v %v", weighted, got, err)
		}
	}
	if _, err := Pool(nil, true); err == nil {
		t.Error("a group of no tasks has a value")
	}
}
