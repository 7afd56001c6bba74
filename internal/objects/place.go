// Package objects reads and writes object stores: s3://bucket/prefix (of
// Amazon and of whatever speaks its protocol), azblob://container/prefix.
//
// Endpoint and credentials come from the environment, never from an address:
// what is asked for is written down in results.
package objects

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// stores are the kinds of them, by scheme.
var stores map[string]store

func init() { // not in the declaration: what opens a store words errors with it
	stores = map[string]store{
		"s3":     {openS3, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE", "AWS_ENDPOINT_URL"},
		"azblob": {openAzure, "AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN", "the account's name"},
	}
}

type store struct {
	open        func(bucket string) (bucket, error)
	credentials string // the variables that hold them
	endpoint    string // what says where the server is
}

// Is reports whether a place is one in an object store.
func Is(place string) bool {
	scheme, _, ok := strings.Cut(place, "://")
	_, known := stores[scheme]
	return ok && known
}

// A Place is a prefix in a bucket.
type Place struct {
	Scheme, Bucket string
	Prefix         string // without slashes around; "" is the whole bucket
}

// Parse reads an address: s3://bucket/prefix. One that holds anything else,
// such as a password, is refused, and not repeated.
func Parse(address string) (Place, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Place{}, fmt.Errorf("not an address of an object store: write for example s3://bucket/prefix")
	}
	if _, known := stores[u.Scheme]; !known || u.Hostname() == "" || u.Port() != "" {
		return Place{}, fmt.Errorf("%s://%s: not an address of an object store: write for example s3://bucket/prefix", u.Scheme, u.Host)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Place{}, fmt.Errorf("%s://%s: an address has a bucket and a prefix, nothing else: endpoint and credentials belong in the environment", u.Scheme, u.Host)
	}
	return Place{Scheme: u.Scheme, Bucket: u.Host, Prefix: strings.Trim(path.Clean("/"+u.Path), "/")}, nil
}

// String is the address.
func (p Place) String() string {
	out := p.Scheme + "://" + p.Bucket
	if p.Prefix != "" {
		out += "/" + p.Prefix
	}
	return out
}

// Child is the place of that name below p.
func (p Place) Child(name string) Place {
	p.Prefix = strings.Trim(path.Join(p.Prefix, name), "/")
	return p
}

func (p Place) key(name string) string {
	if p.Prefix == "" {
		return name
	}
	return p.Prefix + "/" + name
}
