package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/hub"
	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/sample"
)

// mirror is a folder in the layout of the hub's Parquet conversion:
// <org>/<name>/<config>/<split>/0000.parquet, 0001.parquet and so on.
type mirror struct{ root string }

func newMirror(root string) (mirror, error) {
	info, err := os.Stat(root)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return mirror{}, fmt.Errorf("the dataset hub %s does not exist: --hub takes a folder or an http(s) URL", root)
		}
		return mirror{}, fmt.Errorf("the dataset hub: %w", err)
	}
	if !info.IsDir() {
		return mirror{}, fmt.Errorf("the dataset hub %s is a file: --hub takes a folder or an http(s) URL", root)
	}
	return mirror{root}, nil
}

func (m mirror) at(repo string, parts ...string) string {
	return filepath.Join(append([]string{m.root, filepath.FromSlash(repo)}, parts...)...)
}

func (m mirror) configs(_ context.Context, repo string) ([]string, error) {
	names, err := folders(m.at(repo))
	if err != nil || len(names) == 0 {
		return nil, &MissingError{Dataset: repo, Err: m.lacks(repo, err)}
	}
	return names, nil
}

// lacks says why a dataset cannot be found.
func (m mirror) lacks(repo string, err error) error {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("the hub folder %s has no %s", m.root, repo)
}

func (m mirror) splits(ctx context.Context, repo, config string) ([]string, error) {
	if names, err := folders(m.at(repo, config)); err == nil && len(names) > 0 {
		return names, nil
	}
	have, err := m.configs(ctx, repo)
	if err != nil {
		return nil, err
	}
	return nil, &MissingError{repo, config, "", noSuch("configuration", config, "the hub folder's "+repo, have)}
}

func (m mirror) files(ctx context.Context, repo, config, split string) ([]string, error) {
	if err := checkName(repo, "split", split); err != nil {
		return nil, err
	}
	have, err := m.splits(ctx, repo, config)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(have, split) {
		return nil, &MissingError{repo, config, split, noSuch("split", split, "the hub folder's "+place(repo, config, ""), have)}
	}
	dir := m.at(repo, config, split)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries { // ReadDir sorts by name
		number, isParquet := strings.CutSuffix(e.Name(), ".parquet")
		if n, err := strconv.Atoi(number); !isParquet || err != nil {
			continue
		} else if n != len(paths) {
			return nil, fmt.Errorf("%s: file %04d.parquet is missing before %s", dir, len(paths), e.Name())
		}
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	if len(paths) == 0 {
		return nil, &MissingError{repo, config, split, fmt.Errorf("%s holds no 0000.parquet", dir)}
	}
	return paths, nil
}

func (m mirror) read(ctx context.Context, repo, config, split string) ([]*py.Dict, string, error) {
	paths, err := m.files(ctx, repo, config, split)
	if err != nil {
		return nil, "", err
	}
	docs, err := readParquet(ctx, paths)
	return docs, m.at(repo, config, split), err
}

func (m mirror) have(ctx context.Context, repo, config, split string) (e Entry, err error) {
	paths, err := m.files(ctx, repo, config, split)
	if err == nil {
		err = measure(&e, paths)
	}
	return e, err
}

func (m mirror) cached() ([]Entry, error) {
	first, err := filepath.Glob(filepath.Join(m.root, "*", "*", "*", "*", "0000.parquet"))
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, path := range first {
		dir, err := filepath.Rel(m.root, filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		part := strings.Split(filepath.ToSlash(dir), "/")
		e := Entry{Repo: part[0] + "/" + part[1], Config: part[2], Split: part[3]}
		paths, err := m.files(context.Background(), e.Repo, e.Config, e.Split)
		if err != nil {
			return nil, err
		}
		if err := measure(&e, paths); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// folders returns the names of the folders in dir, sorted.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name())) // follows links
		if err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// remote is a hub behind a cache.
type remote struct{ client *hub.Client }

func (r remote) configs(ctx context.Context, repo string) ([]string, error) {
	names, err := r.client.Configs(ctx, repo)
	return names, missing(err, repo, "", "")
}

func (r remote) splits(ctx context.Context, repo, config string) ([]string, error) {
	names, err := r.client.Splits(ctx, repo, config)
	return names, missing(err, repo, config, "")
}

func (r remote) files(ctx context.Context, repo, config, split string) ([]string, error) {
	paths, err := r.client.Files(ctx, repo, config, split)
	if errors.Is(err, hub.ErrNotFound) {
		return nil, r.notFound(ctx, repo, config, split, err)
	}
	return paths, missing(err, repo, config, split)
}

// notFound names what the dataset has instead, if the hub lists it.
func (r remote) notFound(ctx context.Context, repo, config, split string, err error) error {
	if have, lerr := r.client.Configs(ctx, repo); lerr == nil && !slices.Contains(have, config) {
		return noSuch("configuration", config, "dataset "+repo, have)
	}
	if have, lerr := r.client.Splits(ctx, repo, config); lerr == nil && !slices.Contains(have, split) {
		return noSuch("split", split, "dataset "+place(repo, config, ""), have)
	}
	return err
}

func (r remote) read(ctx context.Context, repo, config, split string) ([]*py.Dict, string, error) {
	paths, err := r.files(ctx, repo, config, split)
	if err != nil {
		return nil, "", err
	}
	docs, err := readParquet(ctx, paths)
	return docs, place(repo, config, split) + " of the hub", err
}

func (r remote) have(_ context.Context, repo, config, split string) (Entry, error) {
	return r.client.At(repo, config, split)
}

func (r remote) cached() ([]Entry, error) { return r.client.Cached() }

func missing(err error, repo, config, split string) error {
	if errors.Is(err, hub.ErrUnavailable) {
		return &MissingError{repo, config, split, err}
	}
	return err
}

// embedded are the samples inside the program.
type embedded struct{}

func (embedded) configs(_ context.Context, repo string) ([]string, error) {
	if sample.Splits(repo, "") == nil {
		return nil, noSample(repo, "")
	}
	return []string{""}, nil // the sample's own only configuration
}

func (embedded) splits(_ context.Context, repo, config string) ([]string, error) {
	names := sample.Splits(repo, config)
	if names == nil {
		return nil, noSample(repo, config)
	}
	return names, nil
}

func (embedded) have(_ context.Context, repo, config, split string) (e Entry, err error) {
	if rows, ok := sample.Open(repo, config, split); ok {
		e.Files, e.Bytes = 1, int64(len(rows))
	}
	return e, nil
}

func (e embedded) read(ctx context.Context, repo, config, split string) ([]*py.Dict, string, error) {
	rows, ok := sample.Open(repo, config, split)
	if !ok {
		have, err := e.splits(ctx, repo, config)
		if err == nil {
			err = noSuch("split", split, "the embedded sample of "+place(repo, config, ""), have)
		}
		return nil, "", err
	}
	docs, err := parseJSON("the embedded sample of "+place(repo, config, split), rows, "")
	return docs, "embedded sample", err
}

func noSample(repo, config string) error {
	return fmt.Errorf("there is no embedded sample of %s: leave --sample out to use the dataset itself", place(repo, config, ""))
}
