package dataset

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

// TestRemote fetches from a plain file server, then reads offline.
func TestRemote(t *testing.T) {
	root := filepath.Join(sharedtest.Dir(t), "hub")
	server := httptest.NewServer(http.FileServer(http.Dir(root)))
	defer server.Close()
	open := func(cache string, offline bool) *Store {
		s, err := NewStore(Options{Hub: server.URL, CacheDir: cache, Offline: offline})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	cache, ref := t.TempDir(), Ref{Path: "openai_humaneval"}
	s := open(cache, false)
	if err := s.Pull(t.Context(), ref, []string{"test"}); err != nil {
		t.Fatal(err)
	}
	fetched, err := open(cache, true).Load(t.Context(), ref, "test")
	if err != nil {
		t.Fatal(err)
	}
	mirrored, err := mirrorStore(t).Load(t.Context(), ref, "test")
	if err != nil || fetched.Hash != mirrored.Hash {
		t.Errorf("fetched rows hash to %s, the mirror's to %v, %v", fetched.Hash, mirrored, err)
	}
	if entries, err := s.Cached(); err != nil || len(entries) != 1 || entries[0].Repo != "openai/openai_humaneval" {
		t.Errorf("cache holds %v, %v", entries, err)
	}
	_, err = s.Load(t.Context(), Ref{Path: "openai/gsm8k", Config: "main"}, "tset")
	var missing *MissingError
	if err == nil || errors.As(err, &missing) || !strings.Contains(err.Error(), "it has test, train") {
		t.Errorf("wrong split: %v", err)
	}
	server.Close()
	if _, err := open(t.TempDir(), true).Load(t.Context(), ref, "test"); !errors.As(err, &missing) {
		t.Errorf("offline and not cached: %v", err)
	}
}
