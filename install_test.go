package llamaeval

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

// `go install` of the module's path builds the program from what a proxy
// would serve: the checkout's files as a module, dependencies from the cache of
// this machine, and only what that lacks from elsewhere. What it builds knows
// its version and runs.
func TestGoInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	const module, version = "github.com/llamaeval/llamaeval", "v0.0.1-proxy"
	dir := t.TempDir()
	serveModule(t, filepath.Join(dir, "proxy"), module, version)
	known, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache, elsewhere, _ := strings.Cut(strings.TrimSpace(string(known)), "\n")
	install := exec.Command("go", "install", "-trimpath", module+"/cmd/llamaeval@"+version)
	install.Dir = dir
	install.Env = append(os.Environ(), "GOBIN="+filepath.Join(dir, "bin"), "GOMODCACHE="+filepath.Join(dir, "modules"),
		"GOPROXY="+fileURL(filepath.Join(dir, "proxy"))+","+fileURL(filepath.Join(cache, "cache", "download"))+","+elsewhere,
		"GOSUMDB=off", "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("go install: %v\n%s", err, out)
	}
	model := filepath.Join(dir, "tiny.gguf")
	if err := tinymodel.Write(model, tinymodel.Options{Context: 4096}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{"--version", "llamaeval version " + version + "\n"},
		{"tasks list", "gsm8k"},
		{"run --task piqa --sample --limit 2 --quiet --out out --model " + model, "piqa"},
	} {
		c := exec.Command(filepath.Join(dir, "bin", "llamaeval"), strings.Fields(tt.args)...)
		c.Dir = dir
		c.Env = append(os.Environ(), "LLAMAEVAL_CACHE="+filepath.Join(dir, "cache"), "HF_HUB_OFFLINE=1")
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), tt.want) {
			t.Errorf("llamaeval %s: %v, want %q\n%s", tt.args, err, tt.want, out)
		}
	}
}

func fileURL(path string) string {
	if runtime.GOOS == "windows" {
		path = "/" + filepath.ToSlash(path)
	}
	return "file://" + path
}

// serveModule writes the files of a module proxy that has one version of the
// checkout.
func serveModule(t *testing.T, proxy, module, version string) {
	t.Helper()
	dir := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	info := fmt.Appendf(nil, `{"Version":%q,"Time":"2000-01-01T00:00:00Z"}`, version)
	for name, data := range map[string][]byte{version + ".mod": mod, version + ".info": info, "list": []byte(version + "\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range moduleFiles(t) {
		if err := addFile(z, module+"@"+version+"/"+name, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// moduleFiles are the checkout's files but those of modules inside it.
func moduleFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	var names, inner []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if stat, err := os.Lstat(name); err != nil || !stat.Mode().IsRegular() {
			continue
		}
		names = append(names, name)
		if path.Base(name) == "go.mod" && name != "go.mod" {
			inner = append(inner, path.Dir(name)+"/")
		}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(inner, func(folder string) bool { return strings.HasPrefix(name, folder) })
	})
}

func addFile(z *zip.Writer, name, from string) error {
	w, err := z.Create(name)
	if err != nil {
		return err
	}
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
