package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// errPlain says that the endpoint is no hub but may be a plain file server.
var errPlain = errors.New("the server has no listing of Parquet files")

// at returns the endpoint's URL with the path elements added, each escaped.
func (c *Client) at(elements ...string) *url.URL {
	escaped := make([]string, len(elements))
	for i, e := range elements {
		escaped[i] = url.PathEscape(e)
	}
	return c.endpoint.JoinPath(escaped...)
}

// api returns the listing's URL for a dataset or a part of it.
func (c *Client) api(repo string, parts ...string) *url.URL {
	elements := append([]string{"api", "datasets"}, strings.Split(repo, "/")...)
	return c.at(append(append(elements, "parquet"), parts...)...)
}

// layouts are where a server that lists nothing may have the split's file i:
// a plain file server with the mirror layout, or the hub's convert branch.
func (c *Client) layouts(p place, i int) []*url.URL {
	repo := strings.Split(p.repo, "/")
	name := []string{p.config, p.split, fileName(i)}
	branch := append(append([]string{"datasets"}, repo...), "resolve", "refs/convert/parquet")
	return []*url.URL{c.at(append(slices.Clone(repo), name...)...), c.at(append(branch, name...)...)}
}

// notListed turns the answer to a listing request into errPlain where the
// server does not know such requests; a hub that says what is missing is
// believed.
func notListed(err error) error {
	var status *statusError
	if errors.As(err, &status) && errors.Is(err, ErrNotFound) && status.hubCode == "" {
		return errPlain
	}
	return err
}

// whole returns the dataset's listing, asked for once per client.
func (c *Client) whole(ctx context.Context, repo string) (listing, error) {
	c.mu.Lock()
	all, ok := c.listings[repo]
	c.mu.Unlock()
	if ok {
		return all, nil
	}
	u := c.api(repo)
	data, _, err := c.text(ctx, u)
	if err != nil {
		return nil, notListed(err)
	}
	if all, err = parseListing(data); err != nil {
		return nil, fmt.Errorf("%s: %w", show(u), err)
	}
	c.mu.Lock()
	c.listings[repo] = all
	c.mu.Unlock()
	return all, nil
}

// locate returns the URLs of the split's files, or errPlain.
func (c *Client) locate(ctx context.Context, p place) ([]*url.URL, error) {
	u := c.api(p.repo, p.config, p.split)
	data, _, err := c.text(ctx, u)
	if err := notListed(err); err == errPlain {
		return c.locateInWhole(ctx, p)
	} else if err != nil {
		return nil, err
	}
	list, err := parseURLs(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", show(u), err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: %s lists no file", ErrNotFound, show(u))
	}
	return fileURLs(c.endpoint, list)
}

func (c *Client) locateInWhole(ctx context.Context, p place) ([]*url.URL, error) {
	all, err := c.whole(ctx, p.repo)
	if err != nil {
		return nil, err
	}
	splits, ok := all[p.config]
	if !ok {
		return nil, fmt.Errorf("%w: it has no configuration %q, only %s", ErrNotFound, p.config, some(maps.Keys(all)))
	}
	list := splits[p.split]
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: it has no split %q, only %s", ErrNotFound, p.split, some(maps.Keys(splits)))
	}
	return fileURLs(c.endpoint, list)
}

// askConfigs asks the endpoint for the dataset's configurations.
func (c *Client) askConfigs(ctx context.Context, repo string) func() ([]string, error) {
	return func() ([]string, error) {
		all, err := c.whole(ctx, repo)
		if err == errPlain {
			return c.index(ctx, strings.Split(repo, "/"), "configuration")
		}
		return slices.Sorted(maps.Keys(all)), err
	}
}

// askSplits asks the endpoint for the configuration's splits.
func (c *Client) askSplits(ctx context.Context, repo, config string) func() ([]string, error) {
	return func() ([]string, error) {
		all, err := c.whole(ctx, repo)
		if err == errPlain {
			return c.index(ctx, append(strings.Split(repo, "/"), config), "split")
		}
		splits, ok := all[config]
		if err == nil && !ok {
			return nil, fmt.Errorf("%w: it has no configuration %q, only %s", ErrNotFound, config, some(maps.Keys(all)))
		}
		return slices.Sorted(maps.Keys(splits)), err
	}
}

// index asks a plain file server for the names of the folders in one folder.
func (c *Client) index(ctx context.Context, folder []string, kind string) ([]string, error) {
	u := c.at(folder...).JoinPath("/")
	page, contentType, err := c.text(ctx, u)
	var status *statusError
	switch {
	case errors.As(err, &status) && (status.denied() || errors.Is(err, ErrNotFound)):
		return nil, fmt.Errorf("%w: %s lists nothing (%d): name the %s in the task file, or check the dataset's name", ErrNotFound, show(u), status.code, kind)
	case err != nil:
		return nil, err
	}
	var names []string
	if strings.HasPrefix(contentType, "text/html") {
		names = parseIndex(page)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s is no directory index: name the %s in the task file", show(u), kind)
	}
	return names, nil
}

// some quotes a few of the names for a message.
func some(names func(yield func(string) bool)) string {
	const most = 8
	list := slices.Sorted(names)
	more := ""
	if len(list) > most {
		more = fmt.Sprintf(" and %d more", len(list)-most)
		list = list[:most]
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ") + more
}
