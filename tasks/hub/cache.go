package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/quote"
)

const (
	splitFile   = "split.json"  // written last: the split is complete
	namesFile   = ".names.json" // the names of configurations or splits
	recordAdds  = ".json"       // beside each data file
	partialAdds = ".incomplete" // a download under way
	noOrg       = "_"           // folder of datasets without an organisation
	maxRecord   = 8 << 20       // bytes read of a record
)

// Entry is one complete split in the cache.
type Entry struct {
	Repo, Config, Split string
	Files               int
	Bytes               int64
	Commit              string // the hub's revision it came from, "" if the server named none
}

// Check is what Verify found out about one file. Err is nil if its bytes are
// those that were fetched; else the file is no longer used and is fetched
// again when it is next asked for.
type Check struct {
	Entry
	Path string
	Err  error
}

// place is a split's folder in the cache.
type place struct {
	repo, config, split string
	dir                 string
}

// record says where a cached file came from. ETag identifies the content on
// the hub, Validator on the server that sent the bytes.
type record struct {
	URL       string `json:"url"`
	ETag      string `json:"etag,omitempty"`
	Validator string `json:"validator,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	Size      int64  `json:"size"`
	Commit    string `json:"commit,omitempty"`
}

// manifest is the content of split.json. It repeats the names, since folders
// of some systems do not tell upper from lower case.
type manifest struct {
	Repo   string   `json:"repo"`
	Config string   `json:"config"`
	Split  string   `json:"split"`
	SHA256 []string `json:"sha256"` // of the files, in order
}

func (c *Client) place(repo, config, split string) place {
	return place{repo, config, split, filepath.Join(c.repoDir(repo), config, split)}
}

func (c *Client) repoDir(repo string) string {
	if !strings.Contains(repo, "/") {
		repo = noOrg + "/" + repo
	}
	return filepath.Join(c.root, filepath.FromSlash(repo))
}

func fileName(i int) string { return fmt.Sprintf("%04d.parquet", i) }

func (p place) file(i int) string { return filepath.Join(p.dir, fileName(i)) }

// record returns the record of file i if the file is there with its size.
func (p place) record(i int) (record, bool) {
	var r record
	if readJSON(p.file(i)+recordAdds, &r) != nil {
		return record{}, false
	}
	info, err := os.Stat(p.file(i))
	return r, err == nil && info.Mode().IsRegular() && info.Size() == r.Size
}

// complete returns the paths of the split's files if all are in the cache.
func (p place) complete() ([]string, bool) {
	entry, paths := p.read()
	return paths, entry.Files > 0
}

func (p place) read() (Entry, []string) {
	var m manifest
	if readJSON(filepath.Join(p.dir, splitFile), &m) != nil ||
		m.Repo != p.repo || m.Config != p.config || m.Split != p.split {
		return Entry{}, nil
	}
	entry := Entry{Repo: m.Repo, Config: m.Config, Split: m.Split}
	var paths []string
	for i, sum := range m.SHA256 {
		r, ok := p.record(i)
		if !ok || r.SHA256 != sum {
			return Entry{}, nil
		}
		entry.Files, entry.Bytes, entry.Commit = i+1, entry.Bytes+r.Size, r.Commit
		paths = append(paths, p.file(i))
	}
	return entry, paths
}

// Cached returns the complete splits of this endpoint in the cache, in order
// of their names.
func (c *Client) Cached() ([]Entry, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	places, err := c.places()
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, p := range places {
		if entry, _ := p.read(); entry.Files > 0 {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// At returns what is in the cache of one split, without a request; Files is 0
// if the split is not complete.
func (c *Client) At(repo, config, split string) (Entry, error) {
	if err := c.check(repo, config, split); err != nil {
		return Entry{}, err
	}
	entry, _ := c.place(repo, config, split).read()
	return entry, nil
}

// places finds the folders that hold a split.json.
func (c *Client) places() ([]place, error) {
	found, err := fs.Glob(os.DirFS(c.root), "*/*/*/*/"+splitFile)
	if err != nil {
		return nil, fmt.Errorf("dataset cache %s: %w", c.root, err)
	}
	var places []place
	for _, path := range found {
		part := strings.Split(path, "/")
		repo := strings.TrimPrefix(part[0]+"/"+part[1], noOrg+"/")
		dir := filepath.Join(c.root, filepath.Join(part[:4]...))
		places = append(places, place{repo, part[2], part[3], dir})
	}
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.dir, b.dir) })
	return places, nil
}

// Verify reads every file of the complete splits again and compares its
// SHA-256 with the recorded one. The error is that of the walk or of ctx.
func (c *Client) Verify(ctx context.Context) ([]Check, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	places, err := c.places()
	if err != nil {
		return nil, err
	}
	var checks []Check
	for _, p := range places {
		var m manifest
		if err := readJSON(filepath.Join(p.dir, splitFile), &m); err != nil {
			checks = append(checks, Check{Path: filepath.Join(p.dir, splitFile), Err: err})
			continue
		}
		for i, want := range m.SHA256 {
			if err := ctx.Err(); err != nil {
				return checks, err
			}
			check := Check{Entry: Entry{Repo: p.repo, Config: p.config, Split: p.split, Files: len(m.SHA256)}, Path: p.file(i)}
			check.Bytes, check.Err = verifyFile(ctx, p.file(i), want)
			if check.Err != nil && ctx.Err() == nil {
				check.Err = errors.Join(check.Err, p.distrust(i))
			}
			checks = append(checks, check)
		}
	}
	return checks, nil
}

// distrust forgets the records of file i and of the split, so that neither is
// used before the file is fetched again.
func (p place) distrust(i int) error {
	return remove(filepath.Join(p.dir, splitFile), p.file(i)+recordAdds)
}

func verifyFile(ctx context.Context, path, want string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, contextReader{ctx, f})
	if err != nil {
		return n, err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return n, fmt.Errorf("SHA-256 begins with %.12s, recorded is %.12s", got, want)
	}
	return n, nil
}

// contextReader ends a long read when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func readJSON(path string, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, quote.Error(err))
	}
	return nil
}

// writeJSON replaces the file at path whole.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// remove deletes files that may be absent.
func remove(paths ...string) error {
	var errs []error
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
