package tasks

import (
	"fmt"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// quacDocs makes a document of every turn of every dialogue. Its history
// holds the turns before it, answered as the person in the dialogue did: what
// the model said earlier does not enter, so turns can be scored in any order.
func quacDocs(docs []*py.Dict) ([]*py.Dict, error) {
	var out []*py.Dict
	for i, doc := range docs {
		turns, err := quacTurns(doc)
		if err != nil {
			return nil, fmt.Errorf("dialogue %d: %w", i, err)
		}
		out = append(out, turns...)
	}
	return out, nil
}

func quacTurns(doc *py.Dict) ([]*py.Dict, error) {
	shared := py.NewDict()
	for _, c := range [][2]string{
		{"dialogue_id", "dialogue_id"}, {"title", "wikipedia_page_title"}, {"section", "section_title"}, {"context", "context"},
	} {
		s, err := column(doc, c[1])
		if err != nil {
			return nil, err
		}
		shared.Set(c[0], s)
	}
	questions, err := list(doc, "questions")
	if err != nil {
		return nil, err
	}
	accepted, err := nestedList(doc, "answers", "texts")
	if err != nil {
		return nil, err
	}
	given, err := nestedList(doc, "orig_answers", "texts")
	if err != nil {
		return nil, err
	}
	if len(accepted) != len(questions) || len(given) != len(questions) {
		return nil, fmt.Errorf("%d questions, but answers to %d and original answers to %d", len(questions), len(accepted), len(given))
	}
	out := make([]*py.Dict, len(questions))
	history := []any{}
	for i, q := range questions {
		turn := shared.Clone()
		turn.Set("turn", int64(i))
		turn.Set("history", history[:i:i])
		turn.Set("question", q)
		turn.Set("answers", accepted[i])
		out[i] = turn
		history = append(history, py.DictOf("question", q, "answer", given[i]))
	}
	return out, nil
}

// list reads a column that holds a list.
func list(doc *py.Dict, name string) ([]any, error) {
	v, ok := doc.Get(name)
	l, isList := v.([]any)
	if !ok || !isList {
		return nil, fmt.Errorf("the document has no list %q", name)
	}
	return l, nil
}

// nestedList reads a list inside of a column.
func nestedList(doc *py.Dict, name, field string) ([]any, error) {
	v, _ := doc.Get(name)
	inner, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("the document has no mapping %q", name)
	}
	l, err := list(inner, field)
	if err != nil {
		return nil, fmt.Errorf("the document has no list %q in %q", field, name)
	}
	return l, nil
}
