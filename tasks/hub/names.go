package hub

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"
)

// maxName is the longest name accepted, in bytes: file systems allow 255, and
// the cache adds suffixes.
const maxName = 200

// validRepo accepts "org/name", and "name" alone as old datasets have it, in
// the hub's alphabet.
func validRepo(repo string) error {
	parts := strings.Split(repo, "/")
	ok := len(parts) <= 2
	for _, part := range parts {
		ok = ok && validName(part) == nil && strings.Trim(part, repoAlphabet) == "" && !strings.HasPrefix(part, "_")
	}
	if !ok {
		return fmt.Errorf("dataset %q: not a name of the form org/name (letters, digits, '.', '_' and '-')", repo)
	}
	return nil
}

const repoAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// validName accepts what can be one path element on every system: no
// separators, no dot names, nothing Windows reserves, nothing unprintable.
func validName(name string) error {
	switch {
	case name == "":
		return errors.New("is not named")
	case len(name) > maxName:
		return fmt.Errorf("%.20q...: the name is longer than %d bytes", name, maxName)
	case strings.ContainsAny(name, `/\:*?"<>|`),
		strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }),
		strings.HasPrefix(name, "."), // the cache's own files
		strings.TrimRight(name, ". ") != name, strings.TrimLeft(name, " ") != name,
		!filepath.IsLocal(name):
		return fmt.Errorf("%q: not a name that the cache can hold", name)
	}
	return nil
}

// parseEndpoint accepts an http or https URL without credentials or query.
func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil {
		return nil, errors.New("dataset hub: the endpoint is not a URL")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("dataset hub: the endpoint carries a user name; use a token (HF_TOKEN) instead")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("dataset hub: endpoint %q: want http://host or https://host", text)
	case dotSegments(u):
		return nil, fmt.Errorf("dataset hub: endpoint %q: the path has dot segments", text)
	}
	if u.Path == "" {
		u.Path = "/" // JoinPath keeps a path relative that is empty
	}
	return u, nil
}

// hostFolder is the endpoint as one path element. Two endpoints that differ
// in port or path do not share data; http and https do.
func hostFolder(u *url.URL) string {
	name := strings.ToLower(u.Host)
	if folder := strings.Trim(u.Path, "/"); folder != "" {
		name += "_" + folder
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(repoAlphabet, r) {
			return r
		}
		return '_'
	}, name)
	return strings.TrimLeft(name[:min(len(name), maxName)], ".")
}

// sameOrigin tells whether a token for one URL may be sent to the other.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// dotSegments tells whether the path climbs, in plain or escaped form.
func dotSegments(u *url.URL) bool {
	for segment := range strings.FieldsFuncSeq(u.Path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == ".." || segment == "." {
			return true
		}
	}
	return false
}
