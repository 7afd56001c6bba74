package tasks

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// Expected values come from the harness's own preprocess on these texts.
func TestHellaswagProcessDocs(t *testing.T) {
	for _, c := range []struct{ a, b, label, ending, query, choice string }{
		{"A man sits. ", "THEN he Goes to McDonald", "Roof", "x", "Roof: A man sits. Then he goes to mcdonald", "x"},
		{"[header] How to  tie [title] Take   it [step] go\n[a\nb] ", "éCOLE [x]y", "Food and Entertaining", "\u00a0 end [substeps]  ",
			"Food and Entertaining: How to tie. Take  it go\n[a\nb] École y", "end "},
		{"x", "", "L", "", "L: x", ""},
		{"y", "ǆUNGLA İI ßA", "L", "", "L: y ǅungla i̇i ßa", ""},
	} {
		doc := py.DictOf("ctx_a", c.a, "ctx_b", c.b, "activity_label", c.label, "endings", []any{c.ending}, "label", "3")
		out, err := mapDocs(hellaswagDoc)([]*py.Dict{doc})
		if err != nil {
			t.Fatal(err)
		}
		want := doc.Clone()
		want.Set("query", c.query)
		want.Set("choices", []any{c.choice})
		want.Set("gold", int64(3))
		if py.Repr(out[0]) != py.Repr(want) {
			t.Errorf("got  %s\nwant %s", py.Repr(out[0]), py.Repr(want))
		}
		if doc.Len() != 5 {
			t.Error("the document itself was changed")
		}
	}
	_, err := mapDocs(hellaswagDoc)([]*py.Dict{py.DictOf("ctx_a", "a", "ctx_b", "b", "activity_label", "c", "endings", []any{}, "label", "")})
	if err == nil || !strings.Contains(err.Error(), "doc 0") {
		t.Errorf("a document without a label: %v", err)
	}
}

func TestWinogrande(t *testing.T) {
	doc := py.DictOf("sentence", "The bag did not fit the case because the _ was too _ big. ", "option1", "bag", "option2", "case", "answer", "2")
	for _, c := range []struct {
		f    DocFunc
		want string
	}{
		{winograndeText, "1"},
		{winograndeTarget, "'was too _ big.'"},
		{winograndeChoice, "['The bag did not fit the case because the bag', 'The bag did not fit the case because the case']"},
	} {
		v, err := c.f(doc)
		if err != nil || py.Repr(v) != c.want {
			t.Errorf("%s, %v, want %s", py.Repr(v), err, c.want)
		}
		if _, err := c.f(py.DictOf("sentence", "no blank", "answer", "")); err == nil {
			t.Error("a document without blank and answer is no error")
		}
	}
}

// A Python function is known by folder, name and file content, never by name.
func TestFunctionIdentity(t *testing.T) {
	const use = minimal + "process_docs: !function utils.process_docs\n"
	dir := write(t, map[string]string{
		"hellaswag/utils.py": "def process_docs(d): return d\n",
		"hellaswag/t.yaml":   use,
		"other/utils.py":     "",
		"other/t.yaml":       use,
		"other/u.yaml":       minimal + "process_docs: !function hellaswag.process_docs\n",
	})
	var unknown *UnknownFunctionError
	_, err := ParseFile(filepath.Join(dir, "hellaswag", "t.yaml"))
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "is another version") || len(unknown.SHA256) != 64 || unknown.Line != 6 {
		t.Errorf("an unknown body: %v", err)
	}
	if _, err = ParseFile(filepath.Join(dir, "other", "t.yaml")); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "no Go implementation") {
		t.Errorf("an unknown function: %v", err)
	}
	if _, err = ParseFile(filepath.Join(dir, "other", "u.yaml")); err == nil {
		t.Error("a user's file reaches our own name for a function")
	}

	for _, more := range []string{"custom_dataset: !function utils.x\n", "filter_list: [{name: a, filter: [{function: !function utils.x}]}]\n", "process_docs: !function lm_eval.tasks.other.utils.x\n"} {
		dir := write(t, map[string]string{"lm_eval/tasks/other/utils.py": "", "lm_eval/tasks/deep/er/t.yaml": minimal + more, "lm_eval/tasks/deep/er/utils.py": ""})
		if _, err := ParseFile(filepath.Join(dir, "lm_eval/tasks/deep/er/t.yaml")); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "register it in tasks/functable.go") {
			t.Errorf("%q: %v", more, err)
		}
	}

	f := newFiles()
	hash, err := f.hash(filepath.Join(dir, "hellaswag", "utils.py"))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{kind: funcNode, value: "utils.process_docs", src: &source{name: filepath.Join(dir, "hellaswag", "t.yaml")}}
	for _, fn := range functionTable() {
		if fn.qualified() == "hellaswag.process_docs" {
			// The same content in a folder of the same name would be known.
			f.hashes[filepath.Join(dir, "hellaswag", "utils.py")] = fn.hashes[0]
		}
	}
	if fn, err := f.function(n); err != nil || fn.docs == nil {
		t.Errorf("a known body (was %s): %v", hash, err)
	}
}

func TestFirstKey(t *testing.T) {
	for want, m := range map[string]Metric{
		"acc":    {Name: "acc"},
		"pass@2": {Name: "pass_at_k", Func: ScorePassAtK, Args: py.DictOf("k", []any{int64(2), int64(8)})},
		"pass@1": {Name: "pass_at_k", Func: ScorePassAtK, Args: py.DictOf("k", int64(1))},
	} {
		if got := m.firstKey(); got != want {
			t.Errorf("%+v: %s, want %s", m, got, want)
		}
	}
}

// Each entry of the table does exactly one thing, and no two are the same.
func TestFunctionTable(t *testing.T) {
	seen := map[string]bool{}
	for _, fn := range functionTable() {
		roles := 0
		for _, is := range []bool{fn.docs != nil, fn.doc != nil, fn.samples != nil, fn.process != nil, fn.metric != "", fn.answers != nil, fn.filter != "", fn.class != ""} {
			if is {
				roles++
			}
		}
		if roles != 1 || seen[fn.qualified()] {
			t.Errorf("%s: %d roles, seen %v", fn.qualified(), roles, seen[fn.qualified()])
		}
		seen[fn.qualified()] = true
		for _, h := range fn.hashes {
			if len(h) != 64 {
				t.Errorf("%s: hash %q", fn.qualified(), h)
			}
		}
	}
}

// What is not a regular file is never opened: a pipe would block.
func TestReadFileRefuses(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, maxFile+1); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{dir, big, os.DevNull, filepath.Join(dir, "none")} {
		if _, err := readFile(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
