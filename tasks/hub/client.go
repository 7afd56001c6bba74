// Package hub fetches datasets in Parquet from a Hugging Face compatible hub,
// or from a plain file server with the same layout, into a local cache.
//
// A split is trusted once all its files are in the cache and recorded in its
// split.json; it is then used without a request, for a benchmark's data does
// not change between two runs. Every file is checked against the hash the hub
// states (SHA-256 of LFS files, git blob SHA-1 of others) before it gets its
// name. Names of datasets and listings are outside data: nothing in them can
// lead out of the cache or take the token to another host.
package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// DefaultEndpoint is used when Options.Endpoint is empty.
const DefaultEndpoint = "https://huggingface.co"

const (
	defaultMaxFile = 16 << 30
	defaultIdle    = 60 * time.Second
)

var (
	// ErrNotFound says that the hub has no such dataset, configuration or split.
	ErrNotFound = errors.New("not on the hub")
	// ErrUnavailable says that the data is not in the cache and the hub is
	// switched off (offline) or does not answer.
	ErrUnavailable = errors.New("not available")
)

// Options configure a Client. Only CacheDir is required.
type Options struct {
	Endpoint string // root URL of the hub; empty: DefaultEndpoint
	CacheDir string // datasets are kept under CacheDir/datasets
	Token    string // sent to the endpoint's own origin only
	Offline  bool   // use the cache alone
	Refresh  bool   // ask the hub again and fetch what has changed

	// Progress is called while a file is fetched, with its name in the hub's
	// layout and its bytes; total is -1 when the server does not say.
	Progress func(file string, done, total int64)
	// Retrying is called when a request has failed and is made again after a
	// wait.
	Retrying func(err error, wait time.Duration)

	HTTP        *http.Client  // nil: one with time limits for connecting
	MaxFile     int64         // largest file accepted, in bytes; 0: 16 GiB
	IdleTimeout time.Duration // longest wait without a byte; 0: 60 s
}

// Client reads datasets through the cache. It is safe for concurrent use, and
// several processes may share one cache.
type Client struct {
	o        Options
	endpoint *url.URL
	root     string // the endpoint's folder in the cache
	invalid  error  // what is wrong with the options
	http     *http.Client

	sleep  func(context.Context, time.Duration) error
	jitter func(time.Duration) time.Duration
	now    func() time.Time

	mu       sync.Mutex
	listings map[string]listing // whole listings this process has read
}

// New returns a client. An unusable option is reported by the first call.
func New(o Options) *Client {
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	if o.MaxFile == 0 {
		o.MaxFile = defaultMaxFile
	}
	if o.IdleTimeout == 0 {
		o.IdleTimeout = defaultIdle
	}
	c := &Client{
		o: o, http: httpClient(o.HTTP), listings: map[string]listing{},
		sleep: sleep, now: time.Now,
		jitter: func(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) },
	}
	c.endpoint, c.invalid = parseEndpoint(o.Endpoint)
	if c.invalid == nil {
		c.root = filepath.Join(o.CacheDir, "datasets", hostFolder(c.endpoint))
	}
	switch {
	case o.CacheDir == "":
		c.invalid = errors.New("dataset hub: no cache folder is set")
	case strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		c.invalid = errors.New("dataset hub: the token (HF_TOKEN) holds characters that no token has")
	}
	return c
}

// Configs returns the names of the dataset's configurations, sorted, from the
// cache if it has them. Offline, or when the hub does not answer, a dataset
// whose names were never asked for has those of its cached splits.
func (c *Client) Configs(ctx context.Context, repo string) ([]string, error) {
	if err := c.check(repo); err != nil {
		return nil, err
	}
	names, err := c.names(c.namesPath(repo), c.askConfigs(ctx, repo),
		c.cachedNames(repo, "", func(e Entry) string { return e.Config }))
	return names, describe(err, repo)
}

// Splits returns the names of the configuration's splits, sorted, from where
// Configs has its names.
func (c *Client) Splits(ctx context.Context, repo, config string) ([]string, error) {
	if err := c.check(repo, config); err != nil {
		return nil, err
	}
	names, err := c.names(c.namesPath(repo, config), c.askSplits(ctx, repo, config),
		c.cachedNames(repo, config, func(e Entry) string { return e.Split }))
	return names, describe(err, repo, config)
}

// Files returns the local paths of the split's Parquet files, in order. What
// is not in the cache is fetched and verified, or with Offline is an
// ErrUnavailable.
func (c *Client) Files(ctx context.Context, repo, config, split string) ([]string, error) {
	if err := c.check(repo, config, split); err != nil {
		return nil, err
	}
	at := c.place(repo, config, split)
	if paths, ok := at.complete(); ok && (c.o.Offline || !c.o.Refresh) {
		return paths, nil
	}
	if c.o.Offline {
		return nil, describe(fmt.Errorf("%w: it is not in the cache and fetching is off (offline)", ErrUnavailable), repo, config, split)
	}
	paths, err := c.fetchSplit(ctx, at)
	return paths, describe(err, repo, config, split)
}

// check validates the options and the names of a request.
func (c *Client) check(repo string, names ...string) error {
	if c.invalid != nil {
		return c.invalid
	}
	if err := validRepo(repo); err != nil {
		return err
	}
	for i, name := range names {
		if err := validName(name); err != nil {
			return fmt.Errorf("dataset %s: %s %w", repo, [...]string{"configuration", "split"}[i], err)
		}
	}
	return nil
}

// describe says which data an error is about.
func describe(err error, repo string, names ...string) error {
	if err == nil {
		return nil
	}
	what := strings.TrimRight(repo+" "+strings.Join(names, "/"), " ")
	return fmt.Errorf("dataset %s: %w", what, err)
}
