package hub

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

// mirror serves a folder in the mirror layout as a plain file server does.
func mirror(t *testing.T) *httptest.Server {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"main/train/0000.parquet": parquet("one"), "main/train/0001.parquet": parquet("two"),
		"main/train/0003.parquet": parquet("four"), "main/test/0000.parquet": parquet("three"),
		"a config/test/0000.parquet": parquet("spaced"), "README.md": "text",
	} {
		path := filepath.Join(dir, "org", "name", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(s.Close)
	return s
}

func TestFileServer(t *testing.T) {
	s := mirror(t)
	c, _ := testClient(t, Options{Endpoint: s.URL + "/"})
	configs, err := c.Configs(t.Context(), "org/name")
	if err != nil || !slices.Equal(configs, []string{"a config", "main"}) {
		t.Errorf("configurations %q, %v", configs, err)
	}
	splits, err := c.Splits(t.Context(), "org/name", "main")
	if err != nil || !slices.Equal(splits, []string{"test", "train"}) {
		t.Errorf("splits %q, %v", splits, err)
	}
	wantFiles(t, c, "train", parquet("one"), parquet("two"))
	if paths, err := c.Files(t.Context(), "org/name", "a config", "test"); err != nil || len(paths) != 1 {
		t.Errorf("a config: %v %v", paths, err)
	}
	for _, absent := range [][3]string{{"org/none", "main", "test"}, {"org/name", "none", "test"}, {"org/name", "main", "dev"}} {
		if _, err := c.Files(t.Context(), absent[0], absent[1], absent[2]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v: %v", absent, err)
		}
	}
	if r, ok := c.place("org/name", "main", "train").record(1); !ok || r.URL != s.URL+"/org/name/main/train/0001.parquet" {
		t.Errorf("record %+v", r)
	}
	if _, err := c.Configs(t.Context(), "org/none"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), s.URL+"/org/none/ lists nothing (404): name the configuration") {
		t.Errorf("no index: %v", err)
	}
}

// A server without listing and index still gives what is named.
func TestNoIndex(t *testing.T) {
	h := newFakeHub(t)
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.EscapedPath() {
		case "/datasets/org/name/resolve/refs%2Fconvert%2Fparquet/main/test/0000.parquet":
			w.Write([]byte(parquet("branch")))
		case "/org/name/":
			w.Write([]byte("plain text"))
		default:
			http.NotFound(w, r)
		}
		return true
	}
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantFiles(t, c, "test", parquet("branch"))
	if _, err := c.Configs(t.Context(), "org/name"); err == nil || !strings.Contains(err.Error(), "name the configuration") {
		t.Errorf("no index: %v", err)
	}
}

// A hub that says what is missing is not asked in other ways.
func TestHubSaysNo(t *testing.T) {
	h := newFakeHub(t)
	c, _ := testClient(t, Options{Endpoint: h.URL})
	if _, err := c.Files(t.Context(), "org/name", "none", "test"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if seen := h.seen(); len(seen) != 1 {
		t.Errorf("asked for %v", seen)
	}
}

func TestParseIndex(t *testing.T) {
	for name, tt := range map[string]struct {
		page string
		want []string
	}{
		"go":     {"<pre>\n<a href=\"main/\">main/</a>\n<a href=\"./a:b/\">a:b/</a>\n<a href=\"R.md\">R.md</a>\n</pre>", []string{"main"}},
		"python": {`<li><a href="a%20config/">a config/</a></li><li><a href="x%26y/">x&amp;y/</a></li>`, []string{"a config", "x&y"}},
		"nginx":  {`<a href="../">../</a><a href="test/">test/</a>  01-Jan-2026 -`, []string{"test"}},
		"apache": {`<th><a href="?C=N;O=D">Name</a></th><td><a href="/org/">Parent</a></td><td><a href="train/">train/</a>`, []string{"train"}},
		"caddy":  {`<A class="folder" HREF="./main/">`, []string{"main"}},
		"tricks": {`<a href="%2e%2e/"><a href="..%2f/"><a href="a%2fb/"><a href="//host/"><a href="http://host/"><a href="%zz/"><a href="a%00/"><a href="C:/">`, nil},
		"script": {`<a onclick="x" data-href="evil/"><a hrefs="evil/"><b href="evil/">`, nil},
		"same":   {`<a href="b/"><a href="a/"><a href="b/">`, []string{"a", "b"}},
	} {
		if got := parseIndex([]byte(tt.page)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func FuzzListing(f *testing.F) {
	for _, seed := range []string{
		`{"main":{"test":["http://h.test/0.parquet"]}}`, `["https://h.test/a/../b"]`, `{"..":{"a/b":null}}`,
		`<a href="main/">main/</a><a href="..%2f/">`, `[[[[`, "null",
	} {
		f.Add([]byte(seed))
	}
	endpoint, err := parseEndpoint("http://h.test")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 256<<20, func() { readListings(t, endpoint, data) })
	})
}

// readListings holds what any listing may lead to.
func readListings(t *testing.T, endpoint *url.URL, data []byte) {
	t.Helper()
	safe := func(name string) {
		if !filepath.IsLocal(name) || filepath.Base(name) != name || strings.ContainsAny(name, `/\`) {
			t.Errorf("unsafe name %q", name)
		}
	}
	for _, name := range parseIndex(data) {
		safe(name)
	}
	all, err := parseListing(data)
	if err != nil {
		all = nil
	}
	lists := [][]string{}
	for config, splits := range all {
		safe(config)
		for split, list := range splits {
			safe(split)
			lists = append(lists, list)
		}
	}
	if list, err := parseURLs(data); err == nil {
		lists = append(lists, list)
	}
	for _, list := range lists {
		urls, err := fileURLs(endpoint, list)
		for _, u := range urls {
			if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil) {
				t.Errorf("unsafe URL %q", u)
			}
		}
	}
}

// TestShared fetches real data from a file server on loopback.
func TestShared(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "hub")
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer s.Close()
	c, _ := testClient(t, Options{Endpoint: s.URL})
	configs, err := c.Configs(t.Context(), "cais/mmlu")
	if err != nil || len(configs) < 57 {
		t.Fatalf("%d configurations, %v", len(configs), err)
	}
	for _, at := range [][3]string{
		{"openai/gsm8k", "main", "test"}, {"openai/gsm8k", "main", "train"}, {"Rowan/hellaswag", "default", "validation"},
		{"cais/mmlu", "anatomy", "test"}, {"allenai/winogrande", "winogrande_xl", "validation"},
	} {
		paths, err := c.Files(t.Context(), at[0], at[1], at[2])
		if err != nil {
			t.Error(err)
			continue
		}
		for i, path := range paths {
			got, err1 := os.ReadFile(path)
			want, err2 := os.ReadFile(filepath.Join(dir, at[0], at[1], at[2], fileName(i)))
			if err := errors.Join(err1, err2); err != nil || string(got) != string(want) {
				t.Errorf("%s differs: %v", path, err)
			}
		}
	}
	entries, err := c.Cached()
	if err != nil || len(entries) < 4 {
		t.Errorf("cached %v, %v", entries, err)
	}
	checks, err := c.Verify(t.Context())
	if err != nil || len(checks) < len(entries) {
		t.Errorf("verified %d files of %d splits, %v", len(checks), len(entries), err)
	}
	for _, check := range checks {
		if check.Err != nil {
			t.Error(check.Err)
		}
	}
}
