package hub

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOffline(t *testing.T) {
	h := newFakeHub(t)
	dir := t.TempDir()
	offline, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir, Offline: true, Refresh: true})
	wantError(t, offline, ErrUnavailable, "offline")
	if _, err := offline.Configs(t.Context(), "org/name"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("configurations: %v", err)
	}
	if seen := h.seen(); len(seen) > 0 {
		t.Fatalf("offline, asked for %v", seen)
	}
	online, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir})
	wantFiles(t, online, "test", parquet("three"))
	h.Close()
	wantFiles(t, offline, "test", parquet("three"))
	for _, c := range []*Client{offline, online} {
		if names, err := c.Configs(t.Context(), "org/name"); err != nil || !slices.Equal(names, []string{"main"}) {
			t.Errorf("configurations %v, %v", names, err)
		}
		if names, err := c.Splits(t.Context(), "org/name", "main"); err != nil || !slices.Equal(names, []string{"test"}) {
			t.Errorf("splits %v, %v", names, err)
		}
		if _, err := c.Splits(t.Context(), "org/name", "other"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("splits of what is not cached: %v", err)
		}
	}
}

func TestCached(t *testing.T) {
	h := newFakeHub(t)
	c, _ := testClient(t, Options{Endpoint: h.URL})
	if entries, err := c.Cached(); err != nil || len(entries) > 0 {
		t.Errorf("an empty cache: %v %v", entries, err)
	}
	wantFiles(t, c, "train", parquet("one"), parquet("two"))
	wantFiles(t, c, "test", parquet("three"))
	entries, err := c.Cached()
	want := []Entry{{"org/name", "main", "test", 1, 13, "c0ffee"}, {"org/name", "main", "train", 2, 22, "c0ffee"}}
	if err != nil || !slices.Equal(entries, want) {
		t.Errorf("cached %v %v, want %v", entries, err, want)
	}
}

// A dataset without an organisation is kept beside the others.
func TestPlainName(t *testing.T) {
	h := newFakeHub(t)
	h.before = func(_ http.ResponseWriter, r *http.Request) bool {
		r.URL.Path = strings.Replace(r.URL.Path, "/datasets/name/", "/datasets/org/name/", 1)
		return false
	}
	c, _ := testClient(t, Options{Endpoint: h.URL})
	if _, err := c.Files(t.Context(), "name", "main", "test"); err != nil {
		t.Fatal(err)
	}
	entries, err := c.Cached()
	if want := []Entry{{"name", "main", "test", 1, 13, "c0ffee"}}; err != nil || !slices.Equal(entries, want) {
		t.Errorf("cached %v %v, want %v", entries, err, want)
	}
}

// What is damaged in the cache is fetched again, or found by Verify.
func TestDamage(t *testing.T) {
	for name, tt := range map[string]struct {
		damage  func(p place) error
		fetched []string // storage paths the next use asks for
		refuted bool
	}{
		"shorter":     {func(p place) error { return os.Truncate(p.file(1), 3) }, []string{"/storage/main/train/1.parquet"}, true},
		"gone":        {func(p place) error { return os.Remove(p.file(0)) }, []string{"/storage/main/train/0.parquet"}, true},
		"no record":   {func(p place) error { return os.Remove(p.file(0) + recordAdds) }, []string{"/storage/main/train/0.parquet"}, false},
		"bad record":  {func(p place) error { return os.WriteFile(p.file(0)+recordAdds, []byte("{"), 0o644) }, []string{"/storage/main/train/0.parquet"}, false},
		"no manifest": {func(p place) error { return os.Remove(filepath.Join(p.dir, splitFile)) }, nil, false},
		"bad manifest": {func(p place) error {
			return os.WriteFile(filepath.Join(p.dir, splitFile), []byte(`{"sha256":["x"]}`), 0o644)
		}, []string{"/storage/main/train/0.parquet"}, true},
		"flipped": {func(p place) error { return os.WriteFile(p.file(0), []byte(parquet("eno")), 0o644) }, []string{"/storage/main/train/0.parquet"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t)
			c, _ := testClient(t, Options{Endpoint: h.URL})
			wantFiles(t, c, "train", parquet("one"), parquet("two"))
			h.seen()
			if err := tt.damage(c.place("org/name", "main", "train")); err != nil {
				t.Fatal(err)
			}
			checks, err := c.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if refuted := slices.ContainsFunc(checks, func(k Check) bool { return k.Err != nil }); refuted != tt.refuted {
				t.Errorf("checks %v", checks)
			}
			wantFiles(t, c, "train", parquet("one"), parquet("two"))
			storage := slices.DeleteFunc(h.seen(), func(p string) bool { return !strings.HasPrefix(p, "/storage") })
			if !slices.Equal(storage, tt.fetched) {
				t.Errorf("fetched %v, want %v", storage, tt.fetched)
			}
		})
	}
}

func TestVerifyCancel(t *testing.T) {
	h := newFakeHub(t)
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantFiles(t, c, "test", parquet("three"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Files from two states of the dataset never make one split.
func TestDatasetChangesMeanwhile(t *testing.T) {
	h := newFakeHub(t)
	commits := []string{"aaa", "bbb", "bbb", "bbb"}
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, ".parquet") && strings.HasPrefix(r.URL.Path, "/api/") {
			w.Header().Set("X-Repo-Commit", commits[0])
			w.Header().Set("X-Linked-Etag", lfsTag(parquet(map[string]string{"0": "one", "1": "two"}[r.URL.Path[len(r.URL.Path)-9:len(r.URL.Path)-8]])))
			commits = commits[1:]
			http.Redirect(w, r, strings.Replace(r.URL.Path, "/api/datasets/org/name/parquet", "/storage", 1), http.StatusFound)
			return true
		}
		return false
	}
	c, _ := testClient(t, Options{Endpoint: h.URL})
	if _, err := c.Files(t.Context(), "org/name", "main", "train"); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("got %v", err)
	}
	wantFiles(t, c, "train", parquet("one"), parquet("two"))
}

// Two processes fetch the same split at once: each file is fetched once.
func TestTwoProcesses(t *testing.T) {
	if endpoint := os.Getenv("HUB_TEST_ENDPOINT"); endpoint != "" {
		c, _ := testClient(t, Options{Endpoint: endpoint, CacheDir: os.Getenv("HUB_TEST_CACHE")})
		wantFiles(t, c, "train", parquet("one"), parquet("two"))
		return
	}
	h := newFakeHub(t)
	var processes []*exec.Cmd
	dir := t.TempDir()
	for range 2 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestTwoProcesses$")
		cmd.Env = append(os.Environ(), "HUB_TEST_ENDPOINT="+h.URL, "HUB_TEST_CACHE="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		processes = append(processes, cmd)
	}
	for _, cmd := range processes {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if seen := h.seen(); len(seen) != 5 {
		t.Errorf("asked for %v, want 5 requests", seen)
	}
}
