package prompts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// parse reads a task file written in a test.
func parse(t *testing.T, text string) *tasks.Task {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(path, []byte("task: t\ndataset_path: json\ntest_split: test\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	task, err := tasks.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func docs(t *testing.T, lines ...string) []*py.Dict {
	t.Helper()
	var out []*py.Dict
	for _, l := range lines {
		v, err := py.ParseJSON([]byte(l))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v.(*py.Dict))
	}
	return out
}

func build(t *testing.T, task *tasks.Task, eval, pool []*py.Dict, o Options) []Item {
	t.Helper()
	b, err := NewBuilder(task, eval, Pool{Docs: pool, Name: "train"}, o)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int, len(eval))
	for i := range ids {
		ids[i] = i
	}
	var out []Item
	for it, err := range b.Items(ids) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, it)
	}
	return out
}

func TestMultipleChoice(t *testing.T) {
	task := parse(t, `
output_type: multiple_choice
description: "About {{topic}}.\n\n"
doc_to_text: "Q: {{q}}\nA:"
doc_to_choice: "{{[a, b]}}"
doc_to_target: gold
`)
	eval := docs(t, `{"topic":"stars","q":"Near?","a":"Sun","b":"Vega","gold":0}`)
	pool := docs(t, `{"topic":"x","q":"Red?","a":"Mars","b":"Venus","gold":0}`)
	it := build(t, task, eval, pool, Options{Shots: 1})[0]
	want := "About stars.\n\nQ: Red?\nA: Mars\n\nQ: Near?\nA:"
	if diff := cmp.Diff([]string{want}, it.Contexts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{" Sun", " Vega"}, it.Continuations()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{" Sun"}, it.Accepted()); diff != "" {
		t.Error(diff)
	}
}

