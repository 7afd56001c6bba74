package hub

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNamesStayInCache(t *testing.T) {
	h := newFakeHub(t)
	c, _ := testClient(t, Options{Endpoint: h.URL})
	bad := []string{"", ".", "..", "../x", "a/b", `a\b`, "/etc", "C:", "a:b", "a\x00", "a\n", ".hidden", "a.", "a ", " a", "a*", strings.Repeat("x", 300), "\xff"}
	for _, name := range bad {
		if _, err := c.Files(t.Context(), "org/name", name, "test"); err == nil {
			t.Errorf("configuration %q: no error", name)
		}
		if _, err := c.Files(t.Context(), "org/name", "main", name); err == nil {
			t.Errorf("split %q: no error", name)
		}
		if _, err := c.Splits(t.Context(), "org/name", name); err == nil {
			t.Errorf("splits of %q: no error", name)
		}
	}
	for _, repo := range append(bad[:4], "org/", "/name", "org/..", "../name", "a/b/c", "org/na me", "_/name", "org/ä", "http://x") {
		if _, err := c.Configs(t.Context(), repo); err == nil {
			t.Errorf("dataset %q: no error", repo)
		}
	}
	if seen := h.seen(); len(seen) > 0 {
		t.Errorf("asked for %q", seen)
	}
	for _, name := range []string{"main", "rc.wikipedia.nocontext", "Level 1", "fr-en", "日本語", "a+b", "a..b"} {
		if err := validName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestListedTricks(t *testing.T) {
	for _, list := range []string{
		`["file:///etc/passwd"]`, `["/etc/passwd"]`, `["0000.parquet"]`, `["HUB/../../0000.parquet"]`,
		`["HUB/%2e%2e/%2e%2e/0000.parquet"]`, `["http://user:pass@host.invalid/0.parquet"]`, `["://"]`, `[]`, `{}`, `null`, `[1]`, `<html>`,
	} {
		h := newFakeHub(t)
		h.before = func(w http.ResponseWriter, r *http.Request) bool {
			w.Write([]byte(strings.ReplaceAll(list, "HUB", h.URL)))
			return true
		}
		c, _ := testClient(t, Options{Endpoint: h.URL})
		wantError(t, c, nil)
		if seen := h.seen(); len(seen) != 1 {
			t.Errorf("%s: asked for %q", list, seen)
		}
	}
	u, err := parseEndpoint("https://hub.test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fileURLs(u, []string{"http://hub.test/0.parquet"}); err == nil {
		t.Error("a step down from https to http: no error")
	}
}

// Whatever the hub lists, files are kept under their own numbered names.
func TestListedNamesAreNotUsed(t *testing.T) {
	h := newFakeHub(t)
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Write([]byte(`["` + h.URL + `/x/%5C..%5Cevil", "` + h.URL + `/split.json"]`))
		} else {
			w.Write([]byte(parquet("x")))
		}
		return true
	}
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantError(t, c, nil, "dot segments")
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Write([]byte(`["` + h.URL + `/.lock", "` + h.URL + `/split.json"]`))
		} else {
			w.Write([]byte(parquet("x")))
		}
		return true
	}
	wantFiles(t, c, "test", parquet("x"), parquet("x"))
}

func TestEndpoints(t *testing.T) {
	for text, want := range map[string]string{
		"https://huggingface.co":       "huggingface.co",
		"http://127.0.0.1:8000/":       "127.0.0.1_8000",
		"http://[::1]:80":              "___1__80",
		"https://Mirror.test/hub/data": "mirror.test_hub_data",
		"https://x.test/a b":           "x.test_a_b",
	} {
		u, err := parseEndpoint(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := hostFolder(u); got != want || !filepath.IsLocal(got) {
			t.Errorf("%s: folder %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"hub", "ftp://x.test", "http://", "http://x.test?a", "http://x.test/../y", "http://u:pw@x.test", "\x00"} {
		_, err := parseEndpoint(text)
		if err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := New(Options{CacheDir: os.TempDir(), Endpoint: "hub"}).Cached(); err == nil {
		t.Error("a bad endpoint: no error")
	}
	if _, err := New(Options{}).Cached(); err == nil {
		t.Error("no cache: no error")
	}
}
