package dataset

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/tasks/py"
)

func FuzzParquet(f *testing.F) {
	for _, name := range []string{"types", "items"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".parquet"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 2<<30, func() {
			docs, err := parseParquet(context.Background(), bytes.NewReader(data), int64(len(data)))
			if err != nil {
				bounded.Error(t, err)
				return
			}
			printable(t, docs)
		})
	})
}

func FuzzJSONL(f *testing.F) {
	f.Add([]byte("{\"a\":1}\r\n\n{\"b\":[null]}"), "")
	f.Add([]byte(`[{"a":1},{"a":"\ud83d"}]`), "")
	f.Add([]byte(`{"data":{"a":[1],"b":[2]}}`), "data")
	f.Fuzz(func(t *testing.T, data []byte, field string) {
		bounded.Run(t, 256<<20, func() {
			docs, err := parseJSON("f", data, field)
			if err != nil {
				if field == "" { // the user's own, shown as it is
					bounded.Error(t, err)
				}
				return
			}
			printable(t, docs)
		})
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\r\n1,\"x\"\"\ny\"\n,\n"), ",")
	f.Add([]byte("a\ta\t\n1\tNA\tTrue\n"), "\t")
	f.Fuzz(func(t *testing.T, data []byte, delimiter string) {
		r := ','
		for _, r = range delimiter {
			break
		}
		bounded.Run(t, 256<<20, func() {
			docs, err := parseCSV("f", data, r)
			if err != nil {
				bounded.Error(t, err)
				return
			}
			printable(t, docs)
		})
	})
}

// printable checks that all rows have the same columns and can be hashed.
func printable(t *testing.T, docs []*py.Dict) {
	t.Helper()
	for _, d := range docs {
		if d == nil || d.Len() != docs[0].Len() {
			t.Fatalf("row %v has other columns than the first", d)
		}
		if py.JSON(d, -1) == "" {
			t.Fatal("a row has no JSON")
		}
	}
}
