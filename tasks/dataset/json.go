package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// parseJSON reads rows from a JSON array of objects, from JSON Lines, from one
// object (a single row), or from the value under field of one object: an array
// of rows, or an object of columns of equal length. name stands for the file in errors.
func parseJSON(name string, data []byte, field string) ([]*py.Dict, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	body := bytes.TrimLeft(data, " \t\r\n")
	if field == "" && (len(body) == 0 || body[0] != '[') {
		rows, err := parseLines(name, data)
		if err == nil {
			return rows, nil
		}
		if row, whole := wholeObject(body); whole {
			return []*py.Dict{row}, nil
		}
		return nil, err
	}
	v, err := py.ParseJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if field != "" {
		if v, err = fieldOf(v, field); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	rows, err := rowsOf(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows, nil
}

// wholeObject reads a file that is one object over several lines: one row.
func wholeObject(data []byte) (*py.Dict, bool) {
	v, err := py.ParseJSON(data)
	if err != nil {
		return nil, false
	}
	row, ok := v.(*py.Dict)
	return row, ok
}

func fieldOf(v py.Value, field string) (py.Value, error) {
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("field %q is asked for, but the file holds a %s and not an object", field, py.TypeName(v))
	}
	inner, ok := d.Get(field)
	if !ok {
		var keys []string
		for _, k := range d.Keys() {
			keys = append(keys, py.Str(k))
		}
		return nil, noSuch("field", field, "the object", keys)
	}
	return inner, nil
}

func rowsOf(v py.Value) ([]*py.Dict, error) {
	if columns, ok := v.(*py.Dict); ok {
		return transpose(columns)
	}
	items, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("the rows must be an array of objects, not a %s", py.TypeName(v))
	}
	docs := make([]*py.Dict, len(items))
	for i, item := range items {
		if docs[i], ok = item.(*py.Dict); !ok {
			return nil, fmt.Errorf("item %d: a row must be an object, not a %s", i, py.TypeName(item))
		}
	}
	return sameColumns(docs), nil
}

func transpose(columns *py.Dict) ([]*py.Dict, error) {
	var docs []*py.Dict
	first := true
	for k, v := range columns.All() {
		items, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("column %s must be an array, not a %s", py.Repr(k), py.TypeName(v))
		}
		if first {
			first = false
			docs = make([]*py.Dict, len(items))
			for i := range docs {
				docs[i] = py.NewDict()
			}
		}
		if len(items) != len(docs) {
			return nil, fmt.Errorf("column %s has %d values, the first column has %d", py.Repr(k), len(items), len(docs))
		}
		for i, item := range items {
			docs[i].Set(k, item)
		}
	}
	return docs, nil
}

// parseLines reads JSON Lines; blank lines are skipped.
func parseLines(name string, data []byte) ([]*py.Dict, error) {
	var docs []*py.Dict
	for n := 1; len(data) > 0; n++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("%s:%d: the line has %d bytes, more than the limit of %d", name, n, len(line), maxLine)
		}
		v, err := py.ParseJSON(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		doc, ok := v.(*py.Dict)
		if !ok {
			return nil, fmt.Errorf("%s:%d: a row must be an object, not a %s", name, n, py.TypeName(v))
		}
		docs = append(docs, doc)
	}
	return sameColumns(docs), nil
}

// parseText makes one document {"text": line} of each line.
func parseText(name string, data []byte) ([]*py.Dict, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s: %w", name, errNotUTF8)
	}
	var docs []*py.Dict
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		docs = append(docs, py.DictOf("text", string(bytes.TrimSuffix(line, []byte("\r")))))
	}
	return docs, nil
}

var errNotUTF8 = errors.New("the text is not UTF-8: convert it, for example with `iconv -f latin1 -t utf-8`")
