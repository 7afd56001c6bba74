package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/runner/engine"
)

// testClock goes forward when somebody waits.
type testClock struct {
	now    time.Time
	waited []time.Duration
}

func (c *testClock) Now() time.Time { return c.now }

func (c *testClock) Sleep(_ context.Context, d time.Duration) error {
	c.now, c.waited = c.now.Add(d), append(c.waited, d)
	return nil
}

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct{ in, want, model, wrong string }{
		{in: "openai:http://h:1/v1#m", want: "openai:http://h:1/v1#m", model: "m"},
		{in: "openai:http://h:1", want: "openai:http://h:1/v1"},
		{in: "openai:https://h/api/v1/#org/m 7b", want: "openai:https://h/api/v1#org/m%207b", model: "org/m 7b"},
		{in: "openai:h:1/v1", wrong: "not an http"},
		{in: "openai:http://user:sk-1@h/v1", wrong: "OPENAI_API_KEY"},
		{in: "openai:http://h/v1?key=sk-1", wrong: "OPENAI_API_KEY"},
		{in: "openai:http://h:sk-1/v1", wrong: "not an address"},
	} {
		a, err := ParseAddress(tt.in)
		switch {
		case tt.wrong != "":
			if err == nil || !strings.Contains(err.Error(), tt.wrong) || strings.Contains(err.Error(), "sk-1") {
				t.Errorf("%s: %v, want %q", tt.in, err, tt.wrong)
			}
		case err != nil || a.String() != tt.want || a.Model != tt.model:
			t.Errorf("%s: %v %q, %v", tt.in, a, a.Model, err)
		default:
			if again, err := ParseAddress(a.String()); err != nil || again.String() != tt.want {
				t.Errorf("%s does not come back: %v, %v", tt.in, again, err)
			}
		}
	}
}

// A request is tried again with growing waits, and not before the server's
// time.
func TestRetries(t *testing.T) {
	for _, tt := range []struct {
		name  string
		code  int
		after string
		tries int // in all
		least time.Duration
		want  string
	}{
		{"too many", 429, "7", 3, 7 * time.Second, "tried 3 times"},
		{"a date", 503, "Thu, 01 Jan 1970 00:00:20 GMT", 3, 20 * time.Second, "tried 3 times"},
		{"trouble", 500, "", 3, firstBackoff / 2, "tried 3 times"},
		{"a wrong request", 400, "", 1, 0, "slow down"},
		{"elsewhere", 302, "", 1, 0, "points elsewhere"},
		{"no key", 401, "", 1, 0, "OPENAI_API_KEY"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				w.Header().Set("Location", "http://example.invalid/")
				w.WriteHeader(tt.code)
				io.WriteString(w, `{"error": {"message": "slow\n down"}}`)
			}))
			defer s.Close()
			clock := &testClock{now: time.Unix(0, 0)}
			c := newClient(Options{Retries: 3, Clock: clock}.withDefaults())
			err := c.post(context.Background(), s.URL, struct{}{}, new(struct{}))
			if err == nil || !strings.Contains(err.Error(), tt.want) || int(asked.Load()) != tt.tries {
				t.Errorf("%v after %d tries", err, asked.Load())
			}
			if tt.tries > 1 && (len(clock.waited) < tt.tries-1 || clock.waited[0] < tt.least) {
				t.Errorf("waited %v", clock.waited)
			}
		})
	}
}

// One client's waits are spread and repeat with its seed.
func TestBackoffIsSpreadAndSeeded(t *testing.T) {
	draw := func(seed uint64) (out []time.Duration) {
		p := newPacer(Options{Seed: seed}.withDefaults())
		for n := range 12 {
			d := p.backoff(n + 1)
			if most := min(maxBackoff, firstBackoff<<n); d < most/2 || d > most {
				t.Errorf("failure %d waits %v of %v", n+1, d, most)
			}
			out = append(out, d)
		}
		return out
	}
	if a, b := fmt.Sprint(draw(1)), fmt.Sprint(draw(1)); a != b {
		t.Errorf("%s, then %s", a, b)
	}
	if a, b := fmt.Sprint(draw(1)), fmt.Sprint(draw(2)); a == b {
		t.Error("two clients wait alike")
	}
}

