package fetch

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Other programs' stores on this machine, read and never written.

// hubCache is where the hub's own library keeps repositories.
func hubCache() string {
	if dir := os.Getenv("HF_HUB_CACHE"); dir != "" {
		return dir
	}
	home := os.Getenv("HF_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		home = filepath.Join(user, ".cache", "huggingface")
	}
	return filepath.Join(home, "hub")
}

// snapshot returns the folder that the hub's own library keeps for a revision:
// refs/<revision> names the commit, snapshots/<commit> holds the files.
func snapshot(repo, revision string) (string, bool) {
	if strings.Contains(repo, "..") || strings.Contains(revision, "..") {
		return "", false
	}
	base := filepath.Join(hubCache(), "models--"+strings.ReplaceAll(repo, "/", "--"))
	commit := revision
	if ref, err := os.ReadFile(filepath.Join(base, "refs", filepath.FromSlash(revision))); err == nil && len(ref) < 200 {
		commit = strings.TrimSpace(string(ref))
	}
	dir := filepath.Join(base, "snapshots", commit)
	info, err := os.Stat(dir)
	return dir, err == nil && info.IsDir() && commit != "" && filepath.IsLocal(commit)
}

// pick returns the checkpoint in a folder, which must be whole.
func pick(dir, file string) (Resolved, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Resolved{}, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Contains(file, "/") {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file))); err == nil && filepath.IsLocal(file) {
			names = append(names, file)
		}
	}
	chosen, err := choose(names, file)
	if err != nil {
		return Resolved{}, err
	}
	if err := whole(dir, chosen); err != nil {
		return Resolved{}, err
	}
	return main(dir, chosen), nil
}

// whole checks that the files that an index lists are there; links may dangle.
func whole(dir string, names []string) error {
	for _, name := range names {
		data, err := readSmall(filepath.Join(dir, filepath.FromSlash(name)), strings.HasSuffix(name, ".index.json"))
		if err != nil {
			return err
		}
		var index struct {
			WeightMap map[string]string `json:"weight_map"`
		}
		if data == nil || json.Unmarshal(data, &index) != nil {
			continue
		}
		for _, shard := range index.WeightMap {
			if !slices.Contains(names, shard) {
				return fmt.Errorf("%s lists %s, which is not there", name, shard)
			}
		}
	}
	return nil
}

// readSmall checks that a file is there, and reads it if asked to.
func readSmall(path string, read bool) ([]byte, error) {
	info, err := os.Stat(path)
	const most = 64 << 20
	if err != nil || !read || info.Size() > most {
		return nil, err
	}
	return os.ReadFile(path)
}

