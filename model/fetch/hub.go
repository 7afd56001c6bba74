package fetch

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/hf"
)

// A Hub brings files of a model's repository onto this machine.
type Hub interface {
	// Checkpoint returns the folder that holds the files that choose picks of
	// those of a revision, and their names; file is what a user named, or "".
	Checkpoint(ctx context.Context, repo, revision, file string, choose func(names []string) ([]string, error)) (dir string, names []string, err error)
}

const hubPrefix = "hf:"

// hubName is hf:org/name[@revision][:file].
type hubName struct{ repo, revision, file string }

func parseHubName(name string) hubName {
	n := hubName{repo: strings.TrimPrefix(name, hubPrefix), revision: "main"}
	n.repo, n.file, _ = strings.Cut(n.repo, ":")
	if repo, revision, ok := strings.Cut(n.repo, "@"); ok {
		n.repo, n.revision = repo, revision
	}
	return n
}

// fromHub fetches the checkpoint, or finds it in the caches of this program or
// of the hub's own library.
func fromHub(ctx context.Context, name string, o Options) (Resolved, error) {
	n := parseHubName(name)
	if n.repo == "" || n.revision == "" || strings.HasSuffix(name, ":") {
		return Resolved{}, fmt.Errorf("model %.200q: want hf:org/name, hf:org/name@revision or hf:org/name:file.gguf", name)
	}
	if dir, ok := snapshot(n.repo, n.revision); ok {
		if r, err := pick(dir, n.file); err == nil {
			return r.named(n), nil
		}
	}
	if o.Hub == nil {
		return Resolved{}, fmt.Errorf("model %.200q: not on this machine, and no hub is set up", name)
	}
	dir, names, err := o.Hub.Checkpoint(ctx, n.repo, n.revision, n.file, func(names []string) ([]string, error) { return choose(names, n.file) })
	if err != nil && o.offline() {
		err = fmt.Errorf("%w: `llamaeval model pull hf:%s` fetches it where there is a network", err, n.repo)
	}
	if err != nil {
		return Resolved{}, err
	}
	return main(dir, names).named(n), nil
}

// named is the checkpoint as tables call it.
func (r Resolved) named(n hubName) Resolved {
	r.Name = n.repo[strings.LastIndexByte(n.repo, '/')+1:]
	if n.file != "" {
		r.Name = displayName(n.file)
	}
	return r
}

// main is what is opened of the files in a folder: the first GGUF file, else
// the folder.
func main(dir string, names []string) Resolved {
	slices.Sort(names)
	for _, name := range names {
		if isGGUF(name) {
			file := filepath.Join(dir, filepath.FromSlash(name))
			return Resolved{Path: file, Name: displayName(file)}
		}
	}
	return Resolved{Path: dir, Name: filepath.Base(dir)}
}

func isGGUF(name string) bool { return strings.EqualFold(path.Ext(name), ".gguf") }

// choose picks a checkpoint's files among a repository's: the named one, else
// config.json with the safetensors files, else the only GGUF file. Parts of a
// split file belong together.
func choose(names []string, file string) ([]string, error) {
	if file != "" {
		return chooseFile(names, file)
	}
	var weights, ggufs []string
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, "model") && strings.HasSuffix(name, ".safetensors") && !strings.Contains(name, "/"),
			name == "model.safetensors.index.json":
			weights = append(weights, name)
		case isGGUF(name):
			ggufs = append(ggufs, name)
		}
	}
	if len(weights) > 0 && slices.Contains(names, "config.json") {
		if slices.Contains(weights, "model.safetensors") {
			weights = []string{"model.safetensors"}
		}
		for _, name := range hf.Beside {
			if slices.Contains(names, name) {
				weights = append(weights, name)
			}
		}
		return weights, nil
	}
	first := firstParts(ggufs)
	switch len(first) {
	case 1:
		return chooseFile(names, first[0])
	case 0:
		return nil, fmt.Errorf("it has neither config.json with safetensors files nor a GGUF file among its %d files%s", len(names), listing(names))
	}
	return nil, fmt.Errorf("it has %d GGUF files%s: name one, as in hf:org/name:%s", len(first), listing(first), first[0])
}

func chooseFile(names []string, file string) ([]string, error) {
	if !slices.Contains(names, file) {
		return nil, fmt.Errorf("it has no file %.100q%s", file, listing(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !isGGUF(n) })))
	}
	if !isGGUF(file) {
		return nil, fmt.Errorf("file %.100q is no .gguf file; leave it out for a checkpoint of safetensors files", file)
	}
	parts := gguf.PartNames(file)
	if parts == nil {
		return []string{file}, nil
	}
	for _, part := range parts {
		if !slices.Contains(names, part) {
			return nil, fmt.Errorf("part %.100q of a split file is not there", part)
		}
	}
	return parts, nil
}

// firstParts leaves out all but the first part of split files.
func firstParts(ggufs []string) []string {
	return slices.DeleteFunc(slices.Clone(ggufs), func(name string) bool {
		parts := gguf.PartNames(name)
		return parts != nil && name != parts[0]
	})
}