func TestDelimitersAndAnswers(t *testing.T) {
	tests := []struct{ name, keys, doc, want string }{
		{"text target", "doc_to_text: '{{q}}'\ndoc_to_target: '{{a}}'", `{"q":"Q","a":"A"}`, "Q A\n\nQ"},
		{"column", "doc_to_text: q\ndoc_to_target: a", `{"q":"Q","a":"A"}`, "Q A\n\nQ"},
		{"first of a list", "doc_to_text: q\ndoc_to_target: a", `{"q":"Q","a":["A","B"]}`, "Q A\n\nQ"},
		{"list as text", "doc_to_text: q\ndoc_to_target: '{{a}}'", `{"q":"Q","a":["A","B"]}`, "Q A\n\nQ"},
		{"delimiters", "doc_to_text: q\ndoc_to_target: a\ntarget_delimiter: '='\nfewshot_delimiter: '|'", `{"q":"Q","a":"A"}`, "Q=A|Q"},
		{"target's own space", "doc_to_text: q\ndoc_to_target: '{{\" \" + a}}'", `{"q":"Q","a":"A"}`, "Q  A\n\nQ"},
		{"gen_prefix", "doc_to_text: q\ndoc_to_target: a\ngen_prefix: 'P:'", `{"q":"Q","a":"A"}`, "Q P: A\n\nQ P:"},
		{"gen_prefix with spaces", "doc_to_text: q\ndoc_to_target: a\ngen_prefix: ' P: '", `{"q":"Q","a":"A"}`, "Q P: A\n\nQ P: "},
		{"own few-shot texts", "doc_to_text: q\ndoc_to_target: a\nfewshot_config: {doc_to_text: 'F', doc_to_target: 'G'}", `{"q":"Q","a":"A"}`, "F G\n\nQ"},
		{"empty answer", "doc_to_text: q\ndoc_to_target: a", `{"q":"Q","a":""}`, "QQ"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			task := parse(t, "output_type: generate_until\n"+tt.keys+"\n")
			it := build(t, task, docs(t, tt.doc), docs(t, tt.doc), Options{Shots: 1, Rule: Reference})[0]
			if got := it.Contexts()[0]; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// WinoGrande's form: one context per choice and a shared continuation.
func TestMultipleInputs(t *testing.T) {
	task := parse(t, `
output_type: multiple_choice
doc_to_text: "{{right}}"
doc_to_choice: "{{[x + ' is', y + ' is']}}"
doc_to_target: "{{rest}}"
`)
	doc := docs(t, `{"right":1,"x":"Ann","y":"Bob","rest":"late."}`)
	it := build(t, task, doc, doc, Options{Shots: 1, Rule: Reference})[0]
	if diff := cmp.Diff([]string{"Bob is late.\n\nAnn is", "Bob is late.\n\nBob is"}, it.Contexts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{" late.", " late."}, it.Continuations()); diff != "" {
		t.Error(diff)
	}
	if it.Input != int64(1) {
		t.Errorf("the right input is %v", it.Input)
	}
}

func TestRequestKinds(t *testing.T) {
	doc := docs(t, `{"q":"Q","a":"A"}`)
	rolling := build(t, parse(t, "output_type: loglikelihood_rolling\ndoc_to_text: ''\ndoc_to_target: '{{q}} {{a}}'\n"), doc, nil, Options{})[0]
	if diff := cmp.Diff([]Request{{Kind: Rolling, Continuation: "Q A"}}, rolling.Requests); diff != "" {
		t.Error(diff)
	}
	scored := build(t, parse(t, "output_type: loglikelihood\ndoc_to_text: q\ndoc_to_target: '{{\" \" + a}}'\n"), doc, nil, Options{})[0]
	if diff := cmp.Diff([]Request{{Context: "Q", Continuation: " A"}}, scored.Requests); diff != "" {
		t.Error(diff)
	}
	gen := Generation{MaxTokens: 3, Samples: 1}
	both := build(t, parse(t, "output_type: generate_until\ndoc_to_text: q\ndoc_to_target: a\nmetadata: {loglikelihood_continuation: ' none'}\n"), doc, nil, Options{Gen: gen})[0]
	if diff := cmp.Diff([]Request{{Kind: Generate, Context: "Q", Gen: gen}, {Context: "Q", Continuation: " none"}}, both.Requests); diff != "" {
		t.Error(diff)
	}
	mutual := build(t, parse(t, "output_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: [x, z]\ndoc_to_target: 0\nmetric_list: [{metric: acc_mutual_info}]\n"), doc, nil, Options{})[0]
	if n := len(mutual.Requests); n != 4 || !cmp.Equal(mutual.Requests[3], Request{Continuation: " z"}) {
		t.Errorf("%d requests with mutual information: %+v", n, mutual.Requests)
	}
}

// Exemplars of a document do not depend on which other documents are asked.
func TestReferenceDrawsAreReplayed(t *testing.T) {
	task := parse(t, "output_type: generate_until\ndoc_to_text: '{{i}}'\ndoc_to_target: '{{i}}'\n")
	eval, pool := numbered(20), numbered(50)
	all := build(t, task, eval, pool, Options{Shots: 2, Rule: Reference, Seed: 1234})
	b, err := NewBuilder(task, eval, Pool{Docs: pool}, Options{Shots: 2, Rule: Reference, Seed: 1234})
	if err != nil {
		t.Fatal(err)
	}
	for it, err := range b.Items([]int{3, 17}) {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all[it.DocID].Contexts(), it.Contexts()); diff != "" {
			t.Errorf("document %d: %s", it.DocID, diff)
		}
	}
}

func TestErrorsNameTheDocument(t *testing.T) {
	task := parse(t, "output_type: generate_until\ndoc_to_text: '{{q.upper()}}'\ndoc_to_target: a\n")
	b, err := NewBuilder(task, docs(t, `{"q":"Q","a":"A"}`, `{"q":null,"a":"A"}`), Pool{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range b.Items([]int{0, 1}) {
	}
	if err == nil || !strings.Contains(err.Error(), "task t, doc 1") || !strings.Contains(err.Error(), "doc_to_text") {
		t.Errorf("error is %v", err)
	}
}

func TestChat(t *testing.T) {
	chat, err := NewChat(`{{bos_token}}{% for m in messages %}[{{m.role}}]{{m.content}}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}`, "<s>", "</s>")
	if err != nil {
		t.Fatal(err)
	}
	doc := docs(t, `{"q":"Q","a":"A"}`)
	task := parse(t, "output_type: generate_until\ndescription: D\ndoc_to_text: q\ndoc_to_target: a\n")
	o := Options{Shots: 1, Rule: Reference, Chat: chat, System: "S"}
	if got, want := build(t, task, doc, doc, o)[0].Contexts()[0], "<s>[system]S\n\nD[user]Q[assistant]A[user]Q[assistant]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	one := *chat
	one.MultiTurn = false
	o.Chat = &one
	if got, want := build(t, task, doc, doc, o)[0].Contexts()[0], "<s>[system]S\n\nD[user]Q A\n\nQ[assistant]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	prefixed := parse(t, "output_type: generate_until\ndoc_to_text: q\ndoc_to_target: a\ngen_prefix: 'P:'\n")
	if got, want := build(t, prefixed, doc, doc, Options{Chat: chat})[0].Contexts()[0], "<s>[user]Q[assistant]P:"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
