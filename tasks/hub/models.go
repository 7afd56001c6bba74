package hub

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// A Checkpoint is a model's files of one revision in the cache.
type Checkpoint struct {
	Repo     string            `json:"repo"`
	Revision string            `json:"revision"` // as asked for
	File     string            `json:"file,omitempty"`
	Commit   string            `json:"commit"`
	Files    map[string]string `json:"files"` // SHA-256 by name, "/" between folders
	Bytes    int64             `json:"bytes"`
	Dir      string            `json:"-"` // where they lie
}

const (
	modelsFolder  = "models/hub"
	checkpointEnd = ".checkpoint.json" // written last: all files are there
	maxModelFiles = 10_000
)

// Checkpoint returns the files that choose picks of a model's at a revision (a
// branch, tag or commit). What is in the cache is used without a request; file,
// which may be empty, tells different choices of one revision apart.
func (c *Client) Checkpoint(ctx context.Context, repo, revision, file string, choose func(names []string) ([]string, error)) (Checkpoint, error) {
	k, err := c.checkpoint(ctx, repo, revision, file, choose)
	if err != nil {
		err = fmt.Errorf("model %s: %w", repo, err)
	}
	return k, err
}

func (c *Client) checkpoint(ctx context.Context, repo, revision, file string, choose func([]string) ([]string, error)) (Checkpoint, error) {
	if c.invalid != nil {
		return Checkpoint{}, c.invalid
	}
	if err := validRepo(repo); err != nil {
		return Checkpoint{}, errors.New("not a name of the form org/name (letters, digits, '.', '_' and '-')")
	}
	if revision == "" || len(revision) > maxName || strings.ContainsAny(revision, "?#\\ ") || strings.Contains(revision, "..") {
		return Checkpoint{}, fmt.Errorf("revision %.80q: not a branch, tag or commit", revision)
	}
	dir := c.modelDir(repo)
	note := filepath.Join(dir, url.QueryEscape(revision)+"@"+url.QueryEscape(file)+checkpointEnd)
	k, ok := readCheckpoint(note)
	switch {
	case ok && (c.o.Offline || !c.o.Refresh):
		return k, nil
	case c.o.Offline:
		return k, fmt.Errorf("%w: revision %s is not in the cache and fetching is off (offline)", ErrUnavailable, revision)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return k, err
	}
	lock, err := lockFolder(ctx, dir)
	if err != nil {
		return k, err
	}
	defer lock.Close()
	if k, ok := readCheckpoint(note); ok && !c.o.Refresh {
		return k, nil // fetched by another process meanwhile
	}
	k = Checkpoint{Repo: repo, Revision: revision, File: file}
	if err := c.fetchCheckpoint(ctx, &k, dir, choose); err != nil {
		return k, err
	}
	return k, writeJSON(note, k)
}

func (c *Client) modelDir(repo string) string {
	if !strings.Contains(repo, "/") {
		repo = noOrg + "/" + repo
	}
	return filepath.Join(c.o.CacheDir, filepath.FromSlash(modelsFolder), hostFolder(c.endpoint), filepath.FromSlash(repo))
}

// fetchCheckpoint asks which files the revision has and fetches the chosen.
func (c *Client) fetchCheckpoint(ctx context.Context, k *Checkpoint, dir string, choose func([]string) ([]string, error)) error {
	commit, names, err := c.modelFiles(ctx, k.Repo, k.Revision)
	if err != nil {
		return err
	}
	if names, err = choose(names); err != nil {
		return err
	}
	k.Commit, k.Files, k.Dir = commit, map[string]string{}, filepath.Join(dir, commit)
	for _, name := range names {
		if err := validFile(name); err != nil {
			return err
		}
		if base, ok := strings.CutSuffix(name, recordAdds); ok && slices.Contains(names, base) {
			return fmt.Errorf("it has both %s and %s, which the cache cannot hold", base, name)
		}
		r, err := c.modelFile(ctx, *k, name)
		if err != nil {
			return err
		}
		k.Files[name] = r.SHA256
		k.Bytes += r.Size
	}
	return nil
}

