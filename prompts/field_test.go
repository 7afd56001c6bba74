package prompts

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// TestFieldTemplates renders templates of the field's task files on documents
// of every kind of value and compares with Jinja2. LLAMAEVAL_FIELD_TEMPLATES
// names a larger file of the same form (scripts/fixtures/field_templates.py).
func TestFieldTemplates(t *testing.T) {
	files := []string{filepath.Join("testdata", "field.jsonl.gz")}
	if more := os.Getenv("LLAMAEVAL_FIELD_TEMPLATES"); more != "" {
		files = append(files, more)
	}
	for _, file := range files {
		rendered, refused := 0, 0
		for _, row := range fieldRows(t, file) {
			source, _ := row.Get("t")
			doc, _ := row.Get("v")
			want, _ := row.Get("want")
			var got py.Value
			f, err := compile("template", tasks.Expr{Kind: tasks.ExprText, Text: source.(string)}, nil)
			if err == nil {
				got, err = f.raw(doc.(*py.Dict))
			}
			switch {
			case want == nil && err == nil:
				t.Errorf("%q on %s gives %q, Jinja2 refuses it", source, py.Repr(doc), got)
			case want == nil:
				refused++
			case err != nil:
				t.Errorf("%q on %s: %v, want %q", source, py.Repr(doc), err, want)
			case got != want:
				t.Errorf("%q on %s:\n got %q\nwant %q", source, py.Repr(doc), got, want)
			default:
				rendered++
				checkAnswer(t, f, row)
			}
		}
		t.Logf("%s: %d rendered alike, %d refused by both", file, rendered, refused)
		if rendered < 250 {
			t.Errorf("%s: only %d rendered: the file is cut", file, rendered)
		}
	}
}

// checkAnswer compares what becomes of the text as choices and as a target.
func checkAnswer(t *testing.T, f field, row *py.Dict) {
	t.Helper()
	v, _ := row.Get("v")
	doc := v.(*py.Dict)
	if want, ok := row.Get("choices"); ok {
		got, err := f.choices(doc)
		switch list, _ := want.([]any); {
		case want == nil && err == nil:
			t.Errorf("%q on %s gives the choices %q, in Python none", f.expr.Text, py.Repr(doc), got)
		case want != nil && err != nil:
			t.Errorf("%q on %s: %v, want %s", f.expr.Text, py.Repr(doc), err, py.Repr(want))
		case want != nil && !slices.EqualFunc(list, got, func(a any, b string) bool { return a == b }):
			t.Errorf("%q on %s: choices %q, want %s", f.expr.Text, py.Repr(doc), got, py.Repr(want))
		}
	}
	if want, ok := row.Get("target"); ok {
		got, err := f.target(doc, true)
		if (err == nil) != (want != nil) || err == nil && py.Repr(got) != want {
			t.Errorf("%q on %s: target %s %v, want %v", f.expr.Text, py.Repr(doc), py.Repr(got), err, want)
		}
	}
}

func fieldRows(t *testing.T, file string) []*py.Dict {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	var rows []*py.Dict
	for lines.Scan() {
		v, err := py.ParseJSON(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, v.(*py.Dict))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}
