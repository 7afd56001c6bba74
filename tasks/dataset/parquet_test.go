package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// TestParquetTypes reads types that no benchmark has; the rows beside each
// file are Python's (scripts/fixtures/parquet_types.py).
func TestParquetTypes(t *testing.T) {
	for _, name := range []string{"types", "groups", "items"} {
		docs, err := readParquet(t.Context(), []string{filepath.Join("testdata", name+".parquet")})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got strings.Builder
		for _, d := range docs {
			got.WriteString(py.JSON(d, -1) + "\n")
		}
		want, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got.String(), want)
		}
	}
}

// TestBrokenParquet cuts and bends a good file everywhere.
func TestBrokenParquet(t *testing.T) {
	good, err := os.ReadFile(filepath.Join("testdata", "items.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	parse := func(data []byte) ([]*py.Dict, error) {
		return parseParquet(context.Background(), bytes.NewReader(data), int64(len(data)))
	}
	for n := 0; n < len(good); n += 7 {
		if _, err := parse(good[:n]); err == nil {
			t.Errorf("a file cut to %d bytes is accepted", n)
		}
	}
	slowest := time.Duration(0)
	for i := 4; i < len(good)-8; i += 11 {
		for _, b := range []byte{0x00, 0x7f, 0xff} {
			bad := bytes.Clone(good)
			bad[i] = b
			start := time.Now()
			_, _ = parse(bad) // must return, whatever it returns
			slowest = max(slowest, time.Since(start))
		}
	}
	if slowest > 5*time.Second {
		t.Errorf("a broken file takes %v", slowest)
	}
	t.Log("slowest:", slowest)
	bad := bytes.Clone(good)
	binary.LittleEndian.PutUint32(bad[len(bad)-8:], 1<<31)
	if _, err := parse(bad); err == nil || !strings.Contains(err.Error(), "footer") {
		t.Errorf("a footer longer than the file: %v", err)
	}
}
