package hub

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// namesPath is the file that keeps the names of the dataset's configurations,
// or of one configuration's splits. No such name begins with a dot.
func (c *Client) namesPath(repo string, config ...string) string {
	return filepath.Join(append(append([]string{c.repoDir(repo)}, config...), namesFile)...)
}

// names returns what the file at path keeps, or asks and keeps the answer, so
// that a later run needs no request. Where asking is off or in vain, the names
// of what is in the cache have to do; but not for a Refresh.
func (c *Client) names(path string, ask func() ([]string, error), cached func() ([]string, error)) ([]string, error) {
	refresh := c.o.Refresh && !c.o.Offline
	var kept []string
	if !refresh && readJSON(path, &kept) == nil && len(kept) > 0 {
		return kept, nil
	}
	err := fmt.Errorf("%w: nothing of it is in the cache and fetching is off (offline)", ErrUnavailable)
	if !c.o.Offline {
		kept, err = ask()
	}
	if !refresh && errors.Is(err, ErrUnavailable) {
		if have, cacheErr := cached(); cacheErr != nil || len(have) > 0 {
			return have, cacheErr
		}
	}
	switch {
	case err != nil:
		return nil, err
	case len(kept) == 0:
		return nil, fmt.Errorf("%w: the hub has no Parquet files for it", ErrNotFound)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("dataset cache: %w", err)
	}
	return kept, writeJSON(path, kept)
}

// cachedNames returns a function that names what is in the cache of repo, or
// of one configuration.
func (c *Client) cachedNames(repo, config string, name func(Entry) string) func() ([]string, error) {
	return func() ([]string, error) {
		entries, err := c.Cached()
		if err != nil {
			return nil, err
		}
		var names []string
		for _, e := range entries {
			if e.Repo == repo && (config == "" || e.Config == config) {
				names = append(names, name(e))
			}
		}
		slices.Sort(names)
		return slices.Compact(names), nil
	}
}
