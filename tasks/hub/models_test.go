package hub

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// modelHub serves one model at revision main.
type modelHub struct {
	*httptest.Server
	files    map[string]string
	requests atomic.Int32
	cut      atomic.Bool // end the next body in the middle
}

func newModelHub(t *testing.T) *modelHub {
	h := &modelHub{files: map[string]string{"config.json": "{}", "model.safetensors": strings.Repeat("weights", 1000), "sub/x.gguf": "GGUF"}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *modelHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.requests.Add(1)
	if r.URL.Path == "/api/models/org/name/revision/main" {
		var siblings []map[string]string
		for name := range h.files {
			siblings = append(siblings, map[string]string{"rfilename": name})
		}
		json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": siblings})
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/org/name/resolve/"+commit+"/")
	body, known := h.files[name]
	if !ok || !known {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", `"`+lfsTag(body)+`"`)
	if name == "model.safetensors" && h.cut.CompareAndSwap(true, false) {
		w.Header().Set("Content-Length", "7000")
		w.Write([]byte(body[:3000]))
		return
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(body))
}

func modelClient(t *testing.T, h *modelHub, o Options) *Client {
	if o.CacheDir == "" {
		o.CacheDir = t.TempDir()
	}
	o.Endpoint = h.URL
	c := New(o)
	c.sleep = func(context.Context, time.Duration) error { return nil }
	return c
}

func all(names []string) ([]string, error) { return names, nil }

func TestCheckpoint(t *testing.T) {
	h := newModelHub(t)
	h.cut.Store(true) // the download is resumed
	var resumed []int64
	o := Options{CacheDir: t.TempDir(), Progress: func(file string, done, total int64) {
		if strings.HasSuffix(file, "model.safetensors") {
			resumed = append(resumed, done)
		}
	}}
	c := modelClient(t, h, o)
	k, err := c.Checkpoint(t.Context(), "org/name", "main", "", all)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range h.files {
		got, err := os.ReadFile(filepath.Join(k.Dir, filepath.FromSlash(name)))
		if err != nil || string(got) != want || k.Files[name] != lfsTag(want) {
			t.Errorf("%s holds %d bytes, %v", name, len(got), err)
		}
		if err := k.VerifyFile(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if k.Commit != commit || k.Bytes != 7006 || !slices.Contains(resumed, 3000) || !slices.IsSorted(resumed) {
		t.Errorf("%+v, progress %v", k, resumed)
	}

	// Afterwards nothing is asked, offline or not.
	before := h.requests.Load()
	o.Offline = true
	off := modelClient(t, h, o)
	for _, c := range []*Client{c, off} {
		again, err := c.Checkpoint(t.Context(), "org/name", "main", "", all)
		if err != nil || again.Dir != k.Dir || h.requests.Load() != before {
			t.Errorf("%+v, %v", again, err)
		}
	}
	if list, err := off.Checkpoints(); err != nil || len(list) != 1 || list[0].Repo != "org/name" {
		t.Errorf("in the cache: %+v, %v", list, err)
	}
	if _, err := off.Checkpoint(t.Context(), "org/name", "other", "", all); !errors.Is(err, ErrUnavailable) {
		t.Errorf("another revision, offline: %v", err)
	}

	// Damage is found, forgotten and mended.
	path := filepath.Join(k.Dir, "config.json")
	if err := os.WriteFile(path, []byte("[]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := k.VerifyFile(t.Context(), "config.json"); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("damage: %v", err)
	}
	if _, err := off.Checkpoint(t.Context(), "org/name", "main", "", all); err == nil {
		t.Error("a damaged checkpoint is used")
	}
	if _, err := c.Checkpoint(t.Context(), "org/name", "main", "", all); err != nil {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "{}" {
		t.Errorf("mended to %q", got)
	}
}

func TestCheckpointRefuses(t *testing.T) {
	h := newModelHub(t)
	c := modelClient(t, h, Options{})
	for name, try := range map[string]func() (Checkpoint, error){
		"want":         func() (Checkpoint, error) { return c.Checkpoint(t.Context(), "a/b/c", "main", "", all) },
		"not a branch": func() (Checkpoint, error) { return c.Checkpoint(t.Context(), "org/name", "../x", "", all) },
		"404":          func() (Checkpoint, error) { return c.Checkpoint(t.Context(), "org/none", "main", "", all) },
		"nothing for you": func() (Checkpoint, error) {
			return c.Checkpoint(t.Context(), "org/name", "main", "x", func([]string) ([]string, error) { return nil, errors.New("nothing for you") })
		},
		"the cache can hold": func() (Checkpoint, error) {
			return c.Checkpoint(t.Context(), "org/name", "main", "y", func([]string) ([]string, error) { return []string{"../../x"}, nil })
		},
	} {
		if name == "want" {
			name = "form org/name"
		}
		if _, err := try(); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckpointWrongBytes(t *testing.T) {
	h := newModelHub(t)
	c := modelClient(t, h, Options{HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && strings.HasSuffix(r.URL.Path, "config.json") {
			response.Header.Set("ETag", `"`+lfsTag("other")+`"`)
		}
		return response, err
	})}})
	if _, err := c.Checkpoint(t.Context(), "org/name", "main", "", all); err == nil || !strings.Contains(err.Error(), "the hub says") {
		t.Errorf("got %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
