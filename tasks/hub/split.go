package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// fetchSplit brings the split into the cache. The folder's lock makes other
// processes wait, and then find the files.
func (c *Client) fetchSplit(ctx context.Context, p place) ([]string, error) {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, fmt.Errorf("dataset cache: %w", err)
	}
	lock, err := lockFolder(ctx, p.dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if paths, ok := p.complete(); ok && !c.o.Refresh {
		return paths, nil
	}
	records, err := c.fetchFiles(ctx, p)
	if err != nil {
		return nil, err
	}
	return p.finish(records)
}

// fetchFiles brings all files of the split into the cache.
func (c *Client) fetchFiles(ctx context.Context, p place) ([]record, error) {
	urls, err := c.locate(ctx, p)
	if err == errPlain {
		return c.probe(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	var records []record
	for i, u := range urls {
		r, err := c.file(ctx, p, i, u)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// probe fetches the files of a split from a server that lists nothing: those
// numbered from 0 up to the first that is not there.
func (c *Client) probe(ctx context.Context, p place) ([]record, error) {
	for layout := range c.layouts(p, 0) {
		var records []record
		for i := range maxFiles {
			r, err := c.file(ctx, p, i, c.layouts(p, i)[layout])
			if errors.Is(err, ErrNotFound) {
				break
			}
			if err != nil {
				return nil, err
			}
			records = append(records, r)
		}
		if len(records) > 0 {
			return records, nil
		}
	}
	return nil, fmt.Errorf("%w: the server lists no Parquet files for it and has no %s", ErrNotFound, show(c.layouts(p, 0)[0]))
}

// finish records the split as complete and removes files it had before.
func (p place) finish(records []record) ([]string, error) {
	m := manifest{Repo: p.repo, Config: p.config, Split: p.split}
	commit, paths := "", []string(nil)
	for i, r := range records {
		if r.Commit != "" && commit != "" && r.Commit != commit {
			return nil, fmt.Errorf("the dataset changed while it was fetched (commits %.12q and %.12q): fetch it again", commit, r.Commit)
		}
		commit = max(commit, r.Commit)
		m.SHA256 = append(m.SHA256, r.SHA256)
		paths = append(paths, p.file(i))
	}
	if err := writeJSON(filepath.Join(p.dir, splitFile), m); err != nil {
		return nil, fmt.Errorf("dataset cache: %w", err)
	}
	for i := len(records); ; i++ {
		if _, err := os.Stat(p.file(i)); err != nil {
			return paths, nil
		}
		if err := remove(p.file(i), p.file(i)+recordAdds); err != nil {
			return nil, fmt.Errorf("dataset cache: %w", err)
		}
	}
}
