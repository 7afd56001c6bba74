package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/internal/regular"
)

// IndexFile lies at the root of many runs and holds what leaderboards and
// comparisons need of all of them: one file to fetch instead of three for each
// run.
const IndexFile = "index.parquet"

// An indexRow is one row of scores.parquet with the run that it is of.
type indexRow struct {
	Path      string `parquet:"run,dict"`         // the run's folder, from the root
	Version   string `parquet:"run_version,dict"` // of its run.json, as the store or file system tells versions apart
	RunJSON   string `parquet:"run_json"`         // in the first row of a run
	Documents string `parquet:"documents,dict"`   // names those of a task, in its first row; many runs have the same
	Encoded   []byte `parquet:"documents_data"`   // they themselves, in the first row of the file that names them
	Answers   []byte `parquet:"answers"`          // the metric's values, by document
	Weights   []byte `parquet:"weights"`          // of log-likelihoods
	Generated bool   `parquet:"generated"`        // the task's answers are
	Score
}

// An indexed is a run of an index.
type indexed struct {
	version string
	rows    []indexRow
}

// An index has the runs of a file by path.
type index struct {
	runs map[string]indexed
	docs map[string]*documents
	data map[string][]byte // docs, as they are stored
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
	var known index
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
	lacking := make([]bool, len(files))
	err = parallel(len(files), func(i int) (err error) {
		f := files[i]
		if x, ok := known.runs[f.path]; ok && x.version == f.version {
			entries[i], err = known.entry(below(root, f.path), x)
			return err
		}
		entry, err := ReadEntry(below(root, f.path))
		if errors.Is(err, errUnfinished) && f.path != "." {
			return nil
		}
		entries[i], lacking[i] = entry, true
		return err
	})
	for _, l := range lacking {
		if l && stale >= 0 {
			stale++
		}
	}
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Dir == "" }), stale, err
}

// StaleIndex tells a reader that an index lacks runs.
func StaleIndex(root string, stale, all int) string {
	return fmt.Sprintf("%d of %d runs in %s are not in its index or have changed since, and are read one by one: `llamaeval index %s` brings it up to date", stale, all, root, root)
}

func (x index) entry(dir string, r indexed) (Entry, error) {
	run, err := ParseRun(IndexFile+", run "+r.rows[0].Path, []byte(r.rows[0].RunJSON))
	e := Entry{Dir: dir, Run: run, Scores: make([]Score, len(r.rows)), rows: r.rows, docs: x.docs}
	for i := range r.rows {
		e.Scores[i] = r.rows[i].Score
	}
	return e, err
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
		if x, ok := known.runs[f.path]; ok && x.version == f.version {
			for k := range x.rows {
				x.rows[k].Encoded = known.data[x.rows[k].Documents]
			}
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
	e, err := ReadEntry(dir)
	if errors.Is(err, errUnfinished) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(e.Run)
	if err != nil {
		return nil, err
	}
	tasks, err := readTasks(dir)
	if err != nil {
		return nil, err
	}
	rows := make([]indexRow, len(e.Scores))
	for i, s := range e.Scores {
		rows[i] = indexRow{Path: f.path, Version: f.version, Score: s}
		t := tasks[s.Task]
		if t == nil || s.Kind != KindTask {
			continue
		}
		if i == 0 || rows[i-1].Task != s.Task || rows[i-1].Kind != s.Kind {
			rows[i].Encoded, rows[i].Generated = t.docs.encode(), t.generated
			sum := sha256.Sum256(rows[i].Encoded)
			rows[i].Documents = hex.EncodeToString(sum[:8])
		}
		rows[i].Answers = t.encoded(MetricKey(s.Metric, s.Filter))
		rows[i].Weights = t.encoded(MetricKey(s.Metric+WeightSuffix, s.Filter))
	}
	if len(rows) > 0 {
		rows[0].RunJSON = string(text)
	}
	return rows, nil
}

// A taskRows is what a run's samples say of one task.
type taskRows struct {
	docs      documents
	generated bool
	metrics   []map[string]float64
}

func readTasks(dir string) (map[string]*taskRows, error) {
	tasks := map[string]*taskRows{}
	for o, err := range ReadOutcomes(dir) {
		if err != nil {
			return nil, err
		}
		t := tasks[o.Task]
		if t == nil {
			t = &taskRows{generated: len(o.Finish) > 0}
			tasks[o.Task] = t
		}
		t.docs.add(o)
		t.metrics = append(t.metrics, o.Metrics)
	}
	return tasks, nil
}

// encoded are the values of one metric, nil where no document has it.
func (t *taskRows) encoded(key string) []byte {
	values, some := make([]float64, len(t.metrics)), false
	for i, m := range t.metrics {
		v, ok := m[key]
		if !ok {
			v = absent
		}
		values[i], some = v, some || ok
	}
	if !some {
		return nil
	}
	return encodeValues(values)
}

func storeIndex(root string, rows []indexRow) error {
	stored := map[string]bool{}
	fill := func(w io.Writer) error {
		p := parquet.NewGenericWriter[indexRow](w, layout()...)
		for _, r := range rows {
			if stored[r.Documents] {
				r.Encoded = nil
			}
			stored[r.Documents] = true
			if _, err := p.Write([]indexRow{r}); err != nil {
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

// readIndex reads a root's index; fs.ErrNotExist where there is none.
func readIndex(root string) (index, error) {
	x := index{runs: map[string]indexed{}, docs: map[string]*documents{}, data: map[string][]byte{}}
	rows, err := readIndexRows(root)
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && rows[end].Path == rows[start].Path {
			end++
		}
		x.runs[rows[start].Path] = indexed{rows[start].Version, rows[start:end:end]}
		start = end
	}
	for _, r := range rows {
		if len(r.Encoded) == 0 {
			continue
		}
		x.data[r.Documents] = r.Encoded
		if x.docs[r.Documents], err = decodeDocuments(r.Encoded); err != nil {
			return x, fmt.Errorf("%s: documents of run %s: %w: write it anew with `llamaeval index`, after removing it", below(root, IndexFile), r.Path, err)
		}
	}
	return x, err
}

func readIndexRows(root string) (rows []indexRow, err error) {
	name := below(root, IndexFile)
	var data []byte
	if objects.Is(root) {
		p, err := objects.Parse(root)
		if err != nil {
			return nil, err
		}
		if data, err = p.Read(objects.Context(), IndexFile); err != nil {
			return nil, err
		}
	} else if data, err = regular.Read(name, maxWhole); err != nil {
		return nil, err
	}
	file, err := openParquet[indexRow](name, bytes.NewReader(data), int64(len(data)))
	if err == nil {
		rows, err = allRows[indexRow](name, file)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: remove it, then write it anew with `llamaeval index`", err)
	}
	return rows, nil
}
