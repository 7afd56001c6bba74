package servertest

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
)

// A Fault is one way of failing; it may look at the answer that would have
// been given.
type Fault func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)

// Faults are the ways of the world, by name.
var Faults = map[string]Fault{
	"429": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Retry-After", "2")
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
	"closed": func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) {
		panic(http.ErrAbortHandler)
	},
	"garbage": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte("{\"choices\": [{]}"))
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

// A Faulty server fails a share of the requests to complete something; no
// request fails more than twice in a row.
type Faulty struct {
	Server http.Handler
	Share  float64
	Kinds  []string // of Faults

	mu     sync.Mutex
	random *rand.Rand
	row    int
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
	if kind == "cut" || kind == "ended" {
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
	kind := f.Kinds[f.random.IntN(len(f.Kinds))]
	f.Failed[kind]++
	return kind
}
