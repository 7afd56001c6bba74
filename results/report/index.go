package report

import (
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// previewRunes is how much of a question the list shows.
const previewRunes = 120

// An index is what the page keeps of every item, column by column.
type index struct {
	Chunks []int       `json:"chunks"` // the first item of each
	Tasks  []string    `json:"tasks"`
	Starts []int       `json:"starts"` // the first item of each task
	Docs   []int32     `json:"docs"`
	Texts  []string    `json:"texts"`
	Values [][]verdict `json:"values"` // of each model

	judges map[string]string // by task
}

// A verdict is the value that a sample is judged by: null without one, false
// where the model has no such sample.
type verdict struct {
	absent bool
	value  float64 // NaN: none
}

func (v verdict) MarshalJSON() ([]byte, error) {
	switch {
	case v.absent:
		return []byte("false"), nil
	case math.IsNaN(v.value) || math.IsInf(v.value, 0):
		return []byte("null"), nil
	}
	return number(v.value).MarshalJSON()
}

func newIndex(h head) *index {
	x := &index{Chunks: []int{}, Tasks: []string{}, Starts: []int{}, Docs: []int32{}, Texts: []string{}, judges: map[string]string{}}
	for range h.Models {
		x.Values = append(x.Values, []verdict{})
	}
	for _, t := range h.Tasks {
		if t.Kind == results.KindTask {
			x.judges[t.Name] = t.Judge
		}
	}
	return x
}

// add adds the items of the next chunk.
func (x *index) add(items []item) {
	x.Chunks = append(x.Chunks, len(x.Docs))
	p := newStarts(items)
	for _, it := range items {
		s := it.samples[0]
		if n := len(x.Tasks); n == 0 || x.Tasks[n-1] != s.Task {
			x.Tasks, x.Starts = append(x.Tasks, s.Task), append(x.Starts, len(x.Docs))
		}
		x.Docs = append(x.Docs, s.DocID)
		x.Texts = append(x.Texts, preview(p, s))
		for m := range x.Values {
			x.Values[m] = append(x.Values[m], verdict{absent: true})
		}
		for _, s := range it.samples {
			x.Values[s.model][len(x.Docs)-1] = x.judge(s.Sample)
		}
	}
}

func (x *index) judge(s results.Sample) verdict {
	if v, ok := s.Metrics[x.judges[s.Task]]; ok {
		return verdict{value: v}
	}
	return verdict{value: math.NaN()}
}

// preview is the beginning of what is asked, on one line.
func preview(p starts, s answered) string {
	start, contexts := p.cut(s)
	text := ""
	for _, candidate := range slices.Concat(contexts, s.Continuations) {
		text = strings.TrimSpace(candidate)
		if start == nil && s.Shots > 0 { // an empty line is what mostly parts shots
			text = text[strings.LastIndex(text, "\n\n")+1:]
		}
		if text != "" {
			break
		}
	}
	// Cut before it is split: a document may be a book.
	words := strings.Fields(strings.ToValidUTF8(text[:min(len(text), 8*previewRunes)], ""))
	runes := []rune(strings.Join(words, " "))
	if len(runes) > previewRunes {
		return string(runes[:previewRunes]) + "…"
	}
	return string(runes)
}
