package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/internal/parquetguard"
	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/tasks/py"
)

const rowsAtOnce = 256

// readParquet returns the rows of the files one after the other.
func readParquet(ctx context.Context, paths []string) ([]*py.Dict, error) {
	var docs []*py.Dict
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		rows, err := readParquetFile(ctx, f)
		err = errors.Join(err, f.Close())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		docs = append(docs, rows...)
	}
	return docs, nil
}

func readParquetFile(ctx context.Context, f *os.File) ([]*py.Dict, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("is a folder")
	}
	return parseParquet(ctx, f, info.Size())
}

// parseParquet reads all rows. Row groups are independent, so they are
// decoded side by side.
func parseParquet(ctx context.Context, r io.ReaderAt, size int64) ([]*py.Dict, error) {
	file, err := parquetguard.Open(r, size)
	if err != nil {
		return nil, err
	}
	groups := file.RowGroups()
	parts := make([][]*py.Dict, len(groups))
	rules := parquetguard.NewRows(file.Schema(), size)
	wait, ctx := errgroup.WithContext(ctx)
	wait.SetLimit(runtime.GOMAXPROCS(0))
	for i, g := range groups {
		wait.Go(func() error {
			var err error
			parts[i], err = readRowGroup(ctx, g, file.Schema(), rules)
			return err
		})
	}
	if err := wait.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(parts...), nil
}

func readRowGroup(ctx context.Context, g parquet.RowGroup, schema *parquet.Schema, rules *parquetguard.Rows) (docs []*py.Dict, err error) {
	defer parquetguard.Recover(&err)
	r := g.Rows()
	defer func() { err = errors.Join(err, r.Close()) }()
	convert := group(schema)
	rows := make([]parquet.Row, rowsAtOnce)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := r.ReadRows(rows) // may return rows and io.EOF together
		for _, row := range rows[:n] {
			if err := rules.Check(row); err != nil {
				return nil, fmt.Errorf("row %d: %w", len(docs), err)
			}
			var v any
			if err := schema.Reconstruct(&v, row); err != nil {
				return nil, fmt.Errorf("row %d: %w", len(docs), quote.Error(err))
			}
			doc, err := convert(v)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", len(docs), err)
			}
			docs = append(docs, doc.(*py.Dict))
		}
		if int64(len(docs)) > g.NumRows() {
			return nil, fmt.Errorf("broken Parquet file: a row group holds more than its %d rows", g.NumRows())
		}
		switch {
		case err == io.EOF && int64(len(docs)) < g.NumRows():
			return nil, fmt.Errorf("broken Parquet file: a row group has %d of its %d rows", len(docs), g.NumRows())
		case err == io.EOF:
			return docs, nil
		case err != nil:
			return nil, fmt.Errorf("broken Parquet file: %w", quote.Error(err))
		case n == 0:
			return nil, io.ErrNoProgress
		}
	}
}
