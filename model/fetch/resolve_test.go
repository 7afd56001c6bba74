package fetch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files creates empty files below a new folder.
func files(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPaths(t *testing.T) {
	dir := files(t, "one/A.Q8_0.gguf", "one/readme", "two/b.gguf", "two/c.GGUF", "none/config.json", "plain")
	if err := os.MkdirAll(filepath.Join(dir, "none", "d.gguf"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, display, err string }{
		{"one/A.Q8_0.gguf", "one/A.Q8_0.gguf", "A.Q8_0", ""},
		{"one", "one/A.Q8_0.gguf", "A.Q8_0", ""},
		{"plain", "plain", "plain", ""},
		{"two", "", "", `2 .gguf files, want one ("b.gguf", "c.GGUF")`},
		{"none", "", "", `no .gguf file among its 2 entries ("config.json", "d.gguf")`},
		{"absent.gguf", "", "", "no such file, folder or model name"},
	} {
		r, err := Resolve(context.Background(), filepath.Join(dir, c.name), Options{Offline: true})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.name, err, c.err)
			}
			continue
		}
		if err != nil || r != (Resolved{Path: filepath.Join(dir, c.path), Name: c.display}) {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
}

func TestFolderListingIsShort(t *testing.T) {
	var names []string
	for i := range 200 {
		names = append(names, strings.Repeat("n", 100)+string(rune('a'+i%26))+strings.Repeat("x", i)[:i%100])
	}
	_, err := Resolve(context.Background(), files(t, names...), Options{Offline: true})
	if err == nil || len(err.Error()) > 800 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}

// TestAliasBeatsFolder: the output folder of a run may carry the model's name.
func TestAliasBeatsFolder(t *testing.T) {
	dir := files(t, "smollm2-135m/run.json")
	t.Chdir(dir)
	_, err := Resolve(context.Background(), "smollm2-135m", Options{Offline: true, CacheDir: filepath.Join(dir, "cache")})
	if err == nil || !strings.Contains(err.Error(), "is not in the cache") {
		t.Errorf("error %v", err)
	}
}

func TestUnknownNames(t *testing.T) {
	for name, want := range map[string]string{
		"smolm2-135m":             `did you mean smollm2-135m?`,
		"SmolLM2_135M":            `did you mean smollm2-135m?`,
		"gpt-5":                   "no such file, folder or model name (accepted",
		"":                        "or one of: smollm2-135m",
		strings.Repeat("z", 9000): "zzz",
		"nul\x00byte":             "nul",
	} {
		_, err := Resolve(context.Background(), name, Options{Offline: true})
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 {
			t.Errorf("%.20q: error %v, want %q", name, err, want)
		}
	}
}

func TestCachePlace(t *testing.T) {
	a := Aliases()[0]
	t.Setenv("LLAMAEVAL_CACHE", filepath.FromSlash("/env"))
	for _, c := range []struct{ option, want string }{
		{"", "/env/models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"},
		{"/opt", "/opt/models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"},
	} {
		want, err := filepath.Abs(filepath.FromSlash(c.want))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.Path(Options{CacheDir: filepath.FromSlash(c.option)}); got != want || err != nil {
			t.Errorf("%q: %s, %v", c.option, got, err)
		}
	}
	t.Setenv("LLAMAEVAL_CACHE", "")
	user, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	if got, _ := a.Path(Options{}); !strings.HasPrefix(got, filepath.Join(user, "llamaeval", "models")) {
		t.Errorf("default place is %s", got)
	}
}
