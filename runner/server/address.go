package server

import (
	"fmt"
	"net/url"
	"strings"
)

// Prefix begins the name of a model behind a server.
const Prefix = "openai:"

// Is reports whether a model's name is the address of a server.
func Is(name string) bool { return strings.HasPrefix(name, Prefix) }

// An Address is where a model is served.
type Address struct {
	base  *url.URL // of the API, usually …/v1, without a slash at the end
	Model string   // as the server calls it; empty: the only one it has
}

// ParseAddress reads openai:http://host:port/v1#name. A path that is left out
// is /v1. Credentials have no place in it: they would be stored with results.
func ParseAddress(name string) (Address, error) {
	wrong := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("--model %s: %s: write openai:http://host:port/v1#name", Prefix+"…", why)
	}
	u, err := url.Parse(strings.TrimPrefix(name, Prefix))
	switch {
	case err != nil: // its message repeats the address, and what may stand in it
		return wrong("not an address")
	case u.User != nil:
		return wrong("a name or password in the address would be stored with the results; put the key into OPENAI_API_KEY")
	case u.RawQuery != "":
		return wrong("a query in the address may hold a key; put the key into OPENAI_API_KEY")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return wrong("not an http or https address")
	}
	a := Address{Model: u.Fragment}
	u.Fragment, u.RawFragment = "", ""
	if u.Path = strings.TrimRight(u.Path, "/"); u.Path == "" {
		u.Path = "/v1"
	}
	a.base = u
	return a, nil
}

// String is the address as --model takes it.
func (a Address) String() string {
	u := *a.base
	u.Fragment = a.Model
	return Prefix + u.String()
}

// api is an endpoint of the OpenAI API.
func (a Address) api(path string) string { return a.base.String() + path }

// own is one of the server's own endpoints, beside the API.
func (a Address) own(path string) string {
	return strings.TrimSuffix(a.base.String(), "/v1") + path
}
