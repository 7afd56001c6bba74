// Package export writes a results folder in the layouts that other programs
// read: that of lm-evaluation-harness (its release 0.4.13) and CSV.
package export

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// Names of the CSV files.
const (
	ScoresCSV  = "scores.csv"
	SamplesCSV = "samples.csv"
)

// Folder exports the finished run in dir to the folder out, which it creates,
// and returns the names of the files it wrote there:
// results_<date>.json, samples_<task>_<date>.jsonl for each task, scores.csv
// and samples.csv. The date is when the run finished, so that a second export
// replaces the first.
func Folder(dir, out string) (names []string, err error) {
	run, err := results.ReadRun(dir)
	if err != nil {
		return nil, err
	}
	if run.Finished.IsZero() {
		return nil, fmt.Errorf("%s holds an unfinished run: finish it first, with the same `llamaeval run` command", dir)
	}
	if _, err := os.Stat(filepath.Join(out, results.RunFile)); err == nil {
		return nil, fmt.Errorf("%s is a results folder: give another --out", out)
	}
	scores, err := results.ReadScores(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fmt.Errorf("output folder: %w", err)
	}
	e := &exporter{run: run, scores: scores, out: out, hashes: map[string]string{}}
	defer func() { err = errors.Join(err, e.abandon()) }()
	if err := e.samples(dir); err != nil {
		return nil, err
	}
	if err := e.scoresCSV(); err != nil {
		return nil, err
	}
	err = e.results()
	return e.names, err
}

// An exporter writes one run.
type exporter struct {
	run    results.Run
	scores []results.Score
	out    string
	names  []string
	hashes map[string]string // by task, over its documents

	open []*file
}

// date is the harness's file date, an ISO time without colons.
func (e *exporter) date() string {
	return strings.ReplaceAll(e.run.Finished.UTC().Format("2006-01-02T15:04:05.000000"), ":", "-")
}

var reserved = regexp.MustCompile(`["<>:/|\\?*\[\]]+`)

// safe is a name as part of a file's, as the harness writes it.
func safe(name string) string { return reserved.ReplaceAllString(name, "__") }

// A file is one that is being written.
type file struct {
	*bufio.Writer
	f *os.File
}

func (e *exporter) create(name string) (*file, error) {
	f, err := os.Create(filepath.Join(e.out, name))
	if err != nil {
		return nil, err
	}
	w := &file{bufio.NewWriterSize(f, 1<<16), f}
	e.open = append(e.open, w)
	return w, nil
}

// close ends a file; its errors, those of earlier writes too, come here.
func (e *exporter) close(w *file) error {
	for i, o := range e.open {
		if o == w {
			e.open = append(e.open[:i], e.open[i+1:]...)
			break
		}
	}
	return errors.Join(w.Flush(), w.f.Close())
}

// abandon closes and removes what an error left half written.
func (e *exporter) abandon() error {
	var err error
	for _, w := range e.open {
		err = errors.Join(err, w.f.Close(), os.Remove(w.f.Name()))
	}
	return err
}
