package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// parquet returns bytes that begin and end as a Parquet file does.
func parquet(text string) string { return magic + text + magic }

func lfsTag(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

func blobTag(data string) string {
	sum := sha1.Sum([]byte("blob " + strconv.Itoa(len(data)) + "\x00" + data))
	return hex.EncodeToString(sum[:])
}

// fakeHub answers as the hub does: a listing, then a redirect to storage that
// carries hash, size and commit.
type fakeHub struct {
	*httptest.Server
	mu       sync.Mutex
	files    map[string]map[string][]string // configuration, split, contents
	tag      func(data string) string
	storage  string // root URL of the storage
	requests []string
	before   func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

func newFakeHub(t *testing.T) *fakeHub {
	h := &fakeHub{
		files: map[string]map[string][]string{"main": {"train": {parquet("one"), parquet("two")}, "test": {parquet("three")}}},
		tag:   lfsTag,
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Server = httptest.NewServer(h)
	h.storage = h.URL
	t.Cleanup(h.Close)
	return h
}

func (h *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r.URL.Path)
	if h.before != nil && h.before(w, r) {
		return
	}
	path, _ := strings.CutPrefix(r.URL.Path, "/api/datasets/org/name/parquet")
	part := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case strings.HasPrefix(r.URL.Path, "/storage/"):
		h.serve(w, r, part[1:])
	case path == "":
		json.NewEncoder(w).Encode(h.listing())
	case path == r.URL.Path:
		http.NotFound(w, r)
	case len(part) == 2 && h.listing()[part[0]][part[1]] != nil:
		json.NewEncoder(w).Encode(h.listing()[part[0]][part[1]])
	case len(part) == 3:
		h.redirect(w, r, part)
	default:
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.NotFound(w, r)
	}
}

func (h *fakeHub) listing() listing {
	all := listing{}
	for config, splits := range h.files {
		all[config] = map[string][]string{}
		for split, files := range splits {
			for i := range files {
				all[config][split] = append(all[config][split], fmt.Sprintf("%s/api/datasets/org/name/parquet/%s/%s/%d.parquet", h.URL, config, split, i))
			}
		}
	}
	return all
}

func (h *fakeHub) data(part []string) string {
	i, err := strconv.Atoi(strings.TrimSuffix(part[2], ".parquet"))
	if err != nil {
		panic(err)
	}
	return h.files[part[0]][part[1]][i]
}

func (h *fakeHub) redirect(w http.ResponseWriter, r *http.Request, part []string) {
	data := h.data(part)
	w.Header().Set("X-Linked-Etag", strconv.Quote(h.tag(data)))
	w.Header().Set("X-Linked-Size", strconv.Itoa(len(data)))
	w.Header().Set("X-Repo-Commit", "c0ffee")
	http.Redirect(w, r, h.storage+"/storage/"+strings.Join(part, "/")+"?signature=secret-signature", http.StatusFound)
}

func (h *fakeHub) serve(w http.ResponseWriter, r *http.Request, part []string) {
	data := h.data(part)
	w.Header().Set("ETag", strconv.Quote("storage-"+lfsTag(data)[:8]))
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(data))
}

// seen returns the paths asked for since the last call.
func (h *fakeHub) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.requests
	h.requests = nil
	return seen
}

// testClient does not wait between tries; waits records what it was to wait.
func testClient(t *testing.T, o Options) (c *Client, waits *[]time.Duration) {
	t.Helper()
	if o.CacheDir == "" {
		o.CacheDir = t.TempDir()
	}
	c, waits = New(o), new([]time.Duration)
	c.jitter = func(d time.Duration) time.Duration { return d }
	c.sleep = func(ctx context.Context, d time.Duration) error {
		*waits = append(*waits, d)
		return ctx.Err()
	}
	return c, waits
}

func wantFiles(t *testing.T, c *Client, split string, want ...string) {
	t.Helper()
	paths, err := c.Files(t.Context(), "org/name", "main", split)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(data))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("files %q, want %q", got, want)
	}
	leftovers, err := filepath.Glob(filepath.Join(filepath.Dir(paths[0]), "*"+partialAdds+"*"))
	if err != nil || len(leftovers) > 0 {
		t.Fatalf("left over: %v %v", leftovers, err)
	}
}

// wantError checks that Files of main/test fails with an error of a kind that
// says all of the texts and no secret.
func wantError(t *testing.T, c *Client, kind error, texts ...string) {
	t.Helper()
	paths, err := c.Files(t.Context(), "org/name", "main", "test")
	if err == nil {
		t.Fatalf("no error, files %v", paths)
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("%v: is not %v", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v: does not say %q", err, text)
		}
	}
	for _, secret := range []string{"hf_secret", "secret-signature"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%v: says %q", err, secret)
		}
	}
}

