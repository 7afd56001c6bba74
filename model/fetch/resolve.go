// Package fetch finds the checkpoint that a user names: a file, a folder with
// one file, or an alias, which is fetched once into the user's cache through
// whatever Python installer the machine has and used from there ever after.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	// Notice is told in one line what is about to be fetched; may be nil.
	Notice func(string)
}

// Resolved is a checkpoint that is there.
type Resolved struct {
	Path  string
	Name  string // for tables: the alias, or the file's name without .gguf
	Alias string // "" if named by path
}

// Resolve returns the checkpoint that nameOrPath names. A file comes before an
// alias, an alias before a folder: the folder of an earlier run may well be
// called like the model. Errors say what is accepted.
func Resolve(ctx context.Context, nameOrPath string, o Options) (Resolved, error) {
	return resolve(ctx, nameOrPath, Aliases(), o)
}

func resolve(ctx context.Context, name string, aliases []Alias, o Options) (Resolved, error) {
	info, err := os.Stat(name)
	if err == nil && !info.IsDir() {
		return Resolved{Path: name, Name: displayName(name)}, nil
	}
	for _, a := range aliases {
		if strings.EqualFold(a.Name, name) {
			path, err := a.resolve(ctx, o)
			return Resolved{Path: path, Name: a.Name, Alias: a.Name}, err
		}
	}
	switch {
	case err == nil:
		return inFolder(name)
	case errors.Is(err, fs.ErrNotExist):
		return Resolved{}, unknown(name, aliases)
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err // without the name, which may be long
	}
	return Resolved{}, fmt.Errorf("model %.200q: %w", name, err)
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
	return fmt.Errorf("model %.200q: no such file, folder or model name%s (accepted: a .gguf file, a folder with exactly one, or one of: %s)",
		name, nearest.DidYouMean(name, names), strings.Join(names, ", "))
}

// inFolder returns the only checkpoint in dir.
func inFolder(dir string) (Resolved, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Resolved{}, fmt.Errorf("model folder: %w", err)
	}
	var all, found []string
	for _, e := range entries {
		all = append(all, e.Name())
		if strings.EqualFold(filepath.Ext(e.Name()), ".gguf") && !e.IsDir() {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 1:
		path := filepath.Join(dir, found[0])
		return Resolved{Path: path, Name: displayName(path)}, nil
	case 0:
		return Resolved{}, fmt.Errorf("model folder %.200q: no .gguf file among its %d entries%s; name a file or another folder",
			dir, len(all), listing(all))
	}
	return Resolved{}, fmt.Errorf("model folder %.200q: %d .gguf files, want one%s; name the file itself", dir, len(found), listing(found))
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
