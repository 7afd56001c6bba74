package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/runner/engine"
)

// bytesEncoder has one token a byte, except that "ab" is one token (1000), so
// that a joint between "a" and "b" merges.
func bytesEncoder() *encoder {
	return &encoder{
		encode: func(s string) []int32 {
			var out []int32
			for len(s) > 0 {
				if strings.HasPrefix(s, "ab") {
					out, s = append(out, 1000), s[2:]
					continue
				}
				out, s = append(out, int32(s[0])), s[1:]
			}
			return out
		},
		bos: 1, bosText: "<s>", eos: 2, maxLength: 8,
	}
}

func TestPair(t *testing.T) {
	tests := []struct {
		name, context, continuation string
		addBOS                      bool
		wantContext, wantScored     []int32
	}{
		{"plain", "x", " y", false, []int32{'x'}, []int32{' ', 'y'}},
		{"context's white space moves", "x \n", "y", false, []int32{'x'}, []int32{' ', '\n', 'y'}},
		{"BOS", "x", "y", true, []int32{1, 'x'}, []int32{'y'}},
		{"BOS never twice", "<s>x", "y", true, []int32{'<', 's', '>', 'x'}, []int32{'y'}},
		{"merged joint falls back", "a", "b", false, []int32{'a'}, []int32{'b'}},
		{"merged joint keeps the context's own tokens", "xa", "bc", false, []int32{'x', 'a'}, []int32{'c'}},
		{"empty context", "", "xy", false, []int32{1}, []int32{'x', 'y'}},
		{"blank context", " ", "x", false, []int32{1}, []int32{' ', 'x'}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := bytesEncoder()
			e.addBOS = tt.addBOS
			c, s, err := e.pair(tt.context, tt.continuation)
			if err != nil || !slices.Equal(c, tt.wantContext) || !slices.Equal(s, tt.wantScored) {
				t.Errorf("pair(%q, %q) = %v, %v, %v; want %v, %v", tt.context, tt.continuation, c, s, err, tt.wantContext, tt.wantScored)
			}
		})
	}
}

func TestScoredIsCutFromTheLeft(t *testing.T) {
	e := bytesEncoder()
	got, err := e.encodeRequest(prompts.Request{Context: "0123456789", Continuation: "xy"})
	if err != nil {
		t.Fatal(err)
	}
	// 12 tokens; the input (all but the last) may have 8.
	if got.truncated != 3 || string(toBytes(got.requests[0].All())) != "3456789xy" || got.requests[0].Scored != 2 || got.contextTokens != 10 {
		t.Errorf("got %+v", got)
	}
	if _, err := e.encodeRequest(prompts.Request{Context: "0", Continuation: "123456789"}); err == nil {
		t.Error("a continuation longer than the context length was taken")
	}
}

func TestPromptLeavesRoomForTheAnswer(t *testing.T) {
	e := bytesEncoder()
	got, err := e.encodeRequest(prompts.Request{Kind: prompts.Generate, Context: "0123456789", Gen: prompts.Generation{MaxTokens: 3}})
	if err != nil || got.truncated != 5 || string(toBytes(got.requests[0].All())) != "56789" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := e.encodeRequest(prompts.Request{Kind: prompts.Generate, Context: "0", Gen: prompts.Generation{MaxTokens: 8}}); err == nil {
		t.Error("max_tokens as large as the context was taken")
	}
}

// Every token of the text is predicted exactly once, with no window longer
// than the context.
func TestRollingPredictsEachTokenOnce(t *testing.T) {
	e := bytesEncoder()
	for n := 1; n < 40; n++ {
		text := strings.Repeat("0123456789", 4)[:n]
		got, err := e.encodeRequest(prompts.Request{Kind: prompts.Rolling, Continuation: text})
		if err != nil {
			t.Fatal(err)
		}
		var predicted []int32
		for _, r := range got.requests {
			if len(r.Tokens)-1 > e.maxLength {
				t.Fatalf("%d tokens: a window of %d inputs", n, len(r.Tokens)-1)
			}
			predicted = append(predicted, r.Tokens[len(r.Tokens)-r.Scored:]...)
		}
		if string(toBytes(predicted)) != text {
			t.Fatalf("%d tokens: predicted %q, want %q", n, toBytes(predicted), text)
		}
	}
}

func toBytes(ids []int32) []byte {
	out := make([]byte, len(ids))
	for i, id := range ids {
		out[i] = byte(id)
	}
	return out
}

// Contexts that begin alike keep one copy of what they share.
func TestRequestsShareTokens(t *testing.T) {
	e := bytesEncoder()
	e.maxLength = 100
	var first engine.Request
	for i, tt := range []struct {
		context, continuation string
		shared                int
	}{
		{"exemplars question one", "a", 22}, {"exemplars question one", "bb", 22}, {"exemplars question two", "a", 19},
		{"exemplars question 3!", "a", 19}, {"something else", "a", 14}, {"something new", "a", 10},
	} {
		enc, err := e.encodeRequest(prompts.Request{Context: tt.context, Continuation: tt.continuation})
		if err != nil {
			t.Fatal(err)
		}
		r := enc.requests[0]
		if string(toBytes(r.All())) != tt.context+tt.continuation || len(r.Shared) != tt.shared || len(r.Tokens) < r.Scored {
			t.Errorf("%q: %d tokens shared, want %d: %q", tt.context, len(r.Shared), tt.shared, toBytes(r.All()))
		}
		if i == 0 {
			first = r
		} else if one := &r.Shared[0] == &first.Shared[0]; one != (i < 4) {
			t.Errorf("%q: shares the first request's array: %t", tt.context, one)
		}
	}
}
