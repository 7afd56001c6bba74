package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A bucket is what is asked of a store: objects are named by their keys.
// Errors are as the store's library words them; failure reads them.
type bucket interface {
	read(ctx context.Context, key string) (io.ReadCloser, error)
	write(ctx context.Context, key string, r *io.SectionReader, o writing) error
	remove(ctx context.Context, key string) error
	list(ctx context.Context, prefix string) iter.Seq2[Object, error] // by name
	failure(err error) failure
}

// writing says how an object is written.
type writing struct {
	create bool // only where none is
	kind   string
}

// An Object is one of a listing.
type Object struct {
	Name    string // below the place
	Size    int64
	Version string // changes with the content
}

// buckets are the open ones: they keep connections.
var buckets struct {
	sync.Mutex
	open map[string]bucket
}

// bucket opens the bucket of a place.
func (p Place) bucket() (bucket, error) {
	buckets.Lock()
	defer buckets.Unlock()
	address := p.Scheme + "://" + p.Bucket
	if b, ok := buckets.open[address]; ok {
		return b, nil
	}
	b, err := stores[p.Scheme].open(p.Bucket)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	if buckets.open == nil {
		buckets.open = map[string]bucket{}
	}
	buckets.open[address] = b
	return b, nil
}

// mostRead is the size of the largest object that Read returns: an index of a
// million runs would have it.
const mostRead = 256 << 20

// Read returns a small object whole. Where there is none the error is
// fs.ErrNotExist.
func (p Place) Read(ctx context.Context, name string) ([]byte, error) {
	b, err := p.bucket()
	if err != nil {
		return nil, err
	}
	r, err := b.read(ctx, p.key(name))
	if err != nil {
		return nil, p.explain(name, b, err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, mostRead+1))
	if err == nil && len(data) > mostRead {
		return nil, fmt.Errorf("%s has more than %d bytes: it is no file of llamaeval's; remove it, or name another address", p.Child(name), mostRead)
	}
	return data, p.explain(name, b, err)
}

// Download writes an object to a file, which it replaces in one step. With a
// SHA-256, hex, another content is an error.
func (p Place) Download(ctx context.Context, name, path, sha string) (err error) {
	b, err := p.bucket()
	if err != nil {
		return err
	}
	r, err := b.read(ctx, p.key(name))
	if err != nil {
		return p.explain(name, b, err)
	}
	defer r.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), r)
	if err = errors.Join(p.explain(name, b, err), f.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); sha != "" && got != sha {
		return fmt.Errorf("%s is not the file that its run wrote (SHA-256 %.8s, it should be %.8s): it is damaged or was replaced: run again with another --out", p.Child(name), got, sha)
	}
	return os.Rename(f.Name(), path)
}

// Create writes an object that must not be there yet; created is false where
// one is, which stays as it is. Of two writers at one time one creates it.
func (p Place) Create(ctx context.Context, name string, r *io.SectionReader) (created bool, err error) {
	b, err := p.bucket()
	if err != nil {
		return false, err
	}
	err = b.write(ctx, p.key(name), r, writing{create: true, kind: contentType(name)})
	if err != nil && b.failure(err).class == exists {
		return false, nil
	}
	return err == nil, p.explain(name, b, err)
}

// Put writes an object, over one that is there.
func (p Place) Put(ctx context.Context, name string, data []byte) error {
	b, err := p.bucket()
	if err != nil {
		return err
	}
	return p.explain(name, b, b.write(ctx, p.key(name), Section(data), writing{kind: contentType(name)}))
}

// Section lets bytes be written.
func Section(data []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
}

func contentType(name string) string {
	if strings.HasSuffix(name, ".json") {
		return "application/json"
	}
	return "application/octet-stream"
}

// Delete removes an object; one that is not there is no error.
func (p Place) Delete(ctx context.Context, name string) error {
	b, err := p.bucket()
	if err != nil {
		return err
	}
	if err := b.remove(ctx, p.key(name)); err != nil && b.failure(err).class != missing {
		return p.explain(name, b, err)
	}
	return nil
}

// List yields all objects below the place, in the order of their names.
func (p Place) List(ctx context.Context) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		b, err := p.bucket()
		if err != nil {
			yield(Object{}, err)
			return
		}
		prefix := p.key("")
		for o, err := range b.list(ctx, prefix) {
			if err != nil {
				yield(Object{}, p.explain("", b, err))
				return
			}
			o.Name = strings.TrimPrefix(o.Name, prefix)
			if !yield(o, nil) {
				return
			}
		}
	}
}
