package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/llamaeval/llamaeval/internal/objects"
)

// IndexFile lies at the root of many runs and holds what leaderboards need of
// all of them: one file to fetch instead of three for each run.
const IndexFile = "index.parquet"

// An Entry is a finished run as leaderboards need it.
type Entry struct {
	Dir     string
	Run     Run
	Scores  []Score
	Answers []Answers // nil: they are read from the run's samples
}

// An indexRow is one row of scores.parquet with the run that it is of.
type indexRow struct {
	Path    string `parquet:"run,dict"`         // the run's folder, from the root
	Version string `parquet:"run_version,dict"` // of its run.json, as the store or file system tells versions apart
	RunJSON string `parquet:"run_json"`         // in the first row of a run
	Answers []byte `parquet:"answers"`          // outcomes of documents, where columns of leaderboards are made of them
	Score
}

// Collect reads the finished runs at and below a folder or an address. What
// its index has of a run that has not changed since is taken from there; stale
// is how many runs it lacks or has of another version, -1 without an index.
// Below a root unfinished runs are left out.
func Collect(root string) (entries []Entry, stale int, err error) {
	files, err := listRuns(root)
	if err != nil {
		return nil, 0, err
	}
	stale = -1
	known := map[string]indexed{}
	if len(files) > 1 || files[0].path != "." {
		known, err = readIndex(root)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, 0, err
		default:
			stale = 0
		}
	}
	entries = make([]Entry, len(files))
	var missing []int
	for i, f := range files {
		if x, ok := known[f.path]; ok && x.version == f.version {
			entries[i] = x.entry
			entries[i].Dir = below(root, f.path)
			continue
		}
		missing = append(missing, i)
	}
	err = parallel(len(missing), func(k int) error {
		f := files[missing[k]]
		entry, err := ReadEntry(below(root, f.path))
		if errors.Is(err, errUnfinished) && f.path != "." {
			return nil
		}
		entries[missing[k]] = entry
		return err
	})
	if stale == 0 {
		for _, i := range missing {
			if entries[i].Dir != "" {
				stale++
			}
		}
	}
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Dir == "" }), stale, err
}

var errUnfinished = errors.New("holds an unfinished run: finish it first, with the same `llamaeval run` command")

// ReadEntry reads one finished run.
func ReadEntry(dir string) (Entry, error) {
	run, err := ReadRun(dir)
	if err != nil {
		return Entry{}, err
	}
	if run.Finished.IsZero() {
		return Entry{}, fmt.Errorf("%s %w", dir, errUnfinished)
	}
	scores, err := ReadScores(dir)
	return Entry{Dir: dir, Run: run, Scores: scores}, err
}

// indexed is a run of an index.
type indexed struct {
	version string
	text    string // its run.json
	entry   Entry
	rows    []indexRow
}

// WriteIndex brings the index of a root up to date: runs that it has are
// kept, others are read. Unfinished runs are left out.
func WriteIndex(root string) (runs, read int, err error) {
	files, err := listRuns(root)
	if err != nil {
		return 0, 0, err
	}
	known, err := readIndex(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, err
	}
	rows := make([][]indexRow, len(files))
	var missing []int
	for i, f := range files {
		if x, ok := known[f.path]; ok && x.version == f.version {
			rows[i] = x.rows
			continue
		}
		missing = append(missing, i)
	}
	err = parallel(len(missing), func(k int) error {
		f := files[missing[k]]
		var err error
		rows[missing[k]], err = indexRun(below(root, f.path), f)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	for _, r := range rows {
		if len(r) > 0 {
			runs++
		}
	}
	return runs, len(missing), storeIndex(root, slices.Concat(rows...))
}

// indexRun reads one run, nil for an unfinished one.
func indexRun(dir string, f runFile) ([]indexRow, error) {
	run, err := ReadRun(dir)
	if err != nil || run.Finished.IsZero() {
		return nil, err
	}
	scores, err := ReadScores(dir)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(run)
	if err != nil {
		return nil, err
	}
	answers, err := readAnswers(dir, run, scores)
	if err != nil {
		return nil, err
	}
	rows := make([]indexRow, len(scores))
	for i, s := range scores {
		rows[i] = indexRow{Path: f.path, Version: f.version, Score: s}
		if a, ok := answers[leafOf(s)]; ok && s.Kind == KindTask {
			rows[i].Answers = a.encode()
		}
	}
	if len(rows) > 0 {
		rows[0].RunJSON = string(text)
	}
	return rows, nil
}

func storeIndex(root string, rows []indexRow) error {
	fill := func(w io.Writer) error {
		p := parquet.NewGenericWriter[indexRow](w, layout()...)
		for i := range rows {
			if _, err := p.Write(rows[i : i+1]); err != nil {
				return err
			}
		}
		return p.Close()
	}
	if !objects.Is(root) {
		return writeFile(filepath.Join(root, IndexFile), fill)
	}
	p, err := objects.Parse(root)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := fill(&b); err != nil {
		return err
	}
	return p.Put(objects.Context(), IndexFile, b.Bytes())
}

// readIndex returns the runs of an index by path; fs.ErrNotExist where there
// is none.
func readIndex(root string) (map[string]indexed, error) {
	rows, err := readIndexRows(root)
	if err != nil {
		return nil, err
	}
	starts := []int{}
	for i := range rows {
		if i == 0 || rows[i].Path != rows[i-1].Path {
			starts = append(starts, i)
		}
	}
	found := make([]indexed, len(starts))
	err = parallel(len(starts), func(k int) error {
		end := len(rows)
		if k+1 < len(starts) {
			end = starts[k+1]
		}
		var err error
		found[k], err = newIndexed(rows[starts[k]:end:end])
		return err
	})
	out := make(map[string]indexed, len(found))
	for _, x := range found {
		out[x.rows[0].Path] = x
	}
	return out, err
}

func newIndexed(rows []indexRow) (indexed, error) {
	x := indexed{version: rows[0].Version, text: rows[0].RunJSON, rows: rows}
	var err error
	if x.entry.Run, err = parseRun(IndexFile+", run "+rows[0].Path, []byte(x.text)); err != nil {
		return x, err
	}
	x.entry.Answers = []Answers{}
	for _, r := range rows {
		x.entry.Scores = append(x.entry.Scores, r.Score)
		if len(r.Answers) > 0 {
			a, err := decodeAnswers(r.Answers)
			if err != nil {
				return x, fmt.Errorf("%s, run %s: %w: write it anew with `llamaeval index`", IndexFile, r.Path, err)
			}
			a.Task, a.Key = r.Task, MetricKey(r.Metric, r.Filter)
			x.entry.Answers = append(x.entry.Answers, a)
		}
	}
	return x, nil
}

func readIndexRows(root string) (rows []indexRow, err error) {
	name := below(root, IndexFile)
	defer damaged(name, &err)
	var data []byte
	if objects.Is(root) {
		p, err := objects.Parse(root)
		if err != nil {
			return nil, err
		}
		if data, err = p.Read(objects.Context(), IndexFile); err != nil {
			return nil, err
		}
	} else if data, err = os.ReadFile(name); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: not a Parquet file: %w: remove it", name, err)
	}
	if err := checkSchema(name, file); err != nil {
		return nil, err
	}
	r := parquet.NewGenericReader[indexRow](file)
	rows = make([]indexRow, file.NumRows())
	for n := 0; n < len(rows); {
		k, err := r.Read(rows[n:])
		if n += k; k == 0 || err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: row %d: %w", name, n, err)
		}
	}
	return rows, r.Close()
}
