package hub

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// failing answers the first n requests for stored files by fail.
func (h *fakeHub) failing(n int, fail http.HandlerFunc) {
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if n == 0 || !strings.HasPrefix(r.URL.Path, "/storage/") {
			return false
		}
		n--
		fail(w, r)
		return true
	}
}

// cut sends the first n bytes of data and breaks the connection.
func cut(etag, data string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"`+etag+`"`)
		w.Header().Set("Content-Length", "13")
		w.Write([]byte(data[:n]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if len(header) > 0 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(code)
	}
}

func TestPassingFailures(t *testing.T) {
	soon := time.Now().Add(90 * time.Second).UTC().Truncate(time.Second)
	for name, tt := range map[string]struct {
		n     int
		fail  http.HandlerFunc
		waits []time.Duration
	}{
		"500":             {2, status(500), []time.Duration{time.Second, 2 * time.Second}},
		"429":             {1, status(429, "Retry-After", "7"), []time.Duration{7 * time.Second}},
		"429 far":         {1, status(429, "Retry-After", "86400"), []time.Duration{maxRetryAfter}},
		"503 with a date": {1, status(503, "Retry-After", soon.Format(http.TimeFormat)), []time.Duration{90 * time.Second}},
		"cut at once":     {1, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, []time.Duration{time.Second}},
		"cut":             {1, cut("storage-"+lfsTag(parquet("three"))[:8], parquet("three"), 6), []time.Duration{time.Second}},
		"four cuts":       {4, cut("x", parquet("three"), 6), []time.Duration{1e9, 2e9, 4e9, 8e9}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t)
			h.failing(tt.n, tt.fail)
			c, waits := testClient(t, Options{Endpoint: h.URL, Token: "hf_secret"})
			c.now = func() time.Time { return soon.Add(-90 * time.Second) }
			wantFiles(t, c, "test", parquet("three"))
			if !slices.Equal(*waits, tt.waits) {
				t.Errorf("waited %v, want %v", *waits, tt.waits)
			}
		})
	}
}

func TestResume(t *testing.T) {
	tag := "storage-" + lfsTag(parquet("three"))[:8]
	for name, tt := range map[string]struct {
		etag, first string
		ranges      []string // of the requests after the cut one
	}{
		"same":    {tag, parquet("three"), []string{"bytes=6-"}},
		"changed": {"older", parquet("THREE"), []string{"bytes=6-"}}, // If-Range makes it a whole answer
		"weak":    {"", parquet("three"), []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t)
			h.failing(1, cut(tt.etag, tt.first, 6))
			inner := h.before
			var ranges []string
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				if inner(w, r) {
					return true
				}
				if strings.HasPrefix(r.URL.Path, "/storage/") {
					ranges = append(ranges, r.Header.Get("Range"))
				}
				return false
			}
			c, _ := testClient(t, Options{Endpoint: h.URL})
			wantFiles(t, c, "test", parquet("three"))
			if !slices.Equal(ranges, tt.ranges) {
				t.Errorf("ranges %q, want %q", ranges, tt.ranges)
			}
		})
	}
}

// A server that ignores If-Range must not make one file out of two.
func TestResumeOfAnotherFile(t *testing.T) {
	h := newFakeHub(t)
	h.tag = func(string) string { return "no hash" }
	h.failing(1, cut("older", parquet("THREE"), 6))
	inner := h.before
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("If-Range")
		return inner(w, r)
	}
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantFiles(t, c, "test", parquet("three"))
}

// A process that was killed leaves a part for the next one.
func TestResumeInNextProcess(t *testing.T) {
	h := newFakeHub(t)
	dir := t.TempDir()
	tag := "storage-" + lfsTag(parquet("three"))[:8]
	h.failing(-1, cut(tag, parquet("three"), 6))
	c, waits := testClient(t, Options{Endpoint: h.URL, CacheDir: dir})
	wantError(t, c, ErrUnavailable, "tried 5 times")
	if len(*waits) != maxTries-1 {
		t.Errorf("waited %d times", len(*waits))
	}
	var ranges []string
	h.before = func(_ http.ResponseWriter, r *http.Request) bool {
		ranges = append(ranges, r.Header.Get("Range"))
		return false
	}
	c, _ = testClient(t, Options{Endpoint: h.URL, CacheDir: dir})
	wantFiles(t, c, "test", parquet("three"))
	if !slices.Contains(ranges, "bytes=6-") {
		t.Errorf("ranges %q", ranges)
	}
}

func TestLastingFailures(t *testing.T) {
	wrong := parquet("wrong")
	send := func(data string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(data)) }
	}
	for name, tt := range map[string]struct {
		fail  http.HandlerFunc
		kind  error
		texts []string
	}{
		"401":         {status(401), nil, []string{"401", "HF_TOKEN"}},
		"403":         {status(403), nil, []string{"403", "HF_TOKEN"}},
		"gated":       {status(403, "X-Error-Code", "GatedRepo"), nil, []string{"accept its terms", "the one in HF_TOKEN"}},
		"404":         {status(404), ErrNotFound, []string{"404"}},
		"500":         {status(500), ErrUnavailable, []string{"500", "tried 5 times"}},
		"wrong hash":  {send(wrong), nil, []string{"org/name/main/test/0000.parquet", lfsTag(wrong), lfsTag(parquet("three")), "twice"}},
		"wrong size":  {send("PAR1PAR1"), nil, []string{"8 bytes", "13"}},
		"no redirect": {status(302), nil, []string{"Location"}},
		"circle":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, nil, []string{"redirects"}},
		"other scheme": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, nil, []string{"not an http"}},
		"unasked part": {status(206), ErrUnavailable, nil},
		"unasked 304":  {status(304), ErrUnavailable, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t)
			h.failing(-1, tt.fail)
			c, _ := testClient(t, Options{Endpoint: h.URL, Token: "hf_secret"})
			wantError(t, c, tt.kind, tt.texts...)
			if entries, err := c.Cached(); err != nil || len(entries) > 0 {
				t.Errorf("cached %v %v", entries, err)
			}
			if left, err := filepath.Glob(filepath.Join(c.place("org/name", "main", "test").dir, "*parquet*")); err != nil || len(left) > 0 {
				t.Errorf("left over: %v %v", left, err)
			}
			h.before = nil
			wantFiles(t, c, "test", parquet("three"))
		})
	}
}

func TestWrongHashOnce(t *testing.T) {
	h := newFakeHub(t)
	h.failing(1, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(parquet("wrong"))) })
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantFiles(t, c, "test", parquet("three"))
}

func TestWrongBlobHash(t *testing.T) {
	h := newFakeHub(t)
	h.tag = func(string) string { return blobTag(parquet("other")) }
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantError(t, c, nil, "git SHA-1", blobTag(parquet("three")), blobTag(parquet("other")))
}

// Without a hash, the format still tells a file from a page.
func TestNotParquet(t *testing.T) {
	h := newFakeHub(t)
	h.tag = func(string) string { return "none" }
	h.files["main"]["test"] = []string{"<html>Log in first</html>"}
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantError(t, c, nil, "no whole Parquet file")
}

func TestTooLarge(t *testing.T) {
	h := newFakeHub(t)
	c, _ := testClient(t, Options{Endpoint: h.URL, MaxFile: 12})
	wantError(t, c, nil, "13 bytes", "limit of 12")
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".parquet") {
			http.NotFound(w, r)
			return
		}
		for r.Context().Err() == nil {
			w.Write([]byte("PAR1PAR1"))
		}
	}))
	defer endless.Close()
	c, _ = testClient(t, Options{Endpoint: endless.URL, MaxFile: 1000})
	wantError(t, c, nil, "more than the 1000 bytes")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, maxListing+1))
	}))
	defer page.Close()
	c, _ = testClient(t, Options{Endpoint: page.URL})
	wantError(t, c, nil, "listing is larger")
}

func TestHang(t *testing.T) {
	for name, n := range map[string]int{"before": -1, "within": 6} {
		t.Run(name, func(t *testing.T) {
			quit := make(chan struct{})
			hang := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if n >= 0 {
					w.Header().Set("Content-Length", "13")
					w.Write([]byte(parquet("three")[:n]))
					w.(http.Flusher).Flush()
				}
				<-quit
			}))
			defer hang.Close()
			defer close(quit)
			h := newFakeHub(t)
			h.storage = hang.URL
			c, waits := testClient(t, Options{Endpoint: h.URL, IdleTimeout: 50 * time.Millisecond})
			wantError(t, c, ErrUnavailable, "hangs")
			if len(*waits) != maxTries-1 {
				t.Errorf("waited %d times", len(*waits))
			}
		})
	}
}

// A listing that comes a byte at a time is given up, too.
func TestTrickle(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			w.Write([]byte(" "))
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}))
	defer s.Close()
	c, _ := testClient(t, Options{Endpoint: s.URL, IdleTimeout: 50 * time.Millisecond})
	wantError(t, c, ErrUnavailable)
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, endpoint := range []string{"http://" + l.Addr().String(), "http://no-such-host.invalid"} {
		c, waits := testClient(t, Options{Endpoint: endpoint})
		wantError(t, c, ErrUnavailable)
		if len(*waits) > 0 {
			t.Errorf("%s: waited %v", endpoint, *waits)
		}
		if _, err := c.Configs(t.Context(), "org/name"); !errors.Is(err, ErrUnavailable) {
			t.Error(err)
		}
	}
}

func TestCancel(t *testing.T) {
	h := newFakeHub(t)
	ctx, cancel := context.WithCancel(t.Context())
	h.failing(-1, func(w http.ResponseWriter, _ *http.Request) { cancel(); w.WriteHeader(500) })
	c, _ := testClient(t, Options{Endpoint: h.URL})
	c.sleep = sleep
	if _, err := c.Files(ctx, "org/name", "main", "test"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Waiting for a process that holds the folder ends with the context.
func TestCancelWhileLocked(t *testing.T) {
	h := newFakeHub(t)
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantFiles(t, c, "test", parquet("three"))
	lock, err := lockFolder(t.Context(), c.place("org/name", "main", "test").dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	c.o.Refresh = true
	if _, err := c.Files(ctx, "org/name", "main", "test"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
