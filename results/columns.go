package results

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/llamaeval/llamaeval/internal/parquetguard"
	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/internal/regular"
)

// A MetricRow is what a comparison needs of one sample. Metrics is valid
// until the next row only.
type MetricRow struct {
	Task    string
	DocID   int32
	Cluster string
	Metrics []Metric
}

// A Metric is one entry of a sample's metrics.
type Metric struct {
	Key   string // "acc", or "exact_match,strict-match"
	Value float64
}

// ReadMetrics calls visit for each row of dir's samples.parquet in its order,
// and reads no column but the ones of a MetricRow, that of clusters only if
// asked: a leaderboard of many runs then takes the time of what it shows.
func ReadMetrics(dir string, clusters bool, visit func(MetricRow)) (err error) {
	path, err := locate(dir, SamplesFile)
	if err != nil {
		return err
	}
	f, info, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	defer damaged(path, &err)
	file, err := parquetguard.Open(f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := checkSchema(path, file); err != nil {
		return err
	}
	c := columns{names: map[string]string{}}
	if c.leaves, err = metricLeaves(path, file); err != nil {
		return err
	}
	for _, group := range file.RowGroups() {
		if err := c.visit(group, clusters, visit); err != nil {
			return fmt.Errorf("%s: %w", path, quote.Error(err))
		}
	}
	return nil
}

// The columns of a MetricRow, in the order of columns.leaves.
const (
	taskColumn = iota
	docColumn
	clusterColumn
	keyColumn
	valueColumn
)

func metricLeaves(path string, file *parquet.File) ([]parquet.LeafColumn, error) {
	var out []parquet.LeafColumn
	own := parquet.SchemaOf(new(Sample))
	for _, name := range [][]string{{"task"}, {"doc_id"}, {"cluster"}, {"metrics", "key_value", "key"}, {"metrics", "key_value", "value"}} {
		want, _ := own.Lookup(name...)
		leaf, found := file.Schema().Lookup(name...)
		if !found || leaf.Node.Type().Kind() != want.Node.Type().Kind() {
			return nil, fmt.Errorf("%s: column %s is missing or has another type; it was not written by this program", path, name[0])
		}
		out = append(out, leaf)
	}
	return out, nil
}

// columns reads row groups column by column.
type columns struct {
	leaves []parquet.LeafColumn
	names  map[string]string // every text once
	page   [1024]parquet.Value

	tasks, clusters, keys []string
	docs                  []int32
	values                []float64
	starts                []int // of each row's keys
}

// text keeps one copy of each text: a page's memory is reused.
func (c *columns) text(v parquet.Value) string {
	b := v.ByteArray()
	if s, ok := c.names[string(b)]; ok {
		return s
	}
	s := string(b)
	c.names[s] = s
	return s
}

func (c *columns) visit(group parquet.RowGroup, clusters bool, visit func(MetricRow)) error {
	c.tasks, c.docs, c.clusters, c.keys, c.values, c.starts = c.tasks[:0], c.docs[:0], c.clusters[:0], c.keys[:0], c.values[:0], c.starts[:0]
	readers := []func(parquet.Value){
		taskColumn: func(v parquet.Value) { c.tasks = append(c.tasks, c.text(v)) },
		docColumn:  func(v parquet.Value) { c.docs = append(c.docs, v.Int32()) },
		keyColumn: func(v parquet.Value) {
			if v.RepetitionLevel() == 0 {
				c.starts = append(c.starts, len(c.keys))
			}
			if !v.IsNull() {
				c.keys = append(c.keys, c.text(v))
			}
		},
		valueColumn: func(v parquet.Value) {
			if v.IsNull() {
				if v.DefinitionLevel() >= c.leaves[keyColumn].MaxDefinitionLevel { // an entry without a value
					c.values = append(c.values, math.NaN())
				}
				return
			}
			c.values = append(c.values, v.Double())
		},
	}
	if clusters {
		readers[clusterColumn] = func(v parquet.Value) { c.clusters = append(c.clusters, c.text(v)) }
	}
	chunks := group.ColumnChunks()
	for i, read := range readers {
		if read == nil {
			continue
		}
		if err := c.column(chunks[c.leaves[i].ColumnIndex], read); err != nil {
			return err
		}
	}
	rows := int(group.NumRows())
	if len(c.tasks) != rows || len(c.docs) != rows || len(c.starts) != rows || len(c.keys) != len(c.values) || clusters && len(c.clusters) != rows {
		return errors.New("its columns do not have as many values as it has rows")
	}
	c.rows(clusters, visit)
	return nil
}

func (c *columns) rows(clusters bool, visit func(MetricRow)) {
	var metrics []Metric
	for i, start := range c.starts {
		end := len(c.keys)
		if i+1 < len(c.starts) {
			end = c.starts[i+1]
		}
		metrics = metrics[:0]
		for k := start; k < end; k++ {
			metrics = append(metrics, Metric{c.keys[k], c.values[k]})
		}
		row := MetricRow{Task: c.tasks[i], DocID: c.docs[i], Metrics: metrics}
		if clusters {
			row.Cluster = c.clusters[i]
		}
		visit(row)
	}
}

func (c *columns) column(chunk parquet.ColumnChunk, read func(parquet.Value)) error {
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = c.readPage(page, read)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

// readPage reads one page.
func (c *columns) readPage(page parquet.Page, read func(parquet.Value)) error {
	values := page.Values()
	for {
		n, err := values.ReadValues(c.page[:])
		for _, v := range c.page[:n] {
			read(v)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrNoProgress
		}
	}
}
