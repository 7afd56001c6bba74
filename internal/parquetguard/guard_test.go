package parquetguard

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/format"
)

func TestThriftLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty struct", []byte{0}, nil},
		{"no end", []byte{0x15, 2}, errThrift},
		{"deep structs", bytes.Repeat([]byte{0x1c}, 1<<20), errDeep},
		{"deep lists", append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 1<<20)...), errDeep},
		{"list of 2^28", []byte{0x19, 0xf5, 0x80, 0x80, 0x80, 0x80, 1, 0}, errThrift},
		{"text of 2^28", []byte{0x18, 0x80, 0x80, 0x80, 0x80, 1, 0}, errThrift},
		{"number without end", append([]byte{0x15}, bytes.Repeat([]byte{0xff}, 20)...), errThrift},
	} {
		if err := checkThrift(c.data); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestClaims bends what a good file says about its sizes.
func TestClaims(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "tasks", "dataset", "testdata", "types.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	r, size := bytes.NewReader(data), int64(len(data))
	for _, c := range []struct {
		want string
		bend func(*format.FileMetaData)
	}{
		{"claims 1000000000000 rows", func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1e12 }},
		{"its row groups have 4", func(m *format.FileMetaData) { m.NumRows = 5 }},
		{"nodes", func(m *format.FileMetaData) { m.Schema = make([]format.SchemaElement, maxColumns+1) }},
		{"claims 1000000000000 bytes", func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.TotalCompressedSize = 1e12 }},
		{"at -1", func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.DataPageOffset = -1 }},
	} {
		m, err := readFooter(r, size)
		if err != nil {
			t.Fatal(err)
		}
		c.bend(m)
		err = checkMeta(m, size)
		if err == nil {
			err = checkPages(r, &m.RowGroups[0].Columns[0].MetaData, size)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
