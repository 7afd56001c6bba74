package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxFiles is the most files a split may have: names have four digits.
const maxFiles = 10_000

// listing maps configuration and split to the URLs of its files, as the hub's
// /parquet answers.
type listing map[string]map[string][]string

// parseListing reads a dataset's whole listing. Names that the cache cannot
// hold are left out: nobody can ask for them.
func parseListing(data []byte) (listing, error) {
	var all listing
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, errors.New("not a listing of Parquet files (want JSON: configuration, split, URLs)")
	}
	unusable := func(name string, _ map[string][]string) bool { return validName(name) != nil }
	maps.DeleteFunc(all, unusable)
	for _, splits := range all {
		maps.DeleteFunc(splits, func(name string, _ []string) bool { return validName(name) != nil })
	}
	return all, nil
}

// parseURLs reads the listing of one split.
func parseURLs(data []byte) ([]string, error) {
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, errors.New("not a listing of Parquet files (want JSON: a list of URLs)")
	}
	return list, nil
}

// fileURLs checks the URLs of a split that the endpoint lists. They decide
// where bytes come from, never where they are kept.
func fileURLs(endpoint *url.URL, list []string) ([]*url.URL, error) {
	if len(list) > maxFiles {
		return nil, fmt.Errorf("the hub lists %d files for one split, more than %d", len(list), maxFiles)
	}
	urls := make([]*url.URL, len(list))
	for i, text := range list {
		u, err := url.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("the hub lists %.80q: not a URL", text)
		}
		if err := fetchable(u, endpoint.Scheme); err != nil {
			return nil, fmt.Errorf("the hub lists %.80q: %w", text, err)
		}
		if dotSegments(u) {
			return nil, fmt.Errorf("the hub lists %.80q: the path has dot segments", text)
		}
		urls[i] = u
	}
	return urls, nil
}

// anchor matches the links of a directory index as file servers write them.
var anchor = regexp.MustCompile(`(?i)<a\s+(?:[a-z-]+="[^"<>]*"\s+)*href="([^"<>]*)"`)

// parseIndex returns the folders a file server's HTML index links to, sorted:
// links of one path element and a slash. Others (files, the parent, sort
// orders, other sites) are not folders of this one.
func parseIndex(page []byte) []string {
	var names []string
	for _, match := range anchor.FindAllSubmatch(page, -1) {
		link, folder := strings.CutSuffix(html.UnescapeString(string(match[1])), "/")
		name, err := url.PathUnescape(strings.TrimPrefix(link, "./"))
		if folder && err == nil && validName(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
