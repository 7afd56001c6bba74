// Package dataset loads the documents of a benchmark: Parquet from a hub or a
// local mirror of one, files of the user's own (JSON, JSONL, CSV, text,
// Parquet), or the embedded samples.
//
// Every document is an ordered py.Dict as Python's datasets library would hand
// it to a task: columns in the order of the schema, numbers as int64 or
// float64, nulls as nil. What is read is outside data: a broken or hostile
// file gives an error that names it, never a panic.
package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/llamaeval/llamaeval/tasks/hub"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// Ref names a dataset as a task file does.
type Ref struct {
	Path   string   // hub id, "json", "csv", "parquet", "text", or a local path
	Config string   // dataset_name; empty: the only configuration, or "default"
	Kwargs *py.Dict // dataset_kwargs
	Dir    string   // folder of the task file; relative data files start there
}

// Options say where datasets come from.
type Options struct {
	// Hub, if given, is the only source of hub datasets: a folder with the
	// layout <org>/<name>/<config>/<split>/0000.parquet, or a URL.
	Hub      string
	CacheDir string // where a hub's files are kept
	Token    string // access token of the hub
	Endpoint string // the hub when Hub is empty; empty: the public one
	Offline  bool   // no network: the cache alone
	Sample   bool   // the embedded samples alone
	Progress func(file string, done, total int64)
	Retrying func(err error, wait time.Duration)
}

// Split is one loaded split. It is shared by all who load it: read only.
type Split struct {
	Docs   []*py.Dict
	Hash   string // SHA-256, hex, over each document's json.dumps and a newline
	Source string // where it came from, for people
	Sample bool   // the embedded sample, not the benchmark
}

// MissingError says that data is not to be had here and now, though it may
// well exist: a mirror lacks it, or it is not cached and the hub is out of
// reach. Err says more.
type MissingError struct {
	Dataset, Config, Split string
	Err                    error
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("data of %s is not to be had: %v", place(e.Dataset, e.Config, e.Split), e.Err)
}

func (e *MissingError) Unwrap() error { return e.Err }

// place spells a dataset, configuration and split for messages.
func place(repo, config, split string) string {
	parts := []string{repo}
	for _, p := range []string{config, split} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// A source has hub datasets by id.
type source interface {
	// configs and splits return the names that exist.
	configs(ctx context.Context, repo string) ([]string, error)
	splits(ctx context.Context, repo, config string) ([]string, error)
	// have returns the files of a split that are at hand without a network,
	// none if it is not.
	have(ctx context.Context, repo, config, split string) (Entry, error)
	// read returns the documents of a split and where they came from.
	read(ctx context.Context, repo, config, split string) ([]*py.Dict, string, error)
}

// Store loads datasets and keeps each split in memory once read. It is safe
// for concurrent use.
type Store struct {
	from   source
	sample bool

	mu     sync.Mutex
	loaded map[string]*loading
}

// loading lets those who ask for the same split wait for one read.
type loading struct {
	done  chan struct{}
	split *Split
	err   error
}

// NewStore returns a store. A Hub that is neither a URL nor an existing folder
// is an error; nothing is fetched yet.
func NewStore(o Options) (*Store, error) {
	s := &Store{sample: o.Sample, loaded: map[string]*loading{}}
	switch {
	case o.Sample:
		s.from = embedded{}
	case o.Hub != "" && !isURL(o.Hub):
		m, err := newMirror(o.Hub)
		if err != nil {
			return nil, err
		}
		s.from = m
	default:
		endpoint := o.Hub
		if endpoint == "" {
			endpoint = o.Endpoint
		}
		s.from = remote{hub.New(hub.Options{
			Endpoint: endpoint, CacheDir: o.CacheDir, Token: o.Token, Offline: o.Offline, Progress: o.Progress, Retrying: o.Retrying,
		})}
	}
	return s, nil
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// Splits returns the names of the splits that the dataset has.
func (s *Store) Splits(ctx context.Context, ref Ref) ([]string, error) {
	if local, ok, err := localFiles(ref); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return local.splits(), nil
	}
	repo, config, err := s.resolve(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.from.splits(ctx, repo, config)
}

// Load returns the documents of a split, the same *Split at every call. Data
// that cannot be had here and now is a *MissingError.
func (s *Store) Load(ctx context.Context, ref Ref, split string) (*Split, error) {
	key := strings.Join([]string{ref.Path, ref.Config, ref.Dir, py.Repr(ref.Kwargs), split}, "\x00")
	s.mu.Lock()
	l, found := s.loaded[key]
	if !found {
		l = &loading{done: make(chan struct{})}
		s.loaded[key] = l
	}
	s.mu.Unlock()
	if !found {
		l.split, l.err = s.load(ctx, ref, split)
		if l.err != nil { // do not remember a network failure or a cancelled context
			s.mu.Lock()
			delete(s.loaded, key)
			s.mu.Unlock()
		}
		close(l.done)
		return l.split, l.err
	}
	select {
	case <-l.done:
		return l.split, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Store) load(ctx context.Context, ref Ref, split string) (*Split, error) {
	if split == "" {
		return nil, fmt.Errorf("dataset %s: no split is named", ref.Path)
	}
	if local, ok, err := localFiles(ref); ok || err != nil {
		if err != nil {
			return nil, err
		}
		docs, from, err := local.read(ctx, split)
		return newSplit(docs, from, false, err)
	}
	repo, config, err := s.resolve(ctx, ref)
	if err != nil {
		return nil, err
	}
	docs, from, err := s.from.read(ctx, repo, config, split)
	return newSplit(docs, from, s.sample, err)
}

func newSplit(docs []*py.Dict, from string, sample bool, err error) (*Split, error) {
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, d := range docs {
		// Hash.Write never fails.
		_, _ = io.WriteString(h, py.JSON(d, -1))
		_, _ = io.WriteString(h, "\n")
	}
	return &Split{Docs: docs, Hash: hex.EncodeToString(h.Sum(nil)), Source: from, Sample: sample}, nil
}

// resolve returns the full id and the configuration of a hub dataset.
func (s *Store) resolve(ctx context.Context, ref Ref) (repo, config string, err error) {
	repo = canonical(ref.Path)
	if err := checkID(repo); err != nil {
		return "", "", err
	}
	if err := hubKwargs(repo, ref.Kwargs); err != nil {
		return "", "", err
	}
	if ref.Config != "" {
		return repo, ref.Config, checkName(repo, "configuration", ref.Config)
	}
	configs, err := s.from.configs(ctx, repo)
	if err != nil {
		return "", "", err
	}
	if len(configs) == 1 {
		return repo, configs[0], nil
	}
	for _, c := range configs {
		if c == "default" {
			return repo, c, nil
		}
	}
	return "", "", fmt.Errorf("dataset %s has several configurations and no default: set dataset_name to one of %s", repo, listNames("", configs))
}

// Pull fetches what is missing of the splits into the cache and reads none of
// it. Without a cache in play (a mirror, samples, local files) it checks that
// the splits are there.
func (s *Store) Pull(ctx context.Context, ref Ref, splits []string) error {
	if local, ok, err := localFiles(ref); ok || err != nil {
		for _, split := range splits {
			if err == nil {
				_, err = local.files(split)
			}
		}
		return err
	}
	repo, config, err := s.resolve(ctx, ref)
	if err != nil {
		return err
	}
	for _, split := range splits {
		switch from := s.from.(type) {
		case interface {
			files(ctx context.Context, repo, config, split string) ([]string, error)
		}:
			_, err = from.files(ctx, repo, config, split)
		default:
			_, _, err = from.read(ctx, repo, config, split)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