func TestHub(t *testing.T) {
	for name, tag := range map[string]func(string) string{
		"lfs": lfsTag, "blob": blobTag, "other": func(string) string { return "abc" },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t)
			h.tag = tag
			var last string
			c, _ := testClient(t, Options{Endpoint: h.URL, Progress: func(file string, done, total int64) {
				last = fmt.Sprint(file, " ", done, " ", total)
			}})
			if configs, err := c.Configs(t.Context(), "org/name"); err != nil || !slices.Equal(configs, []string{"main"}) {
				t.Fatalf("configurations %v, %v", configs, err)
			}
			if splits, err := c.Splits(t.Context(), "org/name", "main"); err != nil || !slices.Equal(splits, []string{"test", "train"}) {
				t.Fatalf("splits %v, %v", splits, err)
			}
			wantFiles(t, c, "train", parquet("one"), parquet("two"))
			if want := "org/name/main/train/0001.parquet 11 11"; last != want {
				t.Errorf("progress ended with %q, want %q", last, want)
			}
			var r record
			if err := readJSON(c.place("org/name", "main", "train").file(1)+recordAdds, &r); err != nil {
				t.Fatal(err)
			}
			want := record{h.URL + "/api/datasets/org/name/parquet/main/train/1.parquet", tag(parquet("two")),
				"storage-" + lfsTag(parquet("two"))[:8], lfsTag(parquet("two")), 11, "c0ffee"}
			if r != want {
				t.Errorf("record %+v, want %+v", r, want)
			}
		})
	}
}

func TestSecondRunAsksNothing(t *testing.T) {
	h := newFakeHub(t)
	dir := t.TempDir()
	use := func() {
		c, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir})
		if _, err := c.Configs(t.Context(), "org/name"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Splits(t.Context(), "org/name", "main"); err != nil {
			t.Fatal(err)
		}
		wantFiles(t, c, "train", parquet("one"), parquet("two"))
	}
	use()
	h.seen()
	use()
	if again := h.seen(); len(again) > 0 {
		t.Errorf("the second run asked for %v", again)
	}
}

func TestRefresh(t *testing.T) {
	h := newFakeHub(t)
	dir := t.TempDir()
	c, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir})
	wantFiles(t, c, "train", parquet("one"), parquet("two"))
	h.seen()

	fresh, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir, Refresh: true})
	wantFiles(t, fresh, "train", parquet("one"), parquet("two"))
	for _, path := range h.seen() {
		if strings.HasPrefix(path, "/storage") {
			t.Errorf("fetched %s though nothing changed", path)
		}
	}
	h.files["main"]["train"] = []string{parquet("new")}
	wantFiles(t, fresh, "train", parquet("new"))
	wantFiles(t, c, "train", parquet("new"))
	if _, err := os.Stat(c.place("org/name", "main", "train").file(1)); err == nil {
		t.Error("the file that the hub has no more is still there")
	}
	h.before = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(500); return true }
	if _, err := fresh.Files(t.Context(), "org/name", "main", "train"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a refresh in vain: %v", err)
	}
	wantFiles(t, c, "train", parquet("new"))
}

// A refresh that fails half-way leaves new and old files: no split to trust.
func TestRefreshHalfWay(t *testing.T) {
	h := newFakeHub(t)
	dir := t.TempDir()
	c, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir})
	wantFiles(t, c, "train", parquet("one"), parquet("two"))
	h.files["main"]["train"] = []string{parquet("uno"), parquet("due")}
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		fail := strings.HasSuffix(r.URL.Path, "/1.parquet")
		if fail {
			w.WriteHeader(http.StatusForbidden)
		}
		return fail
	}
	fresh, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir, Refresh: true})
	if _, err := fresh.Files(t.Context(), "org/name", "main", "train"); err == nil {
		t.Error("a refused file: no error")
	}
	h.before = nil
	wantFiles(t, c, "train", parquet("uno"), parquet("due"))
}

func TestWholeListingOnly(t *testing.T) {
	h := newFakeHub(t)
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		one := strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasSuffix(r.URL.Path, ".parquet") && strings.Contains(r.URL.Path, "/parquet/")
		if one {
			http.NotFound(w, r)
		}
		return one
	}
	c, _ := testClient(t, Options{Endpoint: h.URL})
	wantFiles(t, c, "test", parquet("three"))
	if _, err := c.Files(t.Context(), "org/name", "main", "dev"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "test, train") {
		t.Errorf("absent split: %v", err)
	}
}

func TestTwoClients(t *testing.T) {
	h := newFakeHub(t)
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 4 {
		c, _ := testClient(t, Options{Endpoint: h.URL, CacheDir: dir})
		group.Go(func() {
			if paths, err := c.Files(t.Context(), "org/name", "main", "train"); err != nil || len(paths) != 2 {
				t.Errorf("%v %v", paths, err)
			}
		})
	}
	group.Wait()
	// The listing once, and for each file the hub and the storage once.
	if seen := h.seen(); len(seen) != 5 {
		t.Errorf("asked for %v, want 5 requests", seen)
	}
}