// A 429 keeps all requests back, not only the one that got it.
func TestHoldKeepsAllBack(t *testing.T) {
	clock := &testClock{now: time.Unix(0, 0)}
	p := newPacer(Options{Clock: clock}.withDefaults())
	p.hold(time.Minute)
	if err := p.do(context.Background(), 1, func() error { return nil }); err != nil || clock.now.Sub(time.Unix(0, 0)) != time.Minute {
		t.Errorf("began at %v, %v", clock.now, err)
	}
}

// An answer without end is left, and is no reason to try again.
func TestHugeAnswers(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	c := newClient(Options{Retries: 3, Clock: &testClock{}}.withDefaults())
	err := c.post(context.Background(), s.URL, struct{}{}, new(struct{}))
	if !errors.Is(err, errHuge) || asked.Load() != 1 {
		t.Errorf("%v after %d tries", err, asked.Load())
	}
}

// Streams end with a reason, or were cut.
func TestJoinEvents(t *testing.T) {
	part := `data: {"choices":[{"text":"a","finish_reason":null}]}` + "\n\n"
	end := `data: {"choices":[{"text":"b","finish_reason":"stop","stop_reason":"\n"}],"usage":{"prompt_tokens":3}}` + "\n\n"
	for _, tt := range []struct {
		name, in, text string
		wrong          string
	}{
		{name: "whole", in: ": hi\n\n" + part + part + end + "data: [DONE]\n\n", text: "aab"},
		{name: "without the end mark", in: part + end, text: "ab"},
		{name: "counted in each part, and twice", in: strings.ReplaceAll(part, "}\n", `,"usage":{"prompt_tokens":2}}`+"\n") + end + `data: {"choices":[],"usage":{"prompt_tokens":3}}` + "\n\n", text: "ab"},
		{name: "lines of Windows", in: strings.ReplaceAll(part+end, "\n", "\r\n"), text: "ab"},
		{name: "no end", in: part + part, wrong: errCut.Error()},
		{name: "an end mark only", in: part + "data: [DONE]\n\n", wrong: errCut.Error()},
		{name: "garbage", in: part + "data: {\"choi\n\n", wrong: "not what the API says"},
		{name: "an error that is a text", in: part + `data: {"error":"out of memory"}` + "\n\n", wrong: "out of memory"},
		{name: "an error", in: part + `data: {"error":{"message":"out of memory"}}` + "\n\n", wrong: "out of memory"},
		{name: "nothing", wrong: errCut.Error()},
	} {
		out, err := joinEvents(strings.NewReader(tt.in), func() {})
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.wrong)
			}
			continue
		}
		if err != nil || out.Choices[0].Text != tt.text || string(out.Choices[0].StopReason) != `"\n"` || out.Usage.PromptTokens != 3 {
			t.Errorf("%s: %+v, %v", tt.name, out, err)
		}
	}
}

// Joining many parts costs what they are long.
func TestJoinManyEvents(t *testing.T) {
	const parts = 50_000
	body := strings.Repeat(`data: {"choices":[{"text":"word "}]}`+"\n", parts) + `data: {"choices":[{"finish_reason":"stop"}]}` + "\n"
	bounded.Run(t, 256<<20, func() {
		out, err := joinEvents(strings.NewReader(body), func() {})
		if err != nil || len(out.Choices[0].Text) != 5*parts {
			t.Errorf("%d bytes of text, %v", len(out.Choices[0].Text), err)
		}
	})
}

func FuzzJoinEvents(f *testing.F) {
	f.Add("data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}\n\n")
	f.Add("data: {\"choices\":[{\"delta\":{\"content\":null},\"logprobs\":{\"content\":[{}]}}],\"usage\":null}\n")
	f.Fuzz(func(t *testing.T, s string) {
		bounded.Run(t, 256<<20, func() {
			out, err := joinEvents(strings.NewReader(s), func() {})
			if err != nil {
				bounded.Error(t, err)
				return
			}
			if out.Choices[0].FinishReason == nil {
				t.Error("a stream without an end is whole")
			}
			_, _ = (&Server{Kind: VLLM}).answer(out.Choices[0], &engine.Generation{Stop: []string{"a"}})
		})
	})
}
