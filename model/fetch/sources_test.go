package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// place writes small files and returns their folder.
func place(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// alone keeps a test from the stores of this machine.
func alone(t *testing.T) (hub, ollama string) {
	hub, ollama = t.TempDir(), t.TempDir()
	t.Setenv("HF_HUB_CACHE", hub)
	t.Setenv("OLLAMA_MODELS", ollama)
	return hub, ollama
}

func TestChoose(t *testing.T) {
	for name, c := range map[string]struct {
		names []string
		file  string
		want  []string
		err   string
	}{
		"sharded": {[]string{"README.md", "config.json", "model-1-of-2.safetensors", "model-2-of-2.safetensors", "model.safetensors.index.json", "consolidated.safetensors", "tokenizer.json"}, "",
			[]string{"model-1-of-2.safetensors", "model-2-of-2.safetensors", "model.safetensors.index.json", "config.json", "tokenizer.json"}, ""},
		"single":       {[]string{"config.json", "model.safetensors", "model.fp16.safetensors", "m.gguf"}, "", []string{"model.safetensors", "config.json"}, ""},
		"one gguf":     {[]string{"config.json", "m.gguf"}, "", []string{"m.gguf"}, ""},
		"split":        {[]string{"m-00002-of-00002.gguf", "m-00001-of-00002.gguf"}, "", []string{"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}, ""},
		"named":        {[]string{"a.gguf", "q/b.gguf"}, "q/b.gguf", []string{"q/b.gguf"}, ""},
		"several":      {[]string{"a.gguf", "b.gguf"}, "", nil, "2 GGUF files"},
		"none":         {[]string{"pytorch_model.bin", "config.json"}, "", nil, "neither config.json with safetensors files nor a GGUF file"},
		"absent":       {[]string{"a.gguf"}, "c.gguf", nil, `no file "c.gguf" ("a.gguf")`},
		"no gguf":      {[]string{"config.json"}, "config.json", nil, "is no .gguf file"},
		"missing part": {[]string{"m-00001-of-00002.gguf"}, "", nil, "is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := choose(c.names, c.file)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}

// fakeHub notes what it is asked for.
type fakeHub struct {
	dir   string
	names []string
	asked []string
}

func (h *fakeHub) Checkpoint(_ context.Context, repo, revision, file string, choose func([]string) ([]string, error)) (string, []string, error) {
	h.asked = append(h.asked, repo+"@"+revision+":"+file)
	names, err := choose(h.names)
	return h.dir, names, err
}

func TestHubNames(t *testing.T) {
	alone(t)
	for name, c := range map[string]struct{ asked, path, shown, err string }{
		"hf:org/name":           {asked: "org/name@main:", path: "/c", shown: "name"},
		"hf:org/name@v1":        {asked: "org/name@v1:", path: "/c", shown: "name"},
		"hf:org/name@v1:x.gguf": {asked: "org/name@v1:x.gguf", path: filepath.FromSlash("/c/x.gguf"), shown: "x"},
		"hf:org/name:y.gguf":    {asked: "org/name@main:y.gguf", err: "no file"},
		"hf:":                   {err: "want hf:org/name"},
		"hf:a@":                 {err: "want hf:org/name"},
		"hf:a:":                 {err: "want hf:org/name"},
	} {
		h := &fakeHub{dir: "/c", names: []string{"config.json", "model.safetensors", "x.gguf"}}
		r, err := Resolve(t.Context(), name, Options{Hub: h})
		if strings.Join(h.asked, " ") != c.asked || r.Path != c.path || r.Name != c.shown {
			t.Errorf("%s: %+v, asked %q", name, r, h.asked)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, want %q", name, err, c.err)
		}
	}
	if _, err := Resolve(t.Context(), "hf:org/name", Options{}); err == nil || !strings.Contains(err.Error(), "no hub is set up") {
		t.Errorf("without a hub: %v", err)
	}
}

func TestHubCache(t *testing.T) {
	hub, _ := alone(t)
	place(t, hub, map[string]string{
		"models--org--name/refs/main":                                     "abc\n",
		"models--org--name/snapshots/abc/config.json":                     "{}",
		"models--org--name/snapshots/abc/model.safetensors":               "",
		"models--org--half/refs/main":                                     "d",
		"models--org--half/snapshots/d/config.json":                       "{}",
		"models--org--half/snapshots/d/model-1.safetensors":               "",
		"models--org--half/snapshots/d/" + "model.safetensors.index.json": `{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}`,
		"models--org--evil/refs/main":                                     "../../org--name/snapshots/abc",
	})
	h := &fakeHub{}
	want := filepath.Join(hub, "models--org--name", "snapshots", "abc")
	for _, name := range []string{"hf:org/name", "org/name", "org/name@main", "org/name@abc"} {
		r, err := Resolve(t.Context(), name, Options{Hub: h})
		if err != nil || r.Path != want || r.Name != "name" || len(h.asked) > 0 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for _, name := range []string{"hf:org/half", "hf:org/evil"} {
		h := &fakeHub{}
		if _, err := Resolve(t.Context(), name, Options{Hub: h}); err == nil || len(h.asked) != 1 {
			t.Errorf("%s: %v, asked %q", name, err, h.asked)
		}
	}
	found := Local(Options{CacheDir: t.TempDir()})
	if len(found) != 1 || found[0].Name != "hf:org/name" || found[0].Bytes != 2 {
		t.Errorf("found %+v", found)
	}
}

func TestOllama(t *testing.T) {
	_, store := alone(t)
	blob := strings.Repeat("ab", 32)
	layer := func(kind, digest string) string {
		return `{"layers":[{"mediaType":"application/vnd.ollama.image.license","digest":"sha256:1"},{"mediaType":"application/vnd.ollama.image.` + kind + `","digest":"` + digest + `"}]}`
	}
	place(t, store, map[string]string{
		"blobs/sha256-" + blob:                              "GGUF",
		"manifests/registry.ollama.ai/library/llama/latest": layer("model", "sha256:"+blob),
		"manifests/registry.ollama.ai/me/llama/7b":          layer("model", "sha256:"+blob),
		"manifests/hf.co/org/name/Q4":                       layer("model", "sha256:"+blob),
		"manifests/registry.ollama.ai/library/lora/latest":  layer("adapter", "sha256:"+blob),
		"manifests/registry.ollama.ai/library/evil/latest":  layer("model", "sha256:../../x"),
		"manifests/registry.ollama.ai/library/gone/latest":  layer("model", "sha256:"+strings.Repeat("cd", 32)),
		"manifests/registry.ollama.ai/library/empty/latest": `{}`,
	})
	for name, shown := range map[string]string{
		"llama": "llama", "ollama:llama": "llama", "llama:latest": "llama", "ollama:me/llama:7b": "llama-7b", "hf.co/org/name:Q4": "name-Q4",
	} {
		r, err := Resolve(t.Context(), name, Options{})
		if err != nil || r.Path != filepath.Join(store, "blobs", "sha256-"+blob) || r.Name != shown || r.SHA256 != blob {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for name, want := range map[string]string{
		"ollama:lora": "an adapter", "ollama:evil": "want a SHA-256", "ollama:gone": "not in Ollama's store", "ollama:empty": "0 files of weights",
		"ollama:none": "not in Ollama's store", "ollama:../x": "no name", "ollama:": "no name", "nothing": "no such file",
	} {
		if _, err := Resolve(t.Context(), name, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	var names []string
	for _, f := range Local(Options{CacheDir: t.TempDir()}) {
		names = append(names, f.Source+" "+f.Name)
	}
	if diff := cmp.Diff([]string{"Ollama ollama:hf.co/org/name:Q4", "Ollama ollama:llama:latest", "Ollama ollama:me/llama:7b"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestFolders(t *testing.T) {
	alone(t)
	dir := place(t, t.TempDir(), map[string]string{"config.json": "{}", "model.safetensors": ""})
	if r, err := Resolve(t.Context(), dir, Options{}); err != nil || r.Path != dir || r.Name != filepath.Base(dir) {
		t.Errorf("safetensors: %+v, %v", r, err)
	}
	dir = place(t, t.TempDir(), map[string]string{"m-00001-of-00002.gguf": "", "m-00002-of-00002.gguf": ""})
	if r, err := Resolve(t.Context(), dir, Options{}); err != nil || r.Path != filepath.Join(dir, "m-00001-of-00002.gguf") {
		t.Errorf("split: %+v, %v", r, err)
	}
	if _, err := Resolve(t.Context(), place(t, t.TempDir(), map[string]string{"config.json": "{}"}), Options{}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("no weights: %v", err)
	}
}

func TestCheckHash(t *testing.T) {
	dir := place(t, t.TempDir(), map[string]string{
		"blobs/sha256-2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae": "foo", // as sha256sum says
		"blobs/19102815663d23f8b75a47e7a01965dcdc96468c":                                "foo", // as git hash-object says
		"blobs/sha256-00":                   "foo",
		"blobs/" + strings.Repeat("ab", 32): "foo",
		"plain":                             "foo",
	})
	for name, want := range map[string][2]bool{
		"blobs/sha256-2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae": {true, true},
		"blobs/19102815663d23f8b75a47e7a01965dcdc96468c":                                {true, true},
		"blobs/sha256-00":                   {false, true},
		"blobs/" + strings.Repeat("ab", 32): {true, false},
		"plain":                             {false, true},
		"none":                              {false, false},
	} {
		known, err := Resolved{}.CheckHash(filepath.Join(dir, filepath.FromSlash(name)))
		if known != want[0] || (err == nil) != want[1] {
			t.Errorf("%s: known %v, %v", name, known, err)
		}
	}
	if known, err := (Resolved{SHA256: strings.Repeat("ab", 32)}).CheckHash(filepath.Join(dir, "plain")); !known || err == nil {
		t.Errorf("a stated hash that differs: %v, %v", known, err)
	}
}
