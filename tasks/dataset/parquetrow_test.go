package dataset

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/parquetguard"
)

// TestRepeatedText reads files of some hundred bytes whose rows repeat one
// long dictionary value (scripts/fixtures/parquet_repeats.py): 54 GB of text
// in rows or in one list, and 90 MB that are still accepted.
func TestRepeatedText(t *testing.T) {
	for _, c := range []struct {
		name string
		docs int
		want error
	}{
		{"repeat_rows", 0, parquetguard.ErrTextBomb},
		{"repeat_list", 0, parquetguard.ErrTextBomb},
		{"repeat_few", 100, nil},
	} {
		docs, err := readParquet(t.Context(), []string{filepath.Join("testdata", c.name+".parquet")})
		if !errors.Is(err, c.want) || len(docs) != c.docs {
			t.Errorf("%s: %d rows, error %v, want %d rows, error %v", c.name, len(docs), err, c.docs, c.want)
		}
	}
}
