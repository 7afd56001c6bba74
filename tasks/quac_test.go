package tasks

import (
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func dialogue(change func(*py.Dict)) *py.Dict {
	d := py.DictOf("dialogue_id", "d", "wikipedia_page_title", "T", "background", "B", "section_title", "S", "context", "C CANNOTANSWER",
		"questions", []any{"q1", "q2", "q3"},
		"answers", py.DictOf("texts", []any{[]any{"a1", "b1"}, []any{"a2"}, []any{"a3"}}),
		"orig_answers", py.DictOf("texts", []any{"o1", "o2", "o3"}))
	if change != nil {
		change(d)
	}
	return d
}

func TestQuACDocs(t *testing.T) {
	docs, err := quacDocs([]*py.Dict{dialogue(nil), dialogue(func(d *py.Dict) { d.Set("dialogue_id", "e") })})
	if err != nil || len(docs) != 6 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	for i, want := range map[int]string{
		0: "{'dialogue_id': 'd', 'title': 'T', 'section': 'S', 'context': 'C CANNOTANSWER', 'turn': 0, 'history': [], 'question': 'q1', 'answers': ['a1', 'b1']}",
		2: "{'dialogue_id': 'd', 'title': 'T', 'section': 'S', 'context': 'C CANNOTANSWER', 'turn': 2, " +
			"'history': [{'question': 'q1', 'answer': 'o1'}, {'question': 'q2', 'answer': 'o2'}], 'question': 'q3', 'answers': ['a3']}",
		3: "{'dialogue_id': 'e', 'title': 'T', 'section': 'S', 'context': 'C CANNOTANSWER', 'turn': 0, 'history': [], 'question': 'q1', 'answers': ['a1', 'b1']}",
	} {
		if got := py.Repr(docs[i]); got != want {
			t.Errorf("document %d\ngot  %s\nwant %s", i, got, want)
		}
	}
	for name, change := range map[string]func(*py.Dict){
		"no context":        func(d *py.Dict) { d.Delete("context") },
		"no questions":      func(d *py.Dict) { d.Delete("questions") },
		"answers no dict":   func(d *py.Dict) { d.Set("answers", []any{}) },
		"no texts":          func(d *py.Dict) { d.Set("orig_answers", py.NewDict()) },
		"one answer missed": func(d *py.Dict) { d.Set("orig_answers", py.DictOf("texts", []any{"o1", "o2"})) },
	} {
		if _, err := quacDocs([]*py.Dict{dialogue(change)}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
