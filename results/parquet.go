package results

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/llamaeval/llamaeval/internal/parquetguard"
	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/internal/regular"
)

// rowsPerGroup bounds what a writer holds in memory. It is part of the file's
// bytes: changing it changes every results file.
const rowsPerGroup = 2000

// SchemaVersion is that of both Parquet files, which name it in their metadata
// under SchemaKey. It changes when a column goes, or gets another type or
// meaning; a column that is added at the end leaves it as it is.
const (
	SchemaKey     = "llamaeval.schema"
	SchemaVersion = "1"
)

// addedColumns came after the first files of this version; they are zero where
// a file lacks them.
var addedColumns = []string{"stopped_early", "planned"}

// layout fixes everything that decides the bytes of a Parquet file beside its
// rows. Statistics name no program version and no time.
func layout() []parquet.WriterOption {
	return []parquet.WriterOption{
		parquet.CreatedBy("llamaeval", "1", "results"),
		parquet.KeyValueMetadata(SchemaKey, SchemaVersion),
		// zstd's output does not depend on the processor; snappy's assembly may.
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}),
		parquet.DataPageVersion(1),
		parquet.MaxRowsPerRowGroup(rowsPerGroup),
		parquet.PageBufferSize(1 << 20),
	}
}

// WriteSamples replaces dir's samples.parquet in one step. The rows must come
// in the order of Sample.Compare, each document once; at most one row group of
// them is held in memory.
func WriteSamples(dir string, rows iter.Seq2[Sample, error]) error {
	return writeRows(filepath.Join(dir, SamplesFile), rows, Sample.Compare, func(s Sample) string {
		return fmt.Sprintf("task %s document %d", s.Task, s.DocID)
	})
}

// WriteScores replaces dir's scores.parquet in one step, rows in the order of
// Score.Compare.
func WriteScores(dir string, scores []Score) error {
	sorted := slices.SortedStableFunc(slices.Values(scores), Score.Compare)
	rows := func(yield func(Score, error) bool) {
		for _, s := range sorted {
			if !yield(s, nil) {
				return
			}
		}
	}
	return writeRows(filepath.Join(dir, ScoresFile), rows, Score.Compare, func(s Score) string {
		return fmt.Sprintf("%s %s metric %s filter %s", s.Kind, s.Task, s.Metric, s.Filter)
	})
}

func writeRows[T any](path string, rows iter.Seq2[T, error], compare func(a, b T) int, name func(T) string) error {
	err := writeFile(path, func(f io.Writer) error {
		w := parquet.NewGenericWriter[T](f, layout()...)
		var last T
		n := 0
		for row, err := range rows {
			if err != nil {
				return err
			}
			if n > 0 && compare(last, row) >= 0 {
				return fmt.Errorf("%s follows %s: rows are out of order or repeated", name(row), name(last))
			}
			// One row at a time: page borders then depend on the rows alone.
			if _, err := w.Write([]T{row}); err != nil {
				return err
			}
			last, n = row, n+1
		}
		return w.Close()
	})
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// ReadSamples yields the rows of dir's samples.parquet in their order, without
// holding them all in memory. It ends after the first error.
func ReadSamples(dir string) iter.Seq2[Sample, error] {
	return readRows[Sample](dir, SamplesFile)
}

func readRows[T any](dir, name string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		path, err := locate(dir, name)
		if err != nil {
			yield(none, err)
			return
		}
		r, err := openRows[T](path)
		if err != nil {
			yield(none, err)
			return
		}
		defer r.close()
		for {
			row, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// rowReader reads one Parquet file row by row.
type rowReader[T any] struct {
	path string
	file io.Closer
	rows *parquet.GenericReader[T]
	rule *parquetguard.Rows
	buf  [1]parquet.Row
	read int
}

func openRows[T any](path string) (r *rowReader[T], err error) {
	f, info, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	file, err := openParquet[T](path, f, info.Size())
	if err != nil {
		return nil, err
	}
	r = newRows[T](path, file)
	r.file = f
	return r, nil
}

// openParquet opens a file that has T's columns; path is for messages.
func openParquet[T any](path string, r io.ReaderAt, size int64) (file *parquet.File, err error) {
	defer damaged(path, &err)
	if file, err = parquetguard.Open(r, size); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := checkSchema(path, file); err != nil {
		return nil, err
	}
	for _, want := range parquet.SchemaOf(new(T)).Columns() {
		leaf, found := file.Schema().Lookup(want...)
		if !found && slices.Contains(addedColumns, want[0]) {
			continue
		}
		want0, _ := parquet.SchemaOf(new(T)).Lookup(want...)
		if !found || leaf.Node.Type().Kind() != want0.Node.Type().Kind() {
			return nil, fmt.Errorf("%s: column %s is missing or has another type; it was not written by this program", path, want[0])
		}
	}
	return file, nil
}

// newRows reads a file that the caller keeps open.
func newRows[T any](path string, file *parquet.File) *rowReader[T] {
	rows := parquet.NewGenericReader[T](file)
	return &rowReader[T]{path: path, file: io.NopCloser(nil), rows: rows, rule: parquetguard.NewRows(rows.Schema(), file.Size())}
}

// checkSchema refuses files of another schema version; those of the program's
// first days name none.
func checkSchema(path string, file *parquet.File) error {
	if v, ok := file.Lookup(SchemaKey); ok && v != SchemaVersion {
		return fmt.Errorf("%s has schema version %s, this program reads version %s: use the llamaeval that wrote it", path, quote.Line(v), SchemaVersion)
	}
	return nil
}

func (r *rowReader[T]) next() (row T, err error) {
	defer damaged(r.path, &err)
	var none T
	n, err := r.rows.ReadRows(r.buf[:])
	if n == 1 {
		if err = r.rule.Check(r.buf[0]); err == nil {
			err = r.rows.Schema().Reconstruct(&row, r.buf[0])
		}
		if err == nil {
			r.read++
			return row, nil
		}
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	if !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: row %d: %w", r.path, r.read, quote.Error(err))
	}
	return none, err
}

func (r *rowReader[T]) close() {
	// Nothing was written: what Close may report changes no result.
	_ = r.rows.Close()
	_ = r.file.Close()
}

// damaged turns a panic of the Parquet library, which checks less than it
// reads, into an error that names the file.
func damaged(path string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: damaged Parquet file: %s", path, quote.Line(fmt.Sprint(p)))
	}
}
