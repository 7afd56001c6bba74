package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/internal/parquetguard"
	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/internal/regular"
)

// ReadScores returns the rows of dir's scores.parquet in their order.
func ReadScores(dir string) ([]Score, error) {
	run, err := readRunIfAny(dir)
	if err != nil {
		return nil, err
	}
	return readScoresOf(dir, run)
}

// readScoresOf is ReadScores of the folder of that run. Thousands of runs are
// read like this: one file is opened once, and read whole.
func readScoresOf(dir string, run Run) ([]Score, error) {
	path, data, err := readWhole(dir, ScoresFile, run)
	if err != nil {
		return nil, err
	}
	file, err := openParquet[Score](path, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return allRows[Score](path, file)
}

const maxWhole = 1 << 30 // bytes of a file that is read whole

// readWhole returns a Parquet file of a run, which is the one that it wrote;
// path is where it lies.
func readWhole(dir, name string, run Run) (path string, data []byte, err error) {
	if objects.Is(dir) {
		if path, err = fetch(dir, name, run); err == nil {
			data, err = os.ReadFile(path)
		}
		return path, data, err
	}
	path = filepath.Join(dir, name)
	if data, err = regular.Read(path, maxWhole); err != nil {
		return path, nil, err
	}
	if want, known := run.Files[name]; known {
		err = unchanged(path, hashOf(data), want)
	}
	return path, data, err
}

// values are room for the values of a column, shared by all files: the
// library's own readers make some for each column of each file.
var values = sync.Pool{New: func() any { return new([256]parquet.Value) }}

// allRows reads a file of few rows column by column.
func allRows[T any](path string, file *parquet.File) (out []T, err error) {
	defer damaged(path, &err)
	schema := parquet.SchemaOf(new(T))
	if !slices.EqualFunc(file.Schema().Columns(), schema.Columns(), slices.Equal[[]string]) {
		return convertedRows[T](path, file) // another version's
	}
	room := values.Get().(*[256]parquet.Value)
	defer values.Put(room)
	rule := parquetguard.NewRows(schema, file.Size())
	for _, group := range file.RowGroups() {
		rows := make([]parquet.Row, group.NumRows())
		for i := range rows {
			rows[i] = make(parquet.Row, 0, len(schema.Columns()))
		}
		var open pages
		for _, chunk := range group.ColumnChunks() {
			if err := open.add(rows, chunk, room[:]); err != nil {
				return nil, fmt.Errorf("%s: %w", path, quote.Error(err))
			}
		}
		for _, row := range rows {
			var t T
			err := rule.Check(row)
			if err == nil {
				err = schema.Reconstruct(&t, row)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: row %d: %w", path, len(out), quote.Error(err))
			}
			out = append(out, t)
		}
		open.close()
	}
	return out, nil
}

// pages are those that rows have their texts in, until they are copied. After
// an error they are left to the collector.
type pages struct {
	read  []parquet.Page
	files []parquet.Pages
}

func (p *pages) close() {
	for _, page := range p.read {
		parquet.Release(page)
	}
	for _, f := range p.files {
		_ = f.Close() // nothing was written
	}
}

// add appends a column's values to their rows.
func (p *pages) add(rows []parquet.Row, chunk parquet.ColumnChunk, room []parquet.Value) error {
	file := chunk.Pages()
	p.files = append(p.files, file)
	for row := -1; ; {
		page, err := file.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.read = append(p.read, page)
		if row, err = appendValues(rows, row, page.Values(), room); err != nil {
			return err
		}
	}
}

// appendValues appends to rows from one on, and returns the last one.
func appendValues(rows []parquet.Row, row int, from parquet.ValueReader, room []parquet.Value) (int, error) {
	for {
		n, err := from.ReadValues(room)
		for _, v := range room[:n] {
			if v.RepetitionLevel() == 0 {
				row++
			}
			if row < 0 || row >= len(rows) {
				return row, parquetguard.ErrRaggedRow
			}
			rows[row] = append(rows[row], v)
		}
		if errors.Is(err, io.EOF) {
			return row, nil
		}
		if err != nil {
			return row, err
		}
		if n == 0 {
			return row, io.ErrNoProgress
		}
	}
}

func convertedRows[T any](path string, file *parquet.File) (out []T, err error) {
	r := newRows[T](path, file)
	defer r.close()
	for {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
}
