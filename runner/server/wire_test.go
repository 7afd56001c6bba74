package server

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/runner/engine"
)

// recorded serves the answers that llama-cpp-python 0.3.36 gave with the real
// model (testdata/llama-cpp-python.json: what was asked, what came back).
func recorded(t *testing.T) *Server {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "llama-cpp-python.json"))
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []struct {
		Path, Body, Answer string
		Status             int
	}
	if err := json.Unmarshal(data, &exchanges); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got any
		json.NewDecoder(r.Body).Decode(&got)
		body, _ := json.Marshal(got)
		for _, x := range exchanges {
			if x.Path == r.URL.Path && (x.Body == "" || x.Body == string(body)) {
				w.WriteHeader(x.Status)
				w.Write([]byte(x.Answer))
				return
			}
		}
		t.Errorf("nothing is recorded for %s %s", r.URL.Path, body)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(s.Close)
	a, err := ParseAddress(Prefix + s.URL)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Open(context.Background(), a, Options{Retries: 1, Clock: &testClock{}, Context: 1024})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What the real server said is read as it was meant: prompts without BOS are
// scored one token late, which is found out.
func TestRecordedLlamaCppPython(t *testing.T) {
	s := recorded(t)
	if s.Name() != "llama-cpp-python 0.3.36" || s.Tokenizer == nil || s.Tokenizer.AddsBOS() {
		t.Fatalf("%s, tokenizer %v", s.Name(), s.Tokenizer)
	}
	if err := s.Probe(context.Background(), s.Tokenizer, false, false); err != nil {
		t.Fatal(err)
	}
	can := s.Can
	if can.Scoring != "" || can.Prompts != PromptText || !can.Logprobs || !strings.Contains(can.NoScoring, "one token late") || !strings.Contains(can.NoScoring, "--bos on") {
		t.Errorf("%+v", can)
	}
	a, _, err := s.one(context.Background(), engine.Request{Text: "The capital of France is", Tokens: []int32{504, 3575, 282, 4649, 314}, Gen: &engine.Generation{MaxTokens: 5, Stop: []string{"\n"}}})
	if err != nil || a.Text != " Paris." || a.Finish != engine.FinishStop {
		t.Errorf("%+v, %v", a, err)
	}
}

// The layouts of log-probabilities that servers have.
func TestWireFormats(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		logProbs []float64
		ids      int
	}{
		{"API", `{"logprobs":{"tokens":["a","b"],"token_logprobs":[-1,-2],"top_logprobs":[{"a":-1},null]}}`, []float64{-1, -2}, 0},
		{"llama.cpp", `{"logprobs":{"content":[{"id":5,"token":"a","logprob":-1,"top_logprobs":[]}]}}`, []float64{-1}, 1},
		{"vLLM", `{"token_ids":[7,8],"logprobs":{"tokens":["a"],"token_logprobs":[-3]}}`, []float64{-3}, 2},
		{"a first token without one", `{"logprobs":{"token_logprobs":[null,-3]}}`, nil, 0},
		{"none", `{"logprobs":null}`, nil, 0},
	} {
		var c choice
		if err := json.Unmarshal([]byte(tt.in), &c); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		got := c.Logprobs.generated()
		if len(got) != len(tt.logProbs) || len(c.ids()) != tt.ids {
			t.Errorf("%s: %v, %v", tt.name, got, c.ids())
		}
	}
}

// Which token is the likeliest is told, or certain, or not known.
func TestGreedy(t *testing.T) {
	for _, tt := range []struct {
		in           position
		yes, certain bool
	}{
		{position{-1, -1}, true, true},
		{position{-1, -0.9}, false, true},
		{position{-0.1, math.NaN()}, true, true},
		{position{-2, math.NaN()}, false, false},
	} {
		if yes, certain := tt.in.greedy(); yes != tt.yes || certain != tt.certain {
			t.Errorf("%+v: %v, %v", tt.in, yes, certain)
		}
	}
}

// A generation's end is a stop string, an end token or the limit.
func TestFinish(t *testing.T) {
	for _, tt := range []struct {
		kind, in string
		stop     []string
		want     engine.Finish
		wrong    bool
	}{
		{VLLM, `{"finish_reason":"stop","stop_reason":"\n"}`, []string{"\n"}, engine.FinishStop, false},
		{VLLM, `{"finish_reason":"stop","stop_reason":null}`, []string{"\n"}, engine.FinishEOS, false},
		{SGLang, `{"finish_reason":"stop","matched_stop":2}`, []string{"\n"}, engine.FinishEOS, false},
		{OtherKind, `{"finish_reason":"stop"}`, []string{"\n"}, engine.FinishStop, false},
		{OtherKind, `{"finish_reason":"stop"}`, nil, engine.FinishEOS, false},
		{OtherKind, `{"finish_reason":"length"}`, nil, engine.FinishLength, false},
		{OtherKind, `{"finish_reason":"length","text":"a\nb"}`, []string{"\n"}, engine.FinishStop, false},
		{OtherKind, `{"finish_reason":"content_filter"}`, nil, "", true},
	} {
		var c choice
		if err := json.Unmarshal([]byte(tt.in), &c); err != nil {
			t.Fatal(err)
		}
		a, err := (&Server{Kind: tt.kind}).answer(c, &engine.Generation{Stop: tt.stop})
		if (err != nil) != tt.wrong || a.Finish != tt.want && !tt.wrong {
			t.Errorf("%s %s: %q, %v", tt.kind, tt.in, a.Finish, err)
		}
	}
}
