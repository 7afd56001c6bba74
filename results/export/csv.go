package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// The columns of both CSV files are those of the Parquet files, in their
// order; lists and maps are JSON.
var (
	sampleColumns = columnsOf(results.Sample{})
	scoreColumns  = columnsOf(results.Score{})
)

func columnsOf(row any) []string {
	var out []string
	t := reflect.TypeOf(row)
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("parquet"), ",")
		out = append(out, name)
	}
	return out
}

func sampleRow(s results.Sample) []string { return cells(reflect.ValueOf(s)) }

func cells(row reflect.Value) []string {
	out := make([]string, row.NumField())
	for i := range out {
		out[i] = text(row.Field(i))
	}
	return out
}

// text writes a value: numbers with the digits that read back as them,
// nothing where there is none.
func text(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int32:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return text(v.Elem())
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	// Lists and maps of texts and numbers cannot fail.
	_ = enc.Encode(plain(v))
	return strings.TrimSuffix(b.String(), "\n")
}

// plain is a list or map as JSON has it: empty, never null, and null for a
// number that it has no word for.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i))
		}
		return out
	case reflect.Map:
		out := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			out[it.Key().String()] = plain(it.Value())
		}
		return out
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
	}
	return v.Interface()
}

func (e *exporter) scoresCSV() error {
	f, err := e.create(ScoresCSV)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	if err := w.Write(scoreColumns); err != nil {
		return err
	}
	for _, s := range e.scores {
		if err := w.Write(cells(reflect.ValueOf(s))); err != nil {
			return err
		}
	}
	w.Flush()
	e.names = append(e.names, ScoresCSV)
	return e.close(f)
}
