package hub

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTokenStaysHome(t *testing.T) {
	var elsewhere []string
	h := newFakeHub(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header.Get("Authorization")+r.Header.Get("Referer"))
		if r.URL.Query().Get("back") == "" {
			http.Redirect(w, r, h.URL+r.URL.Path+"?back=1", http.StatusTemporaryRedirect)
			return
		}
	}))
	defer other.Close()
	h.storage = other.URL
	home := 0
	h.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer hf_secret" {
			t.Errorf("%s without the token", r.URL)
		}
		home++
		return false
	}
	c, _ := testClient(t, Options{Endpoint: h.URL, Token: "hf_secret"})
	wantFiles(t, c, "test", parquet("three"))
	if home != 3 || len(elsewhere) != 1 || elsewhere[0] != "" {
		t.Errorf("%d requests at home, elsewhere %q", home, elsewhere)
	}
}

func TestNoTokenForListedHost(t *testing.T) {
	data := newFakeHub(t)
	data.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s with the token", r.URL)
		}
		return false
	}
	h := newFakeHub(t)
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		w.Write([]byte(`["` + data.URL + `/api/datasets/org/name/parquet/main/test/0.parquet"]`))
		return true
	}
	c, _ := testClient(t, Options{Endpoint: h.URL, Token: "hf_secret"})
	wantFiles(t, c, "test", parquet("three"))
}

func TestTokenIsInNoFile(t *testing.T) {
	h := newFakeHub(t)
	c, _ := testClient(t, Options{Endpoint: h.URL, Token: "hf_secret"})
	wantFiles(t, c, "test", parquet("three"))
	err := filepath.WalkDir(c.o.CacheDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "secret") {
			t.Errorf("%s: %s", path, data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSameOrigin(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"https://hub.test", "https://hub.test/x", true},
		{"https://hub.test", "https://HUB.test:443/x", true},
		{"http://hub.test:80", "http://hub.test", true},
		{"https://hub.test", "http://hub.test/x", false},
		{"https://hub.test", "https://hub.test:8443/x", false},
		{"https://hub.test", "https://cdn.hub.test/x", false},
		{"https://hub.test", "https://hub.test.evil.test/x", false},
	} {
		a, err := parseEndpoint(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := parseEndpoint(tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if sameOrigin(a, b) != tt.want {
			t.Errorf("%s and %s: want %v", tt.a, tt.b, tt.want)
		}
	}
}

func TestToken(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HF_TOKEN", "")
	t.Setenv("HF_HOME", home)
	if got := Token(); got != "" {
		t.Errorf("without a file: %q", got)
	}
	if err := os.WriteFile(filepath.Join(home, "token"), []byte("hf_file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Token(); got != "hf_file" {
		t.Errorf("from the file: %q", got)
	}
	t.Setenv("HF_TOKEN", " hf_env ")
	if got := Token(); got != "hf_env" {
		t.Errorf("from the environment: %q", got)
	}
}

func TestBadToken(t *testing.T) {
	c, _ := testClient(t, Options{Token: "hf_secret\nX: y"})
	wantError(t, c, nil, "HF_TOKEN")
}
