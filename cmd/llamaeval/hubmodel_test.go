package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

// A model of the hub by name and revision: a download that breaks goes on where
// it was, what arrives has the hub's hash, and afterwards it runs offline.
func TestModelOfHub(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	data, err := tinymodel.Bytes(tinymodel.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	var ranges []string
	var cut, requests atomic.Int32
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch r.URL.Path {
		case "/api/models/org/name/revision/v1.0":
			json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": []map[string]string{{"rfilename": "name-F32.gguf"}, {"rfilename": "README.md"}}})
		case "/org/name/resolve/" + commit + "/name-F32.gguf":
			w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
			if r.Method == http.MethodGet && cut.Add(1) == 1 {
				w.Header().Set("Content-Length", "1000000")
				w.Write(data[:100000])
				return
			}
			if r.Method == http.MethodGet {
				ranges = append(ranges, r.Header.Get("Range"))
			}
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
		default:
			http.NotFound(w, r)
		}
	}))
	defer hub.Close()
	cache := t.TempDir()
	for name, value := range map[string]string{
		"HF_ENDPOINT": hub.URL, "HF_HUB_OFFLINE": "", "LLAMAEVAL_CACHE": cache, "HF_HUB_CACHE": filepath.Join(cache, "none"), "OLLAMA_MODELS": filepath.Join(cache, "none"),
	} {
		t.Setenv(name, value)
	}
	const name = "hf:org/name@v1.0"
	if out := mustRun(t, "model", "pull", name, "--quiet"); !strings.Contains(out, "name-F32.gguf") {
		t.Errorf("pull printed %s", out)
	}
	if !slices.Contains(ranges, "bytes=100000-") {
		t.Errorf("it was asked for %q: the download did not go on where it was cut", ranges)
	}
	hub.Close()
	before := requests.Load()
	if out := mustRun(t, "model", "list"); !strings.Contains(out, name) {
		t.Errorf("list printed %s", out)
	}
	if out := mustRun(t, "model", "verify", name, "--format", "csv"); !strings.Contains(out, "hash,name-F32.gguf,ok") {
		t.Errorf("verify printed %s", out)
	}
	mustRun(t, "run", "--model", name, "--offline", "--task", "piqa", "--sample", "--limit", "1", "--out", filepath.Join(cache, "out"), "--quiet")
	if requests.Load() != before {
		t.Error("the hub was asked again")
	}
	damage(t, cache, data)
	if out, code := tryRun(t, "model", "verify", name, "--quiet"); code != exitFailed || !strings.Contains(out, "SHA-256") {
		t.Errorf("verify of damage: exit %d, %s", code, out)
	}
}

// damage changes a byte of the weights in the cache.
func damage(t *testing.T, cache string, data []byte) {
	t.Helper()
	err := filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Name() != "name-F32.gguf" {
			return err
		}
		wrong := slices.Clone(data)
		wrong[len(wrong)-1] ^= 1
		return os.WriteFile(path, wrong, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Models that other programs keep run by their names there.
func TestModelOfOthersCaches(t *testing.T) {
	data, err := tinymodel.Bytes(tinymodel.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	store := t.TempDir()
	for path, text := range map[string]string{
		"ollama/manifests/registry.ollama.ai/library/tiny/1b":                        `{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:` + digest + `"}]}`,
		"ollama/blobs/sha256-" + digest:                                              string(data),
		"hub/models--org--tiny/refs/main":                                            strings.Repeat("ab", 20),
		"hub/models--org--tiny/snapshots/" + strings.Repeat("ab", 20) + "/tiny.gguf": string(data),
	} {
		path = filepath.Join(store, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"HF_HUB_OFFLINE": "1", "LLAMAEVAL_CACHE": filepath.Join(store, "cache"), "HF_HUB_CACHE": filepath.Join(store, "hub"), "OLLAMA_MODELS": filepath.Join(store, "ollama"),
	} {
		t.Setenv(name, value)
	}
	list := mustRun(t, "model", "list")
	for _, name := range []string{"ollama:tiny:1b", "hf:org/tiny"} {
		if !strings.Contains(list, name) {
			t.Errorf("%s is not listed:\n%s", name, list)
		}
	}
	for _, name := range []string{"tiny:1b", "ollama:tiny:1b", "org/tiny", "hf:org/tiny"} {
		mustRun(t, "run", "--model", name, "--task", "piqa", "--sample", "--limit", "1", "--out", filepath.Join(t.TempDir(), "out"), "--quiet")
	}
	if out := mustRun(t, "model", "verify", "tiny:1b", "--format", "csv"); !strings.Contains(out, "sha256-"+digest+",ok") {
		t.Errorf("verify printed %s", out)
	}
}

// A hub that denies a model says which variable holds the token, and never the
// token; bytes that have another hash than the hub states are not kept.
func TestHubDeniesModel(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	const secret = "hf_secretsecretsecret"
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "org/gated"):
			w.Header().Set("X-Error-Code", "GatedRepo")
			w.WriteHeader(http.StatusUnauthorized)
		case strings.Contains(r.URL.Path, "org/private"):
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/api/models/org/wrong/revision/main":
			json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": []map[string]string{{"rfilename": "m.gguf"}}})
		default:
			w.Header().Set("ETag", `"`+strings.Repeat("0", 64)+`"`)
			w.Write([]byte("GGUF and something else"))
		}
	}))
	defer hub.Close()
	cache := t.TempDir()
	for name, value := range map[string]string{
		"HF_ENDPOINT": hub.URL, "HF_HUB_OFFLINE": "", "LLAMAEVAL_CACHE": cache, "HF_HUB_CACHE": filepath.Join(cache, "none"),
		"HF_HOME": filepath.Join(cache, "none"), "HF_TOKEN_PATH": filepath.Join(cache, "none"),
	} {
		t.Setenv(name, value)
	}
	for _, c := range []struct{ model, token, want string }{
		{"hf:org/private", "", "set HF_TOKEN to a token that may read it"},
		{"hf:org/private", secret, "the one in HF_TOKEN or the token file may not"},
		{"hf:org/gated", "", "accept its terms on its page of the hub, and set HF_TOKEN"},
		{"hf:org/wrong", secret, "SHA-256"},
	} {
		t.Setenv("HF_TOKEN", c.token)
		for _, args := range [][]string{{"model", "pull", c.model}, {"run", "--model", c.model, "--task", "piqa", "--sample", "--out", filepath.Join(cache, "out")}} {
			out, code := tryRun(t, append(args, "--quiet")...)
			if code != exitFailed || !strings.Contains(out, c.want) || strings.Contains(out, "hf_secret") {
				t.Errorf("%s %s, token %q: exit %d, %s", args[0], c.model, c.token, code, out)
			}
		}
	}
	err := filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(d.Name(), ".gguf") {
			t.Errorf("%s is kept", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
