package export

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/llamaeval/llamaeval/results"
)

// samples reads the samples once and writes them to all files.
func (e *exporter) samples(dir string) error {
	table, err := e.create(SamplesCSV)
	if err != nil {
		return err
	}
	rows := csv.NewWriter(table)
	if err := rows.Write(sampleColumns); err != nil {
		return err
	}
	var t *taskFiles
	for s, err := range results.ReadSamples(dir) {
		if err != nil {
			return err
		}
		if t == nil || t.task != s.Task {
			if err := e.endTask(t); err != nil {
				return err
			}
			if t, err = e.startTask(s.Task); err != nil {
				return err
			}
		}
		if err := t.add(s, e.run.Config); err != nil {
			return err
		}
		if err := rows.Write(sampleRow(s)); err != nil {
			return err
		}
	}
	if err := e.endTask(t); err != nil {
		return err
	}
	rows.Flush()
	e.names = append(e.names, SamplesCSV)
	return e.close(table)
}

// taskFiles are the files of one task: the harness lists all documents by the
// first filter, then all by the next, so that each filter but the first has a
// file of its own until the end.
type taskFiles struct {
	task    string
	name    string
	filters []string
	files   []*file
	hash    hash.Hash
}

func (e *exporter) startTask(task string) (*taskFiles, error) {
	t := &taskFiles{task: task, name: "samples_" + safe(task) + "_" + e.date() + ".jsonl", hash: sha256.New()}
	seen := map[string]bool{}
	for _, s := range e.scores {
		if s.Kind == results.KindTask && s.Task == task && !seen[s.Filter] {
			seen[s.Filter] = true
			t.filters = append(t.filters, s.Filter)
		}
	}
	if len(t.filters) == 0 { // no metric had a value
		t.filters = []string{results.NoFilter}
	}
	for i := range t.filters {
		name := t.name
		if i > 0 {
			name = ".tmp-" + t.filters[i] + "-" + t.name
		}
		f, err := e.create(safe(name))
		if err != nil {
			return nil, err
		}
		t.files = append(t.files, f)
	}
	return t, nil
}

func (t *taskFiles) add(s results.Sample, c results.Config) error {
	for i, filter := range t.filters {
		l := newLine(s, filter, c)
		if err := l.write(t.files[i]); err != nil {
			return err
		}
		if i == 0 {
			io.WriteString(t.hash, l.DocHash+l.PromptHash+l.TargetHash)
		}
	}
	return nil
}

func (e *exporter) endTask(t *taskFiles) error {
	if t == nil {
		return nil
	}
	for _, f := range t.files[1:] {
		if err := f.Flush(); err != nil {
			return err
		}
		if _, err := f.f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(t.files[0], f.f); err != nil {
			return err
		}
		path := f.f.Name()
		if err := e.close(f); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	e.hashes[t.task] = hex.EncodeToString(t.hash.Sum(nil))
	e.names = append(e.names, filepath.Base(t.name))
	return e.close(t.files[0])
}
