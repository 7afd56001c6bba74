package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/progress"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// Two small tasks, one of each kind of request, on data written by the test.
const choiceTask = `
task: choice
dataset_path: json
dataset_kwargs: {data_files: {train: docs.jsonl, test: docs.jsonl}}
training_split: train
test_split: test
output_type: multiple_choice
doc_to_text: "Q: {{q}}\nA:"
doc_to_choice: "{{[a, b]}}"
doc_to_target: 0
`

const textTask = `
task: text
dataset_path: json
dataset_kwargs: {data_files: {train: docs.jsonl, test: docs.jsonl}}
training_split: train
test_split: test
output_type: generate_until
doc_to_text: "Q: {{q}}\nA:"
doc_to_target: "{{a}}"
generation_kwargs: {until: ["\n"], max_gen_toks: 6}
metadata: {loglikelihood_continuation: " none"}
`

// newTestJob prepares both tasks on a small random model.
func newTestJob(t testing.TB, threads int, change ...func(*Spec)) *Job {
	t.Helper()
	dir := t.TempDir()
	var lines strings.Builder
	for i := range 80 {
		fmt.Fprintf(&lines, `{"q": "What is %d times %d?", "a": "%d", "b": "%d"}`+"\n", i, i+3, i*(i+3), i*i)
	}
	files := map[string]string{"docs.jsonl": lines.String(), "choice.yaml": choiceTask, "text.yaml": textTask}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	local, err := OpenLocal(tinymodel.New(t, tinymodel.Options{Seed: 5}), LocalOptions{Mode: "exact", Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { local.Close() })
	store, err := dataset.NewStore(dataset.Options{CacheDir: dir, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	shots := 2
	job := &Job{
		Spec:  Spec{Shots: &shots, Seed: 1234, BOS: "auto"},
		Local: local, Memory: 1 << 28, Threads: threads, Mode: "exact",
		Progress: func(o progress.Options) *progress.P { o.Out, o.Quiet = io.Discard, true; return progress.New(o) },
	}
	for _, c := range change {
		c(&job.Spec)
	}
	for _, name := range []string{"choice.yaml", "text.yaml"} {
		task, err := tasks.ParseFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Prepare(context.Background(), store, task, true, job.Spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		job.Tasks = append(job.Tasks, p)
	}
	job.Out = filepath.Join(dir, "out")
	return job
}

// parquetFiles are the bytes that must not differ between two runs of one
// configuration.
func parquetFiles(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{results.SamplesFile, results.ScoresFile} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

func TestRunsAreByteIdentical(t *testing.T) {
	first := newTestJob(t, 1)
	report, err := first.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Scores) == 0 || report.Plan.TokensComputed == 0 || report.Plan.TokensComputed > report.Plan.TokensRequested {
		t.Errorf("report: %+v", report)
	}
	run, err := results.ReadRun(first.Out)
	if err != nil || run.FirstToken.Before(run.Started) || run.FirstToken.After(run.Finished) {
		t.Errorf("first token at %v, %v", run.FirstToken, err)
	}
	want := parquetFiles(t, first.Out)
	primary := map[string]int{}
	for _, s := range report.Scores {
		if s.Primary {
			primary[s.Task]++
		}
	}
	if primary["choice"] != 1 || primary["text"] != 1 {
		t.Errorf("primary metrics: %v, want one a task", primary)
	}
	other := newTestJob(t, 3)
	other.Memory = int64(8 * other.Local.Model.PageBytes())
	if _, err := other.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(parquetFiles(t, other.Out), want) {
		t.Error("threads and memory changed the results")
	}
	// A finished folder is only read.
	again, err := first.Run(context.Background())
	if err != nil || again.Plan.TokensComputed != 0 || len(again.Scores) != len(report.Scores) {
		t.Errorf("second run: %+v, %v", again, err)
	}
}

// A run that ends early keeps what is done, and the next one computes the
// rest only and leaves the same bytes.
func TestResume(t *testing.T) {
	whole := newTestJob(t, 2)
	full, err := whole.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	job := newTestJob(t, 2)
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stopped by the test")
	items := 0
	job.Progress = func(o progress.Options) *progress.P {
		o.Quiet = true
		o.Out = io.Discard
		items = o.Done
		return progress.New(o)
	}
	job.afterItem = func(done int) {
		if done >= 2 {
			cancel(stop)
		}
	}
	_, err = job.Run(ctx)
	if !errors.Is(err, stop) || !strings.Contains(err.Error(), "items are done and kept in") {
		t.Fatalf("error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(job.Out, results.SamplesFile)); err == nil {
		t.Error("an unfinished run left samples.parquet")
	}
	job.afterItem = nil
	report, err := job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if items < 2 {
		t.Errorf("the second run began with %d items done", items)
	}
	if report.Plan.TokensComputed >= full.Plan.TokensComputed {
		t.Errorf("resuming computed %d tokens, a whole run %d", report.Plan.TokensComputed, full.Plan.TokensComputed)
	}
	if !bytes.Equal(parquetFiles(t, job.Out), parquetFiles(t, whole.Out)) {
		t.Error("the resumed run's results differ")
	}
}

func TestOtherConfigurationIsRefused(t *testing.T) {
	job := newTestJob(t, 1)
	if _, err := job.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := parquetFiles(t, job.Out)
	job.Spec.Seed++
	if _, err := job.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "another configuration") {
		t.Errorf("error is %v", err)
	}
	if !bytes.Equal(parquetFiles(t, job.Out), want) {
		t.Error("the refused run changed the folder")
	}
}

// A run in mode fast records how far it is from mode exact, and says it.
func TestModeErrorIsRecorded(t *testing.T) {
	job := newTestJob(t, 2)
	if err := job.Local.Model.SetMode(model.Fast); err != nil {
		t.Skip(err)
	}
	job.Mode = model.Fast
	report, err := job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	config, err := job.Config()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := config.Hash()
	if err != nil {
		t.Fatal(err)
	}
	_, run, err := results.Inspect(job.Out, hash)
	if err != nil {
		t.Fatal(err)
	}
	if e := run.ModeError; e == nil || e.Tokens != modeTokens-1 || e.Max <= 0 || e.Mean > e.Max {
		t.Errorf("recorded error %+v", e)
	}
	if all := strings.Join(report.Warnings, "\n"); !strings.Contains(all, "mode fast: log-probabilities differ") {
		t.Errorf("warnings: %s", all)
	}
}
