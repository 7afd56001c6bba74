package gguf_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/model/gguf"
)

func TestCachedHash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hashes")
	path := filepath.Join(t.TempDir(), "f")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	write := func(text string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string) {
		t.Helper()
		want, err := gguf.Hash(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := gguf.CachedHash(path, dir); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", what, got, err, want)
		}
	}
	notes := func() []string {
		n, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	write("one", time.Now())
	check("a file that has just changed")
	if len(notes()) != 0 {
		t.Error("the hash of a file that has just changed was kept")
	}
	write("two", old)
	check("first time")
	if runtime.GOOS == "windows" {
		return
	}
	if len(notes()) != 1 {
		t.Fatalf("notes: %v", notes())
	}
	check("second time")
	write("six", old) // same size, same modification time
	check("changed behind the clock's back")
	// The note is believed: that is what saves reading the file.
	note := notes()[0]
	data, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	forged := append([]byte(nil), data...)
	at := len(forged) - 10
	forged[at] = '0' + (forged[at]-'0'+1)%10
	if err := os.WriteFile(note, forged, 0o644); err != nil {
		t.Fatal(err)
	}
	want, _ := gguf.Hash(path)
	if got, err := gguf.CachedHash(path, dir); err != nil || got == want {
		t.Errorf("the file was read again: %s, %v", got, err)
	}
	if err := os.WriteFile(note, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	check("a broken note")
	if _, err := gguf.CachedHash(path+"x", dir); err == nil {
		t.Error("a missing file was hashed")
	}
}
