package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
)

// magic opens and closes every Parquet file (Apache Parquet format, "File
// format").
const magic = "PAR1"

// mismatchError is a file whose bytes are not those announced. Fetching it
// once more may help.
type mismatchError struct{ text string }

func (e *mismatchError) Error() string { return e.text }

// download is one file on its way into the cache.
type download struct {
	c     *Client
	url   *url.URL
	name  string // in the hub's layout, for progress and messages
	final string // path in the cache
	old   record // of the file that is there already
	have  bool
	any   bool // any content will do, not Parquet alone
}

func (d *download) part() string  { return d.final + partialAdds }
func (d *download) state() string { return d.final + partialAdds + recordAdds }

// file brings file i of the split into the cache, or keeps the one that is
// there if the server says that it is the same.
func (c *Client) file(ctx context.Context, p place, i int, u *url.URL) (record, error) {
	d := &download{c: c, url: u, final: p.file(i), name: path.Join(p.repo, p.config, p.split, fileName(i))}
	d.old, d.have = p.record(i)
	return d.fetch(ctx)
}

// fetch brings the file into the cache, a damaged one once more.
func (d *download) fetch(ctx context.Context) (record, error) {
	r, err := d.run(ctx)
	var mismatch *mismatchError
	if errors.As(err, &mismatch) {
		r, err = d.run(ctx)
	}
	if errors.As(err, &mismatch) {
		err = fmt.Errorf("%s: %w (fetched twice)", d.name, err)
	}
	return r, err
}

func (d *download) run(ctx context.Context) (r record, err error) {
	err = d.c.retry(ctx, func() error {
		r, err = d.try(ctx)
		return err
	})
	return r, err
}

// try makes one request and takes what it gives. What has arrived when the
// connection breaks stays, for the next try to go on from.
func (d *download) try(ctx context.Context) (record, error) {
	r, offset := d.resumable()
	a, err := d.c.get(ctx, d.url, d.header(r, offset), d.knownETag())
	if err != nil {
		return record{}, err
	}
	defer a.Body.Close()
	switch {
	case a.StatusCode == http.StatusNotModified && d.have:
		return d.keep(a)
	case a.StatusCode == http.StatusOK:
		if offset, r = 0, d.announced(a, a.ContentLength); d.unchanged(r) {
			return d.keep(a)
		}
	case a.StatusCode == http.StatusPartialContent && offset > 0 && d.continues(a, r, offset):
		r.Commit = a.commit
	default:
		// An answer to a range that we did not ask for, or about a file that
		// is no longer the one we began: start over.
		if err := remove(d.part(), d.state()); err != nil {
			return record{}, err
		}
		return record{}, &netError{show(d.url), fmt.Errorf("the file changed while it was fetched (status %d)", a.StatusCode)}
	}
	if err := d.c.checkSize(d.name, r.Size, a.linkedSize); err != nil {
		return record{}, err
	}
	if err := writeJSON(d.state(), r); err != nil {
		return record{}, err
	}
	return d.receive(a, r, offset)
}

// resumable returns what is known of a download that was cut off and how many
// bytes of it are here. Only a strong validator makes a range safe.
func (d *download) resumable() (record, int64) {
	var r record
	info, err := os.Stat(d.part())
	if err != nil || readJSON(d.state(), &r) != nil || r.URL != show(d.url) || r.Validator == "" ||
		r.Size >= 0 && info.Size() >= r.Size {
		return record{}, 0
	}
	return r, info.Size()
}

func (d *download) header(r record, offset int64) http.Header {
	h := http.Header{}
	switch {
	case offset > 0:
		h.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		h.Set("If-Range", strconv.Quote(r.Validator))
	case d.have && d.old.Validator != "" && d.old.URL == show(d.url):
		h.Set("If-None-Match", strconv.Quote(d.old.Validator))
	}
	return h
}

func (d *download) knownETag() string {
	if d.have && d.old.URL == show(d.url) {
		return d.old.ETag
	}
	return ""
}

func (d *download) unchanged(r record) bool {
	return r.ETag != "" && r.ETag == d.knownETag() && (r.Size < 0 || r.Size == d.old.Size)
}

// keep records that the file in the cache is still the hub's.
func (d *download) keep(a *answer) (record, error) {
	d.old.Commit = a.commit
	return d.old, errors.Join(writeJSON(d.final+recordAdds, d.old), remove(d.part(), d.state()))
}

// announced is what the answer says about the file, whose size is -1 if not
// known.
func (d *download) announced(a *answer, size int64) record {
	if size < 0 {
		size = a.linkedSize
	}
	return record{URL: show(d.url), ETag: a.etag(), Validator: bareETag(a.Header.Get("ETag")), Size: size, Commit: a.commit}
}

