package servertest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// A Fault is one way of failing; it may look at the answer that would have
// been given.
type Fault func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)

// Time is what a test with Faults should give an answer, or each part of one.
const Time = 300 * time.Millisecond

// Faults are the ways of the world, by name.
var Faults = map[string]Fault{
	"429": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusTooManyRequests, "slow down")
	},
	"429 until": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Retry-After", time.Time{}.Add(time.Hour).Format(http.TimeFormat))
		refuse(w, http.StatusTooManyRequests, "slow down")
	},
	"500": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		refuse(w, http.StatusInternalServerError, "CUDA error")
	},
	"503": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte("<html>no healthy upstream</html>"))
	},
	"cut": func(w http.ResponseWriter, _ *http.Request, a *httptest.ResponseRecorder) {
		copyHeader(w, a)
		w.Write(a.Body.Bytes()[:a.Body.Len()/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	},
	"ended": func(w http.ResponseWriter, _ *http.Request, a *httptest.ResponseRecorder) {
		copyHeader(w, a) // a proxy that closes as if all had come
		w.Write(a.Body.Bytes()[:a.Body.Len()/2])
	},
	"reset": func(w http.ResponseWriter, _ *http.Request, a *httptest.ResponseRecorder) {
		c, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(buffer, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", a.Header().Get("Content-Type"), a.Body.Len())
		buffer.Write(a.Body.Bytes()[:a.Body.Len()/2])
		buffer.Flush()
		c.(*net.TCPConn).SetLinger(0) // what a machine sends that came up again
		c.Close()
	},
	"closed": func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) {
		panic(http.ErrAbortHandler)
	},
	"garbage": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte("{\"choices\": [{]}"))
	},
	"success with an error": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		reply(w, map[string]any{"error": map[string]any{"message": "the engine died", "code": 500}})
	},
	"success with a text": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		reply(w, map[string]any{"error": "upstream timed out"})
	},
	"an error in a stream": func(w http.ResponseWriter, _ *http.Request, a *httptest.ResponseRecorder) {
		copyHeader(w, a)
		w.Write(a.Body.Bytes()[:bytes.LastIndexByte(a.Body.Bytes()[:a.Body.Len()/2], '\n')+1])
		io.WriteString(w, "data: {\"error\": {\"message\": \"preempted\", \"code\": \"503\"}}\n\n")
	},
	"no choice": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		reply(w, map[string]any{"object": "text_completion", "choices": []any{}})
	},
	"another type": func(w http.ResponseWriter, _ *http.Request, a *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "text/plain") // no fault if it is understood
		w.Write(a.Body.Bytes())
	},
	"drip": func(w http.ResponseWriter, r *http.Request, a *httptest.ResponseRecorder) {
		copyHeader(w, a)
		const pieces = 8
		for left, n := a.Body.Bytes(), a.Body.Len()/pieces+1; len(left) > 0 && r.Context().Err() == nil; left = left[min(n, len(left)):] {
			w.Write(left[:min(n, len(left))])
			w.(http.Flusher).Flush()
			time.Sleep(Time / pieces * 3 / 2)
		}
	},
	"signs of life": func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil { // a gateway whose server is gone
			io.WriteString(w, ": still here\n\n")
			w.(http.Flusher).Flush()
			time.Sleep(Time / 8)
		}
	},
	"html": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Write([]byte("<html>please log in</html>"))
	},
	"stall": func(_ http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
		io.Copy(io.Discard, r.Body) // else nobody notices that the client left
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	},
}

func copyHeader(w http.ResponseWriter, a *httptest.ResponseRecorder) {
	w.Header().Set("Content-Type", a.Header().Get("Content-Type"))
}

// A Faulty server fails a share of the requests to complete something, in one
// way after the other; never more than two in a row.
type Faulty struct {
	Server http.Handler
	Share  float64
	Kinds  []string // of Faults

	mu     sync.Mutex
	random *rand.Rand
	row    int
	failed int
	Failed map[string]int // by kind
}

// ServeHTTP implements http.Handler.
func (f *Faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := f.draw(r)
	if kind == "" {
		f.Server.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	switch kind {
	case "cut", "ended", "reset", "an error in a stream", "another type", "drip":
		f.Server.ServeHTTP(answer, r)
	}
	Faults[kind](w, r, answer)
}

func (f *Faulty) draw(r *http.Request) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.random == nil {
		f.random, f.Failed = rand.New(rand.NewPCG(1, 2)), map[string]int{}
	}
	if r.Method == http.MethodGet || f.row == 2 || f.random.Float64() >= f.Share {
		f.row = 0
		return ""
	}
	f.row++
	kind := f.Kinds[f.failed%len(f.Kinds)]
	f.failed++
	f.Failed[kind]++
	return kind
}
