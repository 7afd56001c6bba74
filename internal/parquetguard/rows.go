package parquetguard

import (
	"errors"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"
)

// freeText is the text, in bytes, that any Parquet file may decode to; beyond
// it maxExpansion bytes are allowed per byte of the file.
const freeText = 256 << 20

// What Check finds.
var (
	ErrTextBomb  = errors.New("the rows repeat more text than a file of this size should hold")
	ErrRaggedRow = errors.New("the row lacks a column, or a value has another type than its column")
)

// Rows looks at rows before they are assembled, while their texts still
// lie in the pages. The library would copy a text as often as it is repeated,
// and takes values that were left over from other rows for a column that a row
// lacks. It is shared by the readers of a file's row groups.
type Rows struct {
	kinds []parquet.Kind // of the leaf columns
	text  atomic.Int64   // bytes that are still allowed
}

// NewRows is for the rows of a file of size bytes, in the order of schema's
// columns.
func NewRows(schema *parquet.Schema, size int64) *Rows {
	paths := schema.Columns()
	c := &Rows{kinds: make([]parquet.Kind, len(paths))}
	for _, path := range paths {
		leaf, _ := schema.Lookup(path...)
		c.kinds[leaf.ColumnIndex] = leaf.Node.Type().Kind()
	}
	c.text.Store(freeText + maxExpansion*size)
	return c
}

// Check refuses a row that is no whole one or takes too much memory.
func (c *Rows) Check(row parquet.Row) error {
	var text int64
	last := -1
	for _, v := range row {
		column, kind := v.Column(), v.Kind()
		if column < last || column > last+1 || column >= len(c.kinds) || !v.IsNull() && kind != c.kinds[column] {
			return ErrRaggedRow
		}
		last = column
		if kind == parquet.ByteArray || kind == parquet.FixedLenByteArray {
			text += int64(len(v.ByteArray()))
		}
	}
	if last != len(c.kinds)-1 {
		return ErrRaggedRow
	}
	if c.text.Add(-text) < 0 {
		return ErrTextBomb
	}
	return nil
}