// continues tells whether a partial answer goes on where r stopped, in the
// same file.
func (d *download) continues(a *answer, r record, offset int64) bool {
	text, ok := strings.CutPrefix(a.Header.Get("Content-Range"), "bytes ")
	span, total, ok2 := strings.Cut(text, "/")
	start, _, ok3 := strings.Cut(span, "-")
	from, err := strconv.ParseInt(start, 10, 64)
	if !ok || !ok2 || !ok3 || err != nil || from != offset {
		return false
	}
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		size = -1
	}
	now := d.announced(a, size)
	return now.ETag == r.ETag && now.Validator == r.Validator && (size < 0 || r.Size < 0 || size == r.Size)
}

// checkSize refuses a file before its bytes are read.
func (c *Client) checkSize(name string, size, linked int64) error {
	switch {
	case size > c.o.MaxFile:
		return fmt.Errorf("%s: %d bytes are more than the limit of %d", name, size, c.o.MaxFile)
	case linked >= 0 && size != linked:
		return &mismatchError{fmt.Sprintf("the server sends %d bytes, the hub says %d", size, linked)}
	}
	return nil
}

// receive writes the answer's bytes behind the first offset ones, checks the
// whole and gives it its name.
func (d *download) receive(a *answer, r record, offset int64) (record, error) {
	f, err := os.OpenFile(d.part(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return record{}, err
	}
	defer f.Close()
	if err := f.Truncate(offset); err != nil {
		return record{}, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return record{}, err
	}
	announced := r.Size
	r.Size, err = d.copy(f, sum, a.Body, announced, offset)
	r.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if err == nil {
		err = checkContent(f, r, announced)
	}
	if err == nil && !d.any {
		err = checkMagic(f, r)
	}
	var mismatch *mismatchError
	if errors.As(err, &mismatch) {
		f.Close()
		return record{}, errors.Join(err, remove(d.part(), d.state()))
	}
	if err != nil {
		return record{}, err
	}
	return r, d.publish(f, r)
}

// copy appends the body to f and returns the file's size.
func (d *download) copy(f io.Writer, sum hash.Hash, body io.Reader, announced, done int64) (int64, error) {
	limit := d.c.o.MaxFile
	if announced >= 0 {
		limit = announced
	}
	buffer := make([]byte, 128<<10)
	for {
		n, err := body.Read(buffer)
		if done += int64(n); done > limit {
			return done, &mismatchError{fmt.Sprintf("the server sends more than the %d bytes expected or allowed", limit)}
		}
		sum.Write(buffer[:n])
		if _, err := f.Write(buffer[:n]); err != nil {
			return done, err
		}
		if n > 0 && d.c.o.Progress != nil {
			d.c.o.Progress(d.name, done, announced)
		}
		switch {
		case err == io.EOF && done < announced:
			return done, &netError{show(d.url), fmt.Errorf("cut off after %d of %d bytes", done, announced)}
		case err == io.EOF:
			return done, nil
		case err != nil:
			return done, err
		}
	}
}

// checkContent compares the file with what the hub says about it: size, and
// SHA-256 (ETag of LFS files) or git blob SHA-1 (of others).
func checkContent(f io.ReaderAt, r record, announced int64) error {
	if announced >= 0 && r.Size != announced {
		return &mismatchError{fmt.Sprintf("%d bytes arrived, %d were announced", r.Size, announced)}
	}
	got, kind := "", ""
	switch {
	case isHex(r.ETag, sha256.Size):
		got, kind = r.SHA256, "SHA-256"
	case isHex(r.ETag, sha1.Size):
		blob := sha1.New()
		fmt.Fprintf(blob, "blob %d\x00", r.Size)
		if _, err := io.Copy(blob, io.NewSectionReader(f, 0, r.Size)); err != nil {
			return err
		}
		got, kind = hex.EncodeToString(blob.Sum(nil)), "git SHA-1"
	}
	if kind != "" && got != strings.ToLower(r.ETag) {
		return &mismatchError{fmt.Sprintf("%s is %s, the hub says %s", kind, got, r.ETag)}
	}
	return nil
}

// checkMagic looks for what every Parquet file begins and ends with.
func checkMagic(f io.ReaderAt, r record) error {
	for _, at := range []int64{0, r.Size - int64(len(magic))} {
		var word [len(magic)]byte
		if _, err := f.ReadAt(word[:], max(at, 0)); err != nil && err != io.EOF {
			return err
		}
		if string(word[:]) != magic {
			return &mismatchError{fmt.Sprintf("what %s sent is no whole Parquet file (%d bytes)", r.URL, r.Size)}
		}
	}
	return nil
}

func isHex(text string, size int) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == size
}

// publish makes the file durable and gives it its name. The old record goes
// first: it must never stand beside new bytes.
func (d *download) publish(f *os.File, r record) error {
	if err := errors.Join(f.Sync(), f.Close(), remove(d.final+recordAdds)); err != nil {
		return err
	}
	if err := os.Rename(d.part(), d.final); err != nil {
		return err
	}
	if err := syncFolder(d.final); err != nil {
		return err
	}
	return errors.Join(writeJSON(d.final+recordAdds, r), remove(d.state()))
}