// modelFiles returns the commit that the revision names and its files.
func (c *Client) modelFiles(ctx context.Context, repo, revision string) (commit string, names []string, err error) {
	u := c.at(append(append([]string{"api", "models"}, strings.Split(repo, "/")...), "revision", revision)...)
	data, _, err := c.text(ctx, u)
	if err != nil {
		return "", nil, err
	}
	var info struct {
		SHA      string `json:"sha"`
		Siblings []struct {
			Name string `json:"rfilename"`
		} `json:"siblings"`
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return "", nil, fmt.Errorf("%s: not a description of a model: %w", show(u), quote.Error(err))
	}
	if b, err := hex.DecodeString(info.SHA); err != nil || len(b) < 20 || len(info.Siblings) > maxModelFiles {
		return "", nil, fmt.Errorf("%s: names commit %.80q and %d files, want a hash and at most %d", show(u), info.SHA, len(info.Siblings), maxModelFiles)
	}
	for _, s := range info.Siblings {
		names = append(names, s.Name)
	}
	return info.SHA, names, nil
}

// modelFile brings one file into the cache, or keeps the one that is there: a
// commit does not change.
func (c *Client) modelFile(ctx context.Context, k Checkpoint, name string) (record, error) {
	elements := append(strings.Split(k.Repo, "/"), "resolve", k.Commit)
	d := &download{
		c: c, url: c.at(append(elements, strings.Split(name, "/")...)...), any: true,
		final: filepath.Join(k.Dir, filepath.FromSlash(name)), name: path.Join(k.Repo, name),
	}
	var r record
	if readJSON(d.final+recordAdds, &r) == nil && r.SHA256 != "" && hasSize(d.final, r.Size) {
		return r, nil
	}
	if err := os.MkdirAll(filepath.Dir(d.final), 0o755); err != nil {
		return r, err
	}
	return d.fetch(ctx)
}

func hasSize(path string, size int64) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() == size
}

// validFile accepts a path of names that the cache can hold.
func validFile(name string) error {
	for element := range strings.SplitSeq(name, "/") {
		if err := validName(element); err != nil {
			return fmt.Errorf("file %w", err)
		}
	}
	return nil
}

// readCheckpoint returns what the note says if all its files are there.
func readCheckpoint(note string) (Checkpoint, bool) {
	var k Checkpoint
	if readJSON(note, &k) != nil || len(k.Files) == 0 || k.Commit != filepath.Base(k.Commit) {
		return Checkpoint{}, false
	}
	k.Dir = filepath.Join(filepath.Dir(note), k.Commit)
	for name, sum := range k.Files {
		var r record
		file := filepath.Join(k.Dir, filepath.FromSlash(name))
		if validFile(name) != nil || readJSON(file+recordAdds, &r) != nil || r.SHA256 != sum || !hasSize(file, r.Size) {
			return Checkpoint{}, false
		}
	}
	return k, true
}

// Checkpoints returns the models of this endpoint in the cache, in order of
// their names.
func (c *Client) Checkpoints() ([]Checkpoint, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	root := filepath.Join(c.o.CacheDir, filepath.FromSlash(modelsFolder), hostFolder(c.endpoint))
	notes, err := fs.Glob(os.DirFS(root), "*/*/*"+checkpointEnd)
	if err != nil {
		return nil, fmt.Errorf("model cache %s: %w", root, err)
	}
	var found []Checkpoint
	for _, note := range notes {
		if k, ok := readCheckpoint(filepath.Join(root, filepath.FromSlash(note))); ok {
			found = append(found, k)
		}
	}
	return found, nil
}

// VerifyFile reads a file of the checkpoint again and compares its SHA-256 with
// the one that it had when it was fetched. A file that differs is forgotten, so
// that it is fetched anew.
func (k Checkpoint) VerifyFile(ctx context.Context, name string) error {
	file := filepath.Join(k.Dir, filepath.FromSlash(name))
	_, err := verifyFile(ctx, file, k.Files[name])
	if err != nil && ctx.Err() == nil {
		err = errors.Join(err, remove(file+recordAdds))
	}
	return err
}
