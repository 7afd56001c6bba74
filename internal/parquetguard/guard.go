// Package parquetguard stands between a stranger's Parquet file and the
// library that reads it, which allocates what the file claims: claims that the
// file's bytes cannot hold are refused before.
package parquetguard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Limits on what a Parquet file may claim. The library allocates what page
// headers promise, and rows cost memory even where they cost the file nothing
// (a run of nulls is a few bytes whatever its length).
const (
	parquetFrame  = 12       // bytes: magic, footer length, magic
	maxFooter     = 64 << 20 // bytes
	maxPageHeader = 1 << 20  // bytes
	maxColumns    = 4096     // nodes of the schema
	freeValues    = 1 << 16  // rows, or values of a column, allowed to any file
	valuesPerByte = 64       // allowed beyond that
	freeBytes     = 1 << 20  // uncompressed bytes of a page allowed to any file
	maxExpansion  = 1 << 10  // uncompressed bytes beyond that, per byte of the page
)

// Open opens a file whose claims its bytes can hold. Errors say what is wrong
// with the file, not which it is.
func Open(r io.ReaderAt, size int64) (file *parquet.File, err error) {
	defer Recover(&err)
	meta, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	if err := checkMeta(meta, size); err != nil {
		return nil, fmt.Errorf("broken Parquet file: %w", err)
	}
	for i, g := range meta.RowGroups {
		for j := range g.Columns {
			if err := checkPages(r, &g.Columns[j].MetaData, size); err != nil {
				return nil, fmt.Errorf("broken Parquet file: row group %d, column %d: %w", i, j, err)
			}
		}
	}
	file, err = parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("not a readable Parquet file: %w", quote.Error(err)) // names of columns are in it
	}
	for _, path := range file.Schema().Columns() {
		if leaf, _ := file.Schema().Lookup(path...); leaf.Node.Type().PhysicalType() == nil {
			return nil, fmt.Errorf("broken Parquet file: column %s has a type for groups of columns", quote.Name(strings.Join(path, ".")))
		}
	}
	return file, nil
}

func readFooter(r io.ReaderAt, size int64) (*format.FileMetaData, error) {
	if size < parquetFrame {
		return nil, fmt.Errorf("not a Parquet file: only %d bytes", size)
	}
	var head, tail [8]byte
	if err := readAt(r, head[:4], 0); err != nil {
		return nil, err
	}
	if err := readAt(r, tail[:], size-8); err != nil {
		return nil, err
	}
	if string(head[:4]) != "PAR1" || string(tail[4:]) != "PAR1" {
		return nil, errors.New("not a Parquet file, or cut short: it does not begin and end with PAR1")
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	if length > min(size-parquetFrame, maxFooter) {
		return nil, fmt.Errorf("broken Parquet file: it claims a footer of %d bytes, the file has %d", length, size)
	}
	data := make([]byte, length)
	if err := readAt(r, data, size-8-length); err != nil {
		return nil, err
	}
	meta := new(format.FileMetaData)
	if _, err := decode(data, meta); err != nil {
		return nil, fmt.Errorf("broken Parquet file: footer: %w", err)
	}
	return meta, nil
}

// decode reads a thrift structure and returns its length.
func decode(data []byte, into any) (int, error) {
	if err := checkThrift(data); err != nil {
		return 0, err
	}
	var compact thrift.CompactProtocol
	r := compact.NewReaderFromBytes(data)
	err := thrift.NewDecoder(r).Decode(into)
	return r.BytesRead(), err
}

func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	return err
}

func checkMeta(m *format.FileMetaData, size int64) error {
	if n := len(m.Schema); n == 0 || n > maxColumns {
		return fmt.Errorf("the schema has %d nodes, at most %d are read", n, maxColumns)
	}
	var rows int64
	for i, g := range m.RowGroups {
		if g.NumRows < 0 || g.NumRows > freeValues+valuesPerByte*size-rows {
			return fmt.Errorf("row group %d claims %d rows, which %d bytes cannot hold", i, g.NumRows, size)
		}
		rows += g.NumRows
	}
	if rows != m.NumRows {
		return fmt.Errorf("it claims %d rows, its row groups have %d", m.NumRows, rows)
	}
	return nil
}

// checkPages walks the page headers of a column chunk.
func checkPages(r io.ReaderAt, c *format.ColumnMetaData, size int64) error {
	at := c.DataPageOffset
	if d := c.DictionaryPageOffset; d > 0 && d < at {
		at = d
	}
	if at < 4 || at > size || c.TotalCompressedSize < 0 || c.TotalCompressedSize > size-at {
		return fmt.Errorf("claims %d bytes at %d, the file has %d", c.TotalCompressedSize, at, size)
	}
	end := at + c.TotalCompressedSize
	var values int64
	for at < end {
		h, length, err := pageHeader(r, at, end)
		if err != nil {
			return fmt.Errorf("page at byte %d: %w", at, err)
		}
		at += int64(length)
		packed, plain := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
		if packed < 0 || packed > end-at || plain < 0 || plain > freeBytes+maxExpansion*packed {
			return fmt.Errorf("page at byte %d claims %d bytes, %d unpacked, %d are left", at, packed, plain, end-at)
		}
		n := int64(max(h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues, h.DictionaryPageHeader.V.NumValues))
		if n > freeValues+valuesPerByte*size-values {
			return fmt.Errorf("page at byte %d claims %d values, which %d bytes cannot hold", at, n, size)
		}
		values += n
		at += packed
	}
	return nil
}

// pageHeader reads the header at a position; few are longer than 256 bytes.
func pageHeader(r io.ReaderAt, at, end int64) (*format.PageHeader, int, error) {
	for length := int64(256); ; length *= 16 {
		data := make([]byte, min(length, end-at, maxPageHeader))
		if err := readAt(r, data, at); err != nil {
			return nil, 0, err
		}
		h := new(format.PageHeader)
		n, err := decode(data, h)
		if err == nil || length >= min(end-at, maxPageHeader) {
			return h, n, err
		}
	}
}

// Recover is the boundary to the Parquet library, which panics on some
// broken files; it is to be deferred.
func Recover(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("broken Parquet file: %s", quote.Line(fmt.Sprint(p)))
	}
}
