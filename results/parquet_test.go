package results

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

// sameRows compares rows; Parquet knows no difference between a nil and an
// empty list.
var sameRows = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateNaNs()}

func all(rows []Sample) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func readAll(t testing.TB, dir string) []Sample {
	t.Helper()
	var rows []Sample
	for s, err := range ReadSamples(dir) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, s)
	}
	return rows
}

// row is a sample with something in every column.
func row(task string, id int) Sample {
	return Sample{
		Task: task, DocID: int32(id), DocHash: "d0", PromptHash: PromptHash([]string{"c"}, nil), Shots: 2,
		Contexts: []string{"Question: żółć\nAnswer:", ""}, Continuations: []string{" yes", " no"},
		LogLikelihoods: []float64{-1.25, math.Inf(-1)}, IsGreedy: []bool{true, false},
		ContextTokens: []int32{12, 0}, ContinuationTokens: []int32{1, 1}, TruncatedTokens: 3,
		Generations: []string{"42", ""}, Finish: []string{"stop", "length"},
		Filtered: map[string][]string{"strict-match": {"42"}, "flexible-extract": {"42", "7"}, "none": nil, "a": {""}},
		Doc:      `{"q": "x"}`, Cluster: "passage 1",
		TokenIDs: [][]int32{{1, 2}, {}, {3}}, TokenLogProbs: [][]float32{{-0.5, -1}, {}, {float32(math.NaN())}},
		Target: []string{"42"}, Metrics: map[string]float64{"acc": 1, "exact_match,strict-match": 0, "f1": 0.5, "z": math.NaN()},
	}
}

func TestSamplesRoundTrip(t *testing.T) {
	dir := t.TempDir()
	want := []Sample{row("arc", 0), row("arc", 7), {Task: "empty"}, row("piqa", 0)}
	if err := WriteSamples(dir, all(want)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, readAll(t, dir), sameRows); diff != "" {
		t.Error(diff)
	}
	for s, err := range ReadSamples(dir) { // stopping early is fine
		if err != nil || s.Task != "arc" {
			t.Error(s.Task, err)
		}
		break
	}
}

func TestSamplesRoundTripProperty(t *testing.T) {
	dir := t.TempDir()
	text := rapid.StringN(0, 20, -1)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 5).Draw(rt, "n")
		var want []Sample
		for i := range n {
			want = append(want, Sample{
				Task: "t", DocID: int32(i), Doc: text.Draw(rt, "doc"),
				Contexts:       rapid.SliceOfN(text, 0, 3).Draw(rt, "contexts"),
				LogLikelihoods: rapid.SliceOfN(rapid.Float64(), 0, 3).Draw(rt, "ll"),
				IsGreedy:       rapid.SliceOfN(rapid.Bool(), 0, 3).Draw(rt, "greedy"),
				TokenIDs:       rapid.SliceOfN(rapid.SliceOfN(rapid.Int32(), 0, 3), 0, 3).Draw(rt, "ids"),
				TokenLogProbs:  rapid.SliceOfN(rapid.SliceOfN(rapid.Float32(), 0, 3), 0, 3).Draw(rt, "lp"),
				Filtered:       rapid.MapOfN(text, rapid.SliceOfN(text, 0, 2), 0, 3).Draw(rt, "filtered"),
				Metrics:        rapid.MapOfN(text, rapid.Float64(), 0, 3).Draw(rt, "metrics"),
			})
		}
		if err := WriteSamples(dir, all(want)); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, readAll(t, dir), sameRows); diff != "" {
			rt.Fatal(diff)
		}
		for _, s := range want { // and through the journal's form
			data, err := s.Encode()
			if err != nil {
				rt.Fatal(err)
			}
			back, err := DecodeSample(data)
			if diff := cmp.Diff(s, back, sameRows); diff != "" || err != nil {
				rt.Fatal(err, diff)
			}
		}
	})
}

// The same rows give the same bytes, whatever order Go's maps take and also
// across a border of row groups.
func TestSamplesAreDeterministic(t *testing.T) {
	dir := t.TempDir()
	var first []byte
	for i := range 5 {
		rows := func(yield func(Sample, error) bool) {
			for i := range rowsPerGroup + 10 {
				if !yield(row("t", i), nil) {
					return
				}
			}
		}
		if err := WriteSamples(dir, rows); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, SamplesFile))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Fatal("the bytes differ from write to write")
		}
	}
}

