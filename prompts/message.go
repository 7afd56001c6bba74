package prompts

import (
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// A Message is one turn of a prompt. As plain text it is Content followed by
// the delimiter; under a chat template only Role and Content count.
type Message struct {
	Role    string // system, user or assistant
	Content string

	delimiter string
}

func plainText(ms []Message) string {
	n := 0
	for _, m := range ms {
		n += len(m.Content) + len(m.delimiter)
	}
	buf := make([]byte, 0, n)
	for _, m := range ms {
		buf = append(buf, m.Content...)
		buf = append(buf, m.delimiter...)
	}
	return string(buf)
}

// singleTurn merges shots and question into one user message, with the
// delimiters of the plain text; a system message and an answer that is
// already begun stay on their own.
func singleTurn(ms []Message) []Message {
	var out []Message
	if len(ms) > 0 && ms[0].Role == "system" {
		out, ms = append(out, ms[0]), ms[1:]
	}
	var begun []Message
	if n := len(ms); n > 0 && ms[n-1].Role == "assistant" {
		ms, begun = ms[:n-1], ms[n-1:]
	}
	if len(ms) > 0 {
		last := ms[len(ms)-1]
		body := append(append([]Message(nil), ms[:len(ms)-1]...), Message{Content: last.Content})
		out = append(out, Message{Role: "user", Content: plainText(body)})
	}
	return append(out, begun...)
}

// A turn is one question, with its answer when it is a shot.
type turn struct {
	question  string
	answer    string
	hasAnswer bool
	prefix    string // opens the answer (gen_prefix)
	target    string // delimiter between question and answer
	fewshot   string // delimiter after the answer
}

// messages lays a turn out as the reference's build_qa_turn does. The target
// delimiter of the evaluated question is not put here: it belongs to the
// continuation.
func (t turn) messages() []Message {
	delimiter := ""
	if t.hasAnswer && t.prefix == "" || t.prefix != "" && t.question != "" && !spaceAtJoint(t.question, t.prefix) {
		delimiter = t.target
	}
	ms := []Message{{Role: "user", Content: t.question, delimiter: delimiter}}
	switch {
	case t.hasAnswer:
		ms = append(ms, Message{Role: "assistant", Content: joinWith(t.prefix, t.answer, " "), delimiter: t.fewshot})
	case t.prefix != "":
		ms = append(ms, Message{Role: "assistant", Content: t.prefix})
	}
	return ms
}

// joinWith joins two texts with the delimiter, unless one is empty or has
// white space at the joint already.
func joinWith(a, b, delimiter string) string {
	if a == "" || b == "" || spaceAtJoint(a, b) {
		return a + b
	}
	return a + delimiter + b
}

func spaceAtJoint(a, b string) bool {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	return py.IsSpace(last) || py.IsSpace(first)
}

func endsWithSpace(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && py.IsSpace(last)
}
