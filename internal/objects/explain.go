package objects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
)

// A failure is a store's error as far as it matters here.
type failure struct {
	class class
	code  string // the store's name for it, "" for none
	text  string // one line
}

type class int

const (
	other    class = iota
	missing        // no such object
	exists         // a conditional write found one, or met another write
	noBucket       // no such bucket
	refused        // the credentials are not known or not right
	denied         // they may not do that
)

// noCredentials is a store's error where the environment has none.
type noCredentials struct{}

func (noCredentials) Error() string { return "no credentials" }

// explain words an error of a store's library in one line: what, where, why,
// what to do. A missing object is fs.ErrNotExist.
func (p Place) explain(name string, b bucket, err error) error {
	if err == nil {
		return nil
	}
	where, help := p.Child(name).String(), stores[p.Scheme].credentials
	var network net.Error
	switch f := b.failure(err); {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, noCredentials{}):
		return fmt.Errorf("%s: no credentials for %s:// in the environment: set %s", where, p.Scheme, help)
	case f.class == missing:
		return fmt.Errorf("%s: %w", where, fs.ErrNotExist)
	case f.class == noBucket:
		return fmt.Errorf("%s: there is no bucket %s: create it, or check its name and the endpoint", where, p.Bucket)
	case f.class == refused:
		return fmt.Errorf("%s: the store refuses the credentials (%s): set %s", where, f.code, help)
	case f.class == denied:
		return fmt.Errorf("%s: access denied (%s): these credentials may not do that here: ask who owns the bucket, or give others", where, f.code)
	case f.code == "" && errors.As(err, &network):
		return fmt.Errorf("%s: the store cannot be reached: %w: check the network and %s", where, innermost(err), stores[p.Scheme].endpoint)
	case f.code != "":
		return fmt.Errorf("%s: the store answers %s: %s", where, f.code, f.text)
	}
	return fmt.Errorf("%s: %s", where, oneLine(innermost(err).Error()))
}

// innermost is the network's part of an error that a library has wrapped
// again and again.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if _, ok := err.(*net.OpError); ok || inner == nil {
			return err
		}
		err = inner
	}
}

// oneLine is the first line of a text that a store has sent, at most 200 bytes
// of it.
func oneLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.ToValidUTF8(s[:min(len(s), 200)], "")
}