// ollamaStore is where Ollama keeps models.
func ollamaStore() string {
	if dir := os.Getenv("OLLAMA_MODELS"); dir != "" {
		return dir
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(user, ".ollama", "models")
}

const ollamaPrefix = "ollama:"

// ollamaModel finds name[:tag] in Ollama's store: a manifest names the blob of
// the weights, which is a GGUF file.
func ollamaModel(name string) (Resolved, error) {
	name = strings.TrimPrefix(name, ollamaPrefix)
	model, tag, ok := strings.Cut(name, ":")
	if !ok {
		tag = "latest"
	}
	parts := strings.Split(model, "/")
	switch len(parts) {
	case 1:
		parts = append([]string{ollamaRegistry, "library"}, parts...)
	case 2:
		parts = append([]string{ollamaRegistry}, parts...)
	}
	rel := filepath.Join(append(append([]string{"manifests"}, parts...), tag)...)
	if !filepath.IsLocal(rel) || slices.ContainsFunc(parts, dots) || tag == "" || strings.ContainsAny(tag, `/\`) {
		return Resolved{}, fmt.Errorf("model %.200q: no name that Ollama's store can hold", name)
	}
	manifest := filepath.Join(ollamaStore(), rel)
	data, err := os.ReadFile(manifest)
	if err != nil {
		return Resolved{}, fmt.Errorf("model %.200q: not in Ollama's store %s", name, ollamaStore())
	}
	blob, err := weightsOf(data)
	if err != nil {
		return Resolved{}, fmt.Errorf("%s: %w", manifest, err)
	}
	path := filepath.Join(ollamaStore(), "blobs", "sha256-"+blob)
	if _, err := os.Stat(path); err != nil {
		return Resolved{}, fmt.Errorf("model %.200q: its weights are not in Ollama's store: %w", name, err)
	}
	return Resolved{Path: path, Name: strings.ReplaceAll(strings.TrimSuffix(parts[len(parts)-1]+"-"+tag, "-latest"), ":", "-"), SHA256: blob}, nil
}

// dots tells a name that is none.
func dots(part string) bool { return strings.Trim(part, ".") == "" }

const ollamaRegistry = "registry.ollama.ai"

// weightsOf returns the hash of the weights that a manifest names.
func weightsOf(manifest []byte) (string, error) {
	var m struct {
		Layers []struct {
			MediaType string `json:"mediaType"`
			Digest    string `json:"digest"`
		} `json:"layers"`
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return "", fmt.Errorf("no manifest of Ollama: %w", err)
	}
	var blobs []string
	for _, l := range m.Layers {
		switch l.MediaType {
		case "application/vnd.ollama.image.model":
			blobs = append(blobs, strings.TrimPrefix(l.Digest, "sha256:"))
		case "application/vnd.ollama.image.adapter":
			return "", fmt.Errorf("has an adapter beside the weights, which is not supported")
		}
	}
	if len(blobs) != 1 {
		return "", fmt.Errorf("names %d files of weights, want one", len(blobs))
	}
	if b, err := hex.DecodeString(blobs[0]); err != nil || len(b) != 32 {
		return "", fmt.Errorf("names the weights %.80q, want a SHA-256", blobs[0])
	}
	return blobs[0], nil
}

// A Found is a checkpoint that another program or this one keeps.
type Found struct {
	Source string // "alias", "hub", "Ollama"
	Name   string // as --model takes it
	Path   string
	Bytes  int64
}

// Local lists the checkpoints of the aliases, of the hub's own library and of
// Ollama on this machine.
func Local(o Options) []Found {
	var found []Found
	add := func(source, name string, r Resolved, err error) {
		if err == nil {
			found = append(found, Found{source, name, r.Path, sizeOf(r.Path)})
		}
	}
	for _, a := range Aliases() {
		if path, err := a.Path(o); err == nil && a.Cached(path) {
			add("alias", a.Name, Resolved{Path: path}, nil)
		}
	}
	folders, _ := filepath.Glob(filepath.Join(hubCache(), "models--*")) // the pattern is valid
	for _, folder := range folders {
		repo := strings.ReplaceAll(strings.TrimPrefix(filepath.Base(folder), "models--"), "--", "/")
		if dir, ok := snapshot(repo, "main"); ok {
			r, err := pick(dir, "")
			add("hub", hubPrefix+repo, r, err)
		}
	}
	root := filepath.Join(ollamaStore(), "manifests")
	manifests, _ := filepath.Glob(filepath.Join(root, "*", "*", "*", "*"))
	for _, path := range manifests {
		rel, err := filepath.Rel(root, path)
		if err != nil {
			continue
		}
		part := strings.Split(filepath.ToSlash(rel), "/")
		name := strings.TrimPrefix(strings.Join(part[:3], "/"), ollamaRegistry+"/")
		name = strings.TrimPrefix(name, "library/") + ":" + part[3]
		r, err := ollamaModel(name)
		add("Ollama", ollamaPrefix+name, r, err)
	}
	return found
}

// sizeOf returns the bytes of a file or of the files in a folder.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if !info.IsDir() {
		return info.Size()
	}
	total := int64(0)
	entries, _ := os.ReadDir(path) // what cannot be read counts nothing
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(path, e.Name())); err == nil && !info.IsDir() {
			total += info.Size()
		}
	}
	return total
}
