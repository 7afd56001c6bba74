package runner

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/internal/durable"
	"github.com/llamaeval/llamaeval/internal/faultdisk"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks"
)

// strangers are two shards of a run as somebody else may have left them, each
// described by JSON over what a true one says, and the second one's samples.
type strangers struct {
	dirs     []string
	runs     []results.Run
	samples  []results.Sample
	selected []*tasks.Task
}

func newStrangers(t testing.TB) *strangers {
	s := &strangers{}
	for i := range 2 {
		job := newTestJob(t, 1, shardOf(i+1, 2), func(s *Spec) { s.Limit.Count = 3 })
		if _, err := job.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		run, err := results.ReadRun(job.Out)
		if err != nil {
			t.Fatal(err)
		}
		s.dirs, s.runs, s.selected = append(s.dirs, job.Out), append(s.runs, run), nil
		for _, p := range job.Tasks {
			s.selected = append(s.selected, p.Task)
		}
	}
	for sample, err := range results.ReadSamples(s.dirs[1]) {
		if err != nil {
			t.Fatal(err)
		}
		s.samples = append(s.samples, sample)
	}
	return s
}

// leave writes both shards so that their own hashes are right, and reports
// whether that was possible.
func (s *strangers) leave(t testing.TB, texts [2]string, samples string) bool {
	rows := s.samples
	if samples != "" {
		rows = nil
		if json.Unmarshal([]byte(samples), &rows) != nil {
			return false
		}
	}
	if results.WriteSamples(s.dirs[1], sliceOf(rows)) != nil {
		return false
	}
	for i, text := range texts {
		data, err := json.Marshal(s.runs[i]) // a copy
		if err != nil {
			t.Fatal(err)
		}
		var run results.Run
		if err := json.Unmarshal(data, &run); err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal([]byte(text), &run) != nil {
			return false
		}
		if run.ConfigHash, err = run.Config.Hash(); err != nil {
			return false
		}
		if results.WriteRun(s.dirs[i], run) != nil { // a time that JSON does not have
			return false
		}
	}
	return true
}

func sliceOf(rows []results.Sample) func(yield func(results.Sample, error) bool) {
	return func(yield func(results.Sample, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// FuzzMerge merges shards that strangers left: it refuses them or makes files
// that can be read.
func FuzzMerge(f *testing.F) {
	s := newStrangers(f)
	f.Cleanup(durable.Replace(faultdisk.Unsynced(durable.Current())))
	for _, text := range []string{
		"{}", `{"shard":null}`, `{"shard":{"count":1000000000000}}`, `{"shard":{"index":0,"count":0},"config":{"documents":{"shard":"0/0"}}}`,
		`{"shard":{"tasks":[]}}`, `{"config":{"tasks":[]},"shard":{"tasks":[]}}`, `{"finished":"9999-12-31T00:00:00Z","mode_error":{"tokens":-1}}`,
	} {
		f.Add(text, "{}", "")
		f.Add("{}", text, "")
	}
	f.Add("{}", "{}", `[{"Task":"choice","DocID":-1,"Metrics":{"acc":1e308}},{"Task":"text","DocID":2,"Metrics":{"":null}}]`)
	f.Fuzz(func(t *testing.T, first, second, samples string) {
		out := filepath.Join(t.TempDir(), "out")
		bounded.Run(t, 512<<20, func() {
			if !s.leave(t, [2]string{first, second}, samples) {
				return
			}
			shards, err := OpenShards(s.dirs)
			if err == nil {
				_, err = Merge(shards, s.selected, nil, out, nil)
			}
			if err != nil {
				for line := range strings.SplitSeq(err.Error(), "\n") {
					if len(line) > 2000 || strings.ContainsFunc(line, unicode.IsControl) {
						t.Errorf("an error of %d bytes: %.2000q", len(line), line)
					}
				}
				return
			}
			for _, err := range results.ReadSamples(out) {
				if err != nil {
					t.Error(err)
				}
			}
			if _, err := results.ReadScores(out); err != nil {
				t.Error(err)
			}
		})
	})
}
