package prompts

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// Shots of multiple choice name their answer by number, also from the end, or
// by a truth value.
func TestAnswersOfShots(t *testing.T) {
	choices := "output_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: '{{[a, b]}}'\ndoc_to_target: gold\n"
	const refused = "is neither a text nor one of the choices"
	generate := "output_type: generate_until\ndoc_to_text: q\ndoc_to_target: gold\n"
	for _, tt := range []struct{ name, keys, gold, want string }{
		{"first", choices, "0", "Q A\n\nQ"},
		{"last", choices, "1", "Q B\n\nQ"},
		{"from the end", choices, "-1", "Q B\n\nQ"},
		{"the farthest from the end", choices, "-2", "Q A\n\nQ"},
		{"behind the last", choices, "2", refused},
		{"before the first", choices, "-3", refused},
		{"true", choices, "true", "Q B\n\nQ"},
		{"false", choices, "false", "Q A\n\nQ"},
		{"true without choices", generate, "true", refused},
		{"a number without choices", generate, "1", refused},
		{"an empty list", generate, "[]", refused},
		{"a list of numbers", generate, "[1]", refused},
		{"nothing", generate, "null", "QQ"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eval := docs(t, `{"q":"Q","a":"A","b":"B","gold":0}`)
			pool := docs(t, `{"q":"Q","a":"A","b":"B","gold":`+tt.gold+`}`)
			got := firstContext(t, parse(t, tt.keys), eval, pool)
			if tt.want == refused && strings.HasPrefix(got, "task t, doc 0: shot 1: ") && strings.HasSuffix(got, refused) {
				return
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// firstContext is the first document's prompt with one shot, or the error.
func firstContext(t *testing.T, task *tasks.Task, eval, pool []*py.Dict) string {
	t.Helper()
	b, err := NewBuilder(task, eval, Pool{Docs: pool, Name: "train"}, Options{Shots: 1, Rule: Reference})
	if err != nil {
		return err.Error()
	}
	for it, err := range b.Items([]int{0}) {
		if err != nil {
			return err.Error()
		}
		return it.Contexts()[0]
	}
	return ""
}

// The number of the right input is one of the inputs.
func TestInputNumbers(t *testing.T) {
	task := parse(t, "output_type: multiple_choice\ndoc_to_text: '{{right}}'\ndoc_to_choice: '{{[x, y]}}'\ndoc_to_target: '{{rest}}'\n")
	eval := docs(t, `{"right":0,"x":"Ann","y":"Bob","rest":"is late."}`)
	for right, want := range map[string]string{
		"0": "Ann is late.\n\nAnn", "1": "Bob is late.\n\nAnn", "2": "2 is not one of 2 inputs", "12": "12 is not one of 2 inputs",
	} {
		pool := docs(t, `{"right":`+right+`,"x":"Ann","y":"Bob","rest":"is late."}`)
		if got := firstContext(t, task, eval, pool); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, want %q", right, got, want)
		}
	}
}

// Documents are asked for again: the reference's draws start anew.
func TestItemsTwice(t *testing.T) {
	eval := docs(t, `{"q":"0","a":"x"}`, `{"q":"1","a":"x"}`, `{"q":"2","a":"x"}`, `{"q":"3","a":"x"}`)
	task := parse(t, "output_type: generate_until\ndoc_to_text: q\ndoc_to_target: a\n")
	for _, rule := range []Rule{Fixed, Reference} {
		b, err := NewBuilder(task, eval, Pool{Docs: eval}, Options{Shots: 1, Rule: rule, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		contexts := func(ids ...int) (out []string) {
			for it, err := range b.Items(ids) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, it.Contexts()...)
			}
			return out
		}
		first := contexts(0, 1, 2, 3)
		if diff := cmp.Diff(first, contexts(0, 1, 2, 3)); diff != "" {
			t.Errorf("%v: %s", rule, diff)
		}
		if diff := cmp.Diff(first[2:3], contexts(2)); diff != "" {
			t.Errorf("%v, only one: %s", rule, diff)
		}
	}
}

// Without shots a pool may be empty.
func TestNoShotsNoPool(t *testing.T) {
	eval := docs(t, `{"q":"Q","a":"A"}`)
	task := parse(t, "output_type: generate_until\ndoc_to_text: q\ndoc_to_target: a\n")
	for _, rule := range []Rule{Fixed, Reference} {
		if got := build(t, task, eval, nil, Options{Rule: rule})[0].Contexts()[0]; got != "Q" {
			t.Errorf("%v: %q", rule, got)
		}
	}
}

func TestRules(t *testing.T) {
	for _, rule := range []Rule{Fixed, Reference} {
		if got, err := ParseRule(rule.String()); got != rule || err != nil {
			t.Errorf("%v: %v, %v", rule, got, err)
		}
	}
	if _, err := ParseRule("x"); err == nil {
		t.Error("a rule named x is known")
	}
}

// What the error says is left can be drawn.
func TestPoolSize(t *testing.T) {
	for _, tt := range []struct {
		pool    Pool
		n, size int // size: what the error says, -1 without one
	}{
		{Pool{Docs: numbered(3)}, 3, -1},
		{Pool{Docs: numbered(3)}, 4, 3},
		{Pool{Docs: numbered(3), ExcludeDoc: true}, 2, -1},
		{Pool{Docs: numbered(3), ExcludeDoc: true}, 3, 2},
	} {
		_, err := newSampler("t", "default", Reference, 1, tt.pool, tt.n)
		var small *PoolError
		if errors.As(err, &small) != (tt.size >= 0) || small != nil && small.Size != tt.size {
			t.Errorf("%d of %d: %v, want %d", tt.n, len(tt.pool.Docs), err, tt.size)
		}
	}
}

// Copies of the evaluated document are no exemplars of it.
func TestCopiesOfTheDocument(t *testing.T) {
	pool := numbered(4)
	pool[1], pool[2] = pool[0], pool[0]
	s, err := newSampler("t", "default", Reference, 1, Pool{Docs: pool, ExcludeDoc: true}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if got := draw(t, s, i, pool[0]); len(got) != 1 || got[0] != 3 {
			t.Fatalf("exemplars %v", got)
		}
	}
	if s, err = newSampler("t", "default", Reference, 1, Pool{Docs: pool, ExcludeDoc: true}, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := s.exemplars(0, pool[0]); !errors.As(err, new(*PoolError)) {
		t.Errorf("two of one other document: %v", err)
	}
}

// One message for all turns: system text and a begun answer stay apart.
func TestSingleTurn(t *testing.T) {
	system, user := Message{Role: "system", Content: "S"}, Message{Role: "user", Content: "Q", delimiter: " "}
	answer, begun := Message{Role: "assistant", Content: "A", delimiter: "\n\n"}, Message{Role: "assistant", Content: "B"}
	one := func(s string) Message { return Message{Role: "user", Content: s} }
	for _, tt := range []struct {
		name     string
		in, want []Message
	}{
		{"nothing", nil, nil},
		{"system", []Message{system}, []Message{system}},
		{"question", []Message{user}, []Message{one("Q")}},
		{"all", []Message{system, user, answer, user, begun}, []Message{system, one("Q A\n\nQ"), begun}},
		{"answer alone", []Message{begun}, []Message{begun}},
		{"system and answer", []Message{system, begun}, []Message{system, begun}},
	} {
		if diff := cmp.Diff(tt.want, singleTurn(tt.in), cmp.AllowUnexported(Message{})); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// A template may put nothing before an answer, and refuse to say anything.
func TestChatEdges(t *testing.T) {
	bare, err := NewChat(`{{messages[-1].content}}`, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := bare.continued([]Message{{Role: "assistant"}}); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	refuses, err := NewChat(`{{raise_exception("no")}}`, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := refuses.render(nil, true); err == nil || !strings.Contains(err.Error(), "no") {
		t.Error(err)
	}
}

// Under a chat template the answer's delimiter is the template's, unless
// gen_prefix began it.
func TestContinuationDelimiter(t *testing.T) {
	chat, err := NewChat(`{% for m in messages %}[{{m.role}}]{{m.content}}{% endfor %}`, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		prefix string
		chat   *ChatConfig
		want   string
	}{
		{"", nil, "="}, {"P:", nil, "="}, {"", chat, ""}, {"P:", chat, "="}, {"P: ", chat, ""},
	} {
		keys := "output_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: '{{[a]}}'\ndoc_to_target: 0\ntarget_delimiter: '='\n"
		if tt.prefix != "" {
			keys += "gen_prefix: '" + tt.prefix + "'\n"
		}
		it := build(t, parse(t, keys), docs(t, `{"q":"Q","a":"A"}`), nil, Options{Chat: tt.chat})[0]
		if got := it.Requests[0].Continuation; got != tt.want+"A" {
			t.Errorf("prefix %q, chat %v: %q, want %q", tt.prefix, tt.chat != nil, got, tt.want+"A")
		}
	}
}

// A target names a choice by number, truth value or text, or is a text itself.
func TestAccepted(t *testing.T) {
	scored := []Request{{Kind: Loglikelihood, Continuation: " A"}, {Kind: Loglikelihood, Continuation: " B"}}
	for _, tt := range []struct {
		target   py.Value
		choices  []string
		requests []Request
		want     string
	}{
		{int64(0), []string{"A", "B"}, scored, " A"},
		{int64(1), []string{"A", "B"}, scored, " B"},
		{int64(2), []string{"A", "B"}, scored, "2"},
		{int64(-1), []string{"A", "B"}, scored, "-1"},
		{true, []string{"A", "B"}, scored, " B"},
		{false, []string{"A", "B"}, scored, " A"},
		{true, []string{"A"}, scored[:1], "True"},
		{false, []string{"A"}, scored[:1], " A"},
		{false, nil, nil, "False"},
		{"B", []string{"A", "B"}, scored, " B"},
		{"C", []string{"A", "B"}, scored, "C"},
		{int64(1), []string{"A", "B"}, []Request{{Kind: Generate}}, "B"},
		{int64(0), []string{"A", "B"}, []Request{{Kind: Generate}}, "A"},
	} {
		it := Item{Target: tt.target, Choices: tt.choices, Requests: tt.requests}
		if diff := cmp.Diff([]string{tt.want}, it.Accepted()); diff != "" {
			t.Errorf("%v of %v: %s", tt.target, tt.choices, diff)
		}
	}
}

func TestAllDigits(t *testing.T) {
	for s, want := range map[string]bool{"0": true, "9": true, "1029": true, "": false, "/": false, ":": false, "1a": false, "-1": false} {
		if allDigits(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

// Expressions of all kinds give values, or errors that name them.
func TestFieldKinds(t *testing.T) {
	doc := docs(t, `{"list":"['A', 'B']","none":null,"q":"Q"}`)[0]
	columns := map[string]bool{"list": true, "gone": true}
	text := func(s string) tasks.Expr { return tasks.Expr{Kind: tasks.ExprText, Text: s} }
	for _, tt := range []struct {
		expr    tasks.Expr
		text    string   // or its error
		choices []string // nil: an error
	}{
		{text("{{q}}!"), "Q!", nil},
		{text("list"), "['A', 'B']", nil}, // a column's text is no list
		{text("{{list}}"), "['A', 'B']", []string{"A", "B"}},
		{text("['x', 'y']"), "['x', 'y']", []string{"x", "y"}},
		{text("'[1]'"), "'[1]'", nil}, // read once: a text
		{text("gone"), `key: this document has no column "gone"`, nil},
		{text("{{q.x()}}"), "key: ", nil},
		{tasks.Expr{Kind: tasks.ExprInt, Int: 3}, "key: gives int, not a text", nil},
		{tasks.Expr{Kind: tasks.ExprList, List: []any{"a", int64(1)}}, "key: gives list, not a text", []string{"a", "1"}},
		{tasks.Expr{Kind: tasks.ExprList, List: []any{}}, "key: gives list, not a text", nil},
		{tasks.Expr{Kind: tasks.ExprFunc, Name: "f", Func: func(*py.Dict) (py.Value, error) { return py.Tuple{"t"}, nil }}, "key: gives tuple, not a text", []string{"t"}},
		{tasks.Expr{Kind: tasks.ExprFunc, Name: "f", Func: func(*py.Dict) (py.Value, error) { return nil, errors.New("broken") }}, "key: function f: broken", nil},
		{tasks.Expr{Kind: tasks.ExprText, Text: "gone", File: "t.yaml", Line: 4}, `t.yaml:4: key: this document has no column "gone"`, nil},
		{tasks.Expr{}, "", nil},
	} {
		f, err := compile("key", tt.expr, columns)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.text(doc)
		if err != nil {
			got = err.Error()
		}
		if got != tt.text && !(err != nil && tt.text == "key: " && strings.HasPrefix(got, tt.text)) {
			t.Errorf("%+v: %q, want %q", tt.expr, got, tt.text)
		}
		list, err := f.choices(doc)
		if (err == nil) != (tt.choices != nil) || tt.choices != nil && cmp.Diff(tt.choices, list) != "" {
			t.Errorf("%+v: choices %q, %v, want %q", tt.expr, list, err, tt.choices)
		}
	}
}

func TestRegexReplace(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		{`{{q | regex_replace("b", "x")}}`, "axxc"},
		{`{{q | regex_replace("b", "x", 1)}}`, "axbc"},
		{`{{q | regex_replace(pattern="b+", repl="")}}`, "ac"},
		{`{{q | regex_replace("(", "x")}}`, "missing )"},
		{`{{q | regex_replace("b", 1)}}`, "regex_replace wants"},
		{`{{q | regex_replace(1, "b")}}`, "regex_replace wants"},
		{`{{q | regex_replace("b", "x", "y")}}`, "regex_replace wants"},
		{`{{1 | regex_replace("b", "x")}}`, "regex_replace wants"},
	} {
		f, err := compile("key", tasks.Expr{Kind: tasks.ExprText, Text: tt.expr}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.text(docs(t, `{"q":"abbc"}`)[0])
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.expr, got, tt.want)
		}
	}
}

func TestHasDescription(t *testing.T) {
	eval := docs(t, `{"q":"Q","a":"A"}`)
	for description, want := range map[string]bool{"": false, "description: D\n": true, "description: '{{q[1:]}}'\n": false} {
		b, err := NewBuilder(parse(t, "output_type: generate_until\ndoc_to_text: q\ndoc_to_target: a\n"+description), eval, Pool{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if b.HasDescription() != want {
			t.Errorf("%q: %v", description, !want)
		}
	}
}