// While a file is being written the old one stays; a failed write leaves it.
func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("t", 0)})); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, SamplesFile))
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	tests := map[string]iter.Seq2[Sample, error]{
		"boom": func(yield func(Sample, error) bool) {
			_ = yield(row("t", 5), nil) && yield(Sample{}, boom)
		},
		"task t document 1 follows task t document 2": all([]Sample{row("t", 2), row("t", 1)}),
		"task t document 2 follows task t document 2": all([]Sample{row("t", 2), row("t", 2)}),
	}
	for want, rows := range tests {
		if err := WriteSamples(dir, rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, SamplesFile))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the old file is gone (%v)", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	if err := WriteSamples(filepath.Join(dir, "absent"), all(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestScoresRoundTrip(t *testing.T) {
	dir := t.TempDir()
	want := scores()
	shuffled := []Score{want[3], want[1], want[0], want[2]}
	if err := WriteScores(dir, shuffled); err != nil {
		t.Fatal(err)
	}
	got, err := ReadScores(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, sameRows); diff != "" {
		t.Error(diff)
	}
	if err := WriteScores(dir, []Score{want[0], want[0]}); err == nil {
		t.Error("a score was written twice")
	}
}

// Files of this version from before a column was added are read, the column is
// zero.
func TestReadBeforeColumnsWereAdded(t *testing.T) {
	var fields []reflect.StructField
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Score]()) {
		if name := f.Tag.Get("parquet"); !slices.Contains(addedColumns, name) {
			fields = append(fields, f)
		}
	}
	old := reflect.New(reflect.StructOf(fields))
	want := scores()[0]
	for _, f := range fields {
		old.Elem().FieldByName(f.Name).Set(reflect.ValueOf(want).FieldByName(f.Name))
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, ScoresFile))
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewWriter(f, parquet.SchemaOf(old.Interface()))
	if err := errors.Join(w.Write(old.Interface()), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := ReadScores(dir)
	want.StoppedEarly, want.Planned = false, 0
	if err != nil || len(got) != 1 {
		t.Fatalf("%d scores, %v", len(got), err)
	}
	if diff := cmp.Diff(want, got[0], sameRows); diff != "" {
		t.Error(diff)
	}
}

func TestReadDamaged(t *testing.T) {
	dir := t.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("t", 0), row("t", 1)})); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, SamplesFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ScoresFile), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadScores(dir); err == nil || !strings.Contains(err.Error(), "missing or has another type") {
		t.Errorf("samples were read as scores: %v", err)
	}
	for _, content := range [][]byte{nil, []byte("PAR1"), whole[:len(whole)/2], whole[:len(whole)-1]} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := firstError(dir)
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
}

// A finished run knows its files: damage is found before anything believes
// what a damaged file says.
func TestChecksums(t *testing.T) {
	dir := t.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("t", 0)})); err != nil {
		t.Fatal(err)
	}
	if err := WriteScores(dir, scores()); err != nil {
		t.Fatal(err)
	}
	if err := WriteRun(dir, Run{Finished: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	if n, err := firstError(dir); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	path := filepath.Join(dir, SamplesFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := firstError(dir); err == nil || !strings.Contains(err.Error(), path+" is not the file that its run wrote") {
		t.Errorf("got %v", err)
	}
	if got, err := ReadScores(dir); len(got) != 4 || err != nil {
		t.Errorf("the other file: %d rows, %v", len(got), err)
	}
}

func firstError(dir string) (rows int, err error) {
	for _, err := range ReadSamples(dir) {
		if err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

// FuzzReadSamples: whatever lies on disk, reading ends with rows or an error.
func FuzzReadSamples(f *testing.F) {
	dir := f.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("t", 0), row("u", 1)})); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, SamplesFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-8])
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 2<<30, func() {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := firstError(dir); err != nil {
				bounded.Error(t, err)
			}
		})
	})
}

// Many documents pass through in bounded memory.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a large file")
	}
	const documents = 20000
	text := strings.Repeat("a context of some length, ", 100)
	dir := t.TempDir()
	var most uint64
	rows := func(yield func(Sample, error) bool) {
		for i := range documents {
			s := row("t", i)
			s.Contexts = []string{fmt.Sprint(i, text)}
			if i%1000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
			if !yield(s, nil) {
				return
			}
		}
	}
	if err := WriteSamples(dir, rows); err != nil {
		t.Fatal(err)
	}
	if most > 150<<20 {
		t.Errorf("%d MiB of heap for %d documents", most>>20, documents)
	}
	n, err := firstError(dir)
	if err != nil || n != documents {
		t.Errorf("read %d: %v", n, err)
	}
}

// Other readers must see the types that are promised. LLAMAEVAL_PYTHON names
// a Python with pyarrow and duckdb.
func TestPyArrow(t *testing.T) {
	python := os.Getenv("LLAMAEVAL_PYTHON")
	if python == "" {
		if os.Getenv(sharedtest.Required) != "" {
			t.Fatal("LLAMAEVAL_PYTHON is not set")
		}
		t.Skip("LLAMAEVAL_PYTHON is not set")
	}
	dir := t.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("arc", 0), row("arc", 1), {Task: "empty"}})); err != nil {
		t.Fatal(err)
	}
	if err := WriteScores(dir, scores()); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, filepath.Join("testdata", "read.py"), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	golden(t, "pyarrow.txt", out)
}
