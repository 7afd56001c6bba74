package sample

import (
	"slices"
	"strings"
	"testing"
)

// TestLabelsAreBalanced checks that every label points at a choice and that always giving the same one scores no better than chance.
func TestLabelsAreBalanced(t *testing.T) {
	for _, f := range families {
		for _, split := range Splits(f.repo, f.config) {
			var labels []int
			width := 0
			for n, d := range docs[map[string]any](t, f.repo, f.config, split) {
				choices, label := answer(f.repo, d)
				if choices == nil {
					break // no multiple choice
				}
				if width = len(choices); slices.Contains(choices, "") || width != len(slices.Compact(slices.Sorted(slices.Values(choices)))) {
					t.Errorf("%s %s line %d: choices %q, want different ones", f.config, split, n+1, choices)
				}
				labels = append(labels, label)
			}
			balanced(t, f.config+" "+split, labels, width)
		}
	}
}

// answer returns the choices of a document and which of them is right, -1 for a label that names none; nil choices if there is nothing to choose.
func answer(repo string, d map[string]any) (choices []string, label int) {
	switch repo {
	case "Rowan/hellaswag":
		return texts(d["endings"]), slices.Index([]string{"0", "1", "2", "3"}, d["label"].(string))
	case "allenai/ai2_arc":
		c := d["choices"].(map[string]any)
		return texts(c["text"]), slices.Index(texts(c["label"]), d["answerKey"].(string))
	case "allenai/winogrande":
		return []string{d["option1"].(string), d["option2"].(string)}, slices.Index([]string{"1", "2"}, d["answer"].(string))
	case "baber/piqa":
		return []string{d["sol1"].(string), d["sol2"].(string)}, int(d["label"].(float64))
	case "cais/mmlu":
		return texts(d["choices"]), int(d["answer"].(float64))
	}
	return nil, -1
}

func texts(list any) (out []string) {
	for _, v := range list.([]any) {
		out = append(out, v.(string))
	}
	return out
}

func balanced(t *testing.T, name string, labels []int, choices int) {
	t.Helper()
	count := make([]int, choices)
	for n, label := range labels {
		if label < 0 || label >= choices {
			t.Errorf("%s line %d: label %d of %d choices", name, n+1, label, choices)
			return
		}
		count[label]++
	}
	for label, n := range count {
		if n*choices != len(labels) {
			t.Errorf("%s: choice %d is right %d times in %d, want a share of 1/%d", name, label, n, len(labels), choices)
		}
	}
}

func TestWinoGrandeBlank(t *testing.T) {
	for _, split := range []string{"train", "validation"} {
		for n, d := range docs[struct{ Sentence, Option1, Option2 string }](t, "allenai/winogrande", "winogrande_xl", split) {
			if strings.Count(d.Sentence, "_") != 1 || !strings.Contains(d.Sentence, d.Option1) || !strings.Contains(d.Sentence, d.Option2) {
				t.Errorf("%s line %d: %q needs one blank and both options", split, n+1, d.Sentence)
			}
		}
	}
}

func TestHellaSwagContext(t *testing.T) {
	for _, split := range []string{"train", "validation"} {
		for n, d := range docs[map[string]any](t, "Rowan/hellaswag", "default", split) {
			if want := d["ctx_a"].(string) + " " + d["ctx_b"].(string); d["ctx"] != want {
				t.Errorf("%s line %d: ctx is %q, want ctx_a and ctx_b: %q", split, n+1, d["ctx"], want)
			}
		}
	}
}

func TestTriviaAliases(t *testing.T) {
	type doc struct {
		Question string
		Answer   map[string]any
	}
	for _, split := range []string{"train", "validation"} {
		all := docs[doc](t, "mandarjoshi/trivia_qa", "rc.nocontext", split)
		for n, d := range all {
			a := d.Answer
			if !slices.Contains(a["aliases"].([]any), a["value"]) || !slices.Contains(a["normalized_aliases"].([]any), a["normalized_value"]) {
				t.Errorf("%s line %d: the value is not among the aliases: %v", split, n+1, a)
			}
			if !strings.HasSuffix(d.Question, "?") {
				t.Errorf("%s line %d: %q is no question", split, n+1, d.Question)
			}
		}
		wiki, _ := Open("mandarjoshi/trivia_qa", "rc.wikipedia.nocontext", split)
		if rc, _ := Open("mandarjoshi/trivia_qa", "rc.nocontext", split); string(rc) != string(wiki) {
			t.Errorf("%s: the two configurations differ", split)
		}
	}
}

func TestNQOpenStyle(t *testing.T) {
	for _, split := range []string{"train", "validation"} {
		for _, d := range docs[struct {
			Question string
			Answer   []string
		}](t, "google-research-datasets/nq_open", "nq_open", split) {
			if d.Question != strings.ToLower(d.Question) || strings.HasSuffix(d.Question, "?") {
				t.Errorf("%q: want lower case and no question mark", d.Question)
			}
			if len(d.Answer) == 0 || slices.Contains(d.Answer, "") {
				t.Errorf("%q has no answer", d.Question)
			}
		}
	}
}

// TestSquadOffsets checks that answers stand in the context where their offset, in code points, says.
func TestSquadOffsets(t *testing.T) {
	for split, wantUnanswerable := range map[string]int{"train": 3, "validation": 3} {
		unanswerable := 0
		for n, d := range docs[struct {
			Context string
			Answers struct {
				Text  []string
				Start []int `json:"answer_start"`
			}
		}](t, "rajpurkar/squad_v2", "squad_v2", split) {
			context := []rune(d.Context)
			if len(d.Answers.Text) != len(d.Answers.Start) {
				t.Fatalf("%s line %d: %d texts, %d offsets", split, n+1, len(d.Answers.Text), len(d.Answers.Start))
			}
			if len(d.Answers.Text) == 0 {
				unanswerable++
			}
			for i, text := range d.Answers.Text {
				start := d.Answers.Start[i]
				end := start + len([]rune(text))
				if text == "" || start < 0 || end > len(context) || string(context[start:end]) != text {
					t.Errorf("%s line %d: %q does not stand at %d", split, n+1, text, start)
				}
			}
		}
		if unanswerable != wantUnanswerable {
			t.Errorf("%s: %d unanswerable questions, want %d", split, unanswerable, wantUnanswerable)
		}
	}
}
