package dataset

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// parseCSV reads rows under a header line. Quoting and the types of columns
// follow pandas.read_csv, through which the datasets library reads CSV: see
// inferColumn. Line ends inside quotes are kept as they are.
func parseCSV(name string, data []byte, delimiter rune) ([]*py.Dict, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s: %w", name, errNotUTF8)
	}
	s := csvScanner{rest: string(data), delimiter: delimiter, line: 1}
	header, _, err := s.record()
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, s.line, err)
	}
	if header == nil {
		return nil, fmt.Errorf("%s: the file is empty, a CSV file begins with a header", name)
	}
	names := columnNames(header)
	columns := make([][]string, len(names))
	rows := 0
	for {
		record, line, err := s.record()
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		if record == nil {
			break
		}
		if len(record) > len(names) {
			return nil, fmt.Errorf("%s:%d: the row has %d fields, the header has %d: quote fields that hold commas", name, line, len(record), len(names))
		}
		for i := range columns {
			field := ""
			if i < len(record) {
				field = record[i]
			}
			columns[i] = append(columns[i], field)
		}
		rows++
	}
	docs := make([]*py.Dict, rows)
	for i := range docs {
		docs[i] = py.NewDict()
	}
	for i, column := range columns {
		for row, v := range inferColumn(column) {
			docs[row].Set(names[i], v)
		}
	}
	return docs, nil
}

// csvScanner splits CSV into records.
type csvScanner struct {
	rest      string
	delimiter rune
	line      int // of rest's first byte
}

// record returns the next record that is not blank and the line it starts on;
// nil at the end.
func (s *csvScanner) record() (fields []string, line int, err error) {
	for len(s.rest) > 0 {
		line = s.line
		fields = fields[:0]
		for more := true; more; {
			var field string
			if field, more, err = s.field(); err != nil {
				return nil, line, err
			}
			fields = append(fields, field)
		}
		if len(fields) > 1 || strings.TrimSpace(fields[0]) != "" {
			return fields, line, nil
		}
	}
	return nil, s.line, nil
}

// field consumes a field and what ends it; more says that the record goes on.
func (s *csvScanner) field() (field string, more bool, err error) {
	var b strings.Builder
	inQuotes, start := false, true
	for i := 0; i < len(s.rest); {
		r, width := utf8.DecodeRuneInString(s.rest[i:])
		switch {
		case inQuotes && r == '"' && strings.HasPrefix(s.rest[i+1:], `"`):
			b.WriteByte('"')
			width = 2
		case inQuotes && r == '"':
			inQuotes = false
		case inQuotes:
			if r == '\n' {
				s.line++
			}
			b.WriteRune(r)
		case start && r == '"':
			inQuotes = true
		case r == s.delimiter:
			s.rest = s.rest[i+width:]
			return b.String(), true, nil
		case r == '\n' || r == '\r':
			if strings.HasPrefix(s.rest[i:], "\r\n") {
				width = 2
			}
			s.line++
			s.rest = s.rest[i+width:]
			return b.String(), false, nil
		default:
			b.WriteRune(r)
		}
		start = false
		i += width
		if b.Len() > maxLine {
			return "", false, fmt.Errorf("a field has more than %d bytes", maxLine)
		}
	}
	s.rest = ""
	if inQuotes {
		return "", false, fmt.Errorf("a quoted field is not closed")
	}
	return b.String(), false, nil
}

// columnNames names unnamed columns and tells equal names apart as pandas does.
func columnNames(header []string) []string {
	names := make([]string, len(header))
	for i, h := range header {
		if h == "" {
			h = fmt.Sprintf("Unnamed: %d", i)
		}
		name := h
		for n := 1; slices.Contains(names[:i], name); n++ {
			name = fmt.Sprintf("%s.%d", h, n)
		}
		names[i] = name
	}
	return names
}

// nullWords are pandas' default na_values.
var nullWords = map[string]bool{
	"": true, "#N/A": true, "#N/A N/A": true, "#NA": true, "-1.#IND": true, "-1.#QNAN": true, "-NaN": true, "-nan": true,
	"1.#IND": true, "1.#QNAN": true, "<NA>": true, "N/A": true, "NA": true, "NULL": true, "NaN": true, "None": true,
	"n/a": true, "nan": true, "null": true,
}

// inferColumn gives a column the narrowest type that holds all its values:
// int, float, bool, else text. Null words are None, and integers with a null
// among them are floats.
func inferColumn(column []string) []py.Value {
	parse, nulls := narrowest(column)
	out := make([]py.Value, len(column))
	for i, field := range column {
		if nullWords[field] {
			continue
		}
		v, _ := parse(field)
		if n, ok := v.(int64); ok && nulls {
			v = float64(n)
		}
		out[i] = v
	}
	return out
}

func narrowest(column []string) (parse func(string) (py.Value, bool), nulls bool) {
	kinds := []func(string) (py.Value, bool){parseInt, parseFloat, parseBool}
	values := 0
	for _, field := range column {
		if nullWords[field] {
			nulls = true
			continue
		}
		values++
		kinds = slices.DeleteFunc(kinds, func(k func(string) (py.Value, bool)) bool {
			_, ok := k(field)
			return !ok
		})
	}
	if len(kinds) == 0 || values == 0 {
		return func(s string) (py.Value, bool) { return s, true }, nulls
	}
	return kinds[0], nulls
}

func parseInt(s string) (py.Value, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n, err == nil
}

func parseFloat(s string) (py.Value, bool) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "_xXpP") { // Go's syntax, not pandas'
		return nil, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f)
}

func parseBool(s string) (py.Value, bool) {
	switch s {
	case "True", "TRUE", "true":
		return true, true
	case "False", "FALSE", "false":
		return false, true
	}
	return nil, false
}
