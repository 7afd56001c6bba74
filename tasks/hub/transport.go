package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	connectTimeout = 15 * time.Second
	maxRedirects   = 10
	maxListing     = 8 << 20 // bytes of a JSON or HTML answer
)

// httpClient returns a copy of base, or of a default, that leaves redirects to
// Client.get: it must see each hop's headers and drop the token on the way.
func httpClient(base *http.Client) *http.Client {
	var client http.Client
	if base != nil {
		client = *base
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DialContext = (&net.Dialer{Timeout: connectTimeout}).DialContext
		transport.TLSHandshakeTimeout = connectTimeout
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// answer is the last response of a chain of redirects. The hub states an LFS
// file's hash and size on the redirect, not on the storage that it leads to.
type answer struct {
	*http.Response
	linkedETag string // X-Linked-Etag, as sent
	linkedSize int64  // X-Linked-Size, -1 if absent
	commit     string // X-Repo-Commit
}

// etag identifies the file's content: the hub's word before the storage's.
func (a *answer) etag() string {
	if a.linkedETag != "" {
		return bareETag(a.linkedETag)
	}
	return bareETag(a.Header.Get("ETag"))
}

func (a *answer) note(h http.Header) {
	if a.linkedETag == "" {
		a.linkedETag = h.Get("X-Linked-Etag")
	}
	if a.commit == "" {
		a.commit = h.Get("X-Repo-Commit")
	}
	if n, err := strconv.ParseInt(h.Get("X-Linked-Size"), 10, 64); err == nil && n >= 0 && a.linkedSize < 0 {
		a.linkedSize = n
	}
}

// get makes one try at a GET and follows redirects. The answer's status is
// 200, 206, 304 or 416; any other is a *statusError. With known set, a
// redirect that states this ETag ends the chain as 304 does: the content is
// what the caller has. The caller closes the body.
func (c *Client) get(ctx context.Context, u *url.URL, header http.Header, known string) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	a := &answer{linkedSize: -1}
	for range maxRedirects {
		timer := time.AfterFunc(c.o.IdleTimeout, func() { cancel(errIdle) })
		response, err := c.roundTrip(ctx, u, header)
		timer.Stop()
		if err != nil {
			cancel(nil)
			return nil, &netError{url: show(u), err: causeOf(ctx, err)}
		}
		a.Response = response
		a.note(response.Header)
		response.Body = &idleBody{ReadCloser: response.Body, ctx: ctx, cancel: cancel, idle: c.o.IdleTimeout, url: show(u)}
		next, err := redirect(u, response)
		switch {
		case err != nil:
			response.Body.Close()
			return nil, err
		case next == nil && accepted(response.StatusCode):
			return a, nil
		case next == nil:
			defer response.Body.Close()
			return nil, c.statusError(u, response)
		}
		if known != "" && bareETag(a.linkedETag) == known {
			response.StatusCode = http.StatusNotModified
			return a, nil
		}
		// The hop's body is not read, and its context serves the next hop.
		response.Body.(*idleBody).ReadCloser.Close()
		u = next
	}
	cancel(nil)
	return nil, fmt.Errorf("%s: more than %d redirects", show(u), maxRedirects)
}

func accepted(code int) bool {
	switch code {
	case http.StatusOK, http.StatusPartialContent, http.StatusNotModified, http.StatusRequestedRangeNotSatisfiable:
		return true
	}
	return false
}

// roundTrip sends one request, with the token if u is the endpoint's own.
func (c *Client) roundTrip(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for key, values := range header {
		request.Header[key] = values
	}
	// Lengths, ranges and hashes are those of the plain bytes.
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", "llamaeval")
	if c.o.Token != "" && sameOrigin(u, c.endpoint) {
		request.Header.Set("Authorization", "Bearer "+c.o.Token)
	}
	return c.http.Do(request)
}

// redirect returns where the response leads, or nil if it is none.
func redirect(from *url.URL, response *http.Response) (*url.URL, error) {
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := from.Parse(response.Header.Get("Location"))
	if err != nil || response.Header.Get("Location") == "" {
		return nil, fmt.Errorf("%s: a redirect without a usable Location", show(from))
	}
	if err := fetchable(to, from.Scheme); err != nil {
		return nil, fmt.Errorf("%s: a redirect to %s: %w", show(from), show(to), err)
	}
	return to, nil
}

// fetchable accepts http and https, but no step down from https to http.
func fetchable(u *url.URL, from string) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return errors.New("not an http or https URL")
	case from == "https" && u.Scheme == "http":
		return errors.New("from https down to http")
	case u.User != nil:
		return errors.New("the URL carries a user name")
	}
	return nil
}

// idleBody ends the request when no byte arrives for a while. Time the reader
// spends elsewhere does not count.
type idleBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   time.Duration
	url    string
}

func (b *idleBody) Read(p []byte) (int, error) {
	timer := time.AfterFunc(b.idle, func() { b.cancel(errIdle) })
	defer timer.Stop()
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &netError{url: b.url, err: causeOf(b.ctx, err)}
	}
	return n, err
}

func (b *idleBody) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}

// text reads a whole listing, with retries.
func (c *Client) text(ctx context.Context, u *url.URL) (data []byte, contentType string, err error) {
	err = c.retry(ctx, func() error {
		// A listing is small: one that trickles in is a hung one.
		ctx, cancel := context.WithTimeout(ctx, 2*c.o.IdleTimeout)
		defer cancel()
		a, err := c.get(ctx, u, nil, "")
		if err != nil {
			return err
		}
		defer a.Body.Close()
		if a.StatusCode != http.StatusOK {
			return c.statusError(u, a.Response)
		}
		data, err = io.ReadAll(io.LimitReader(a.Body, maxListing+1))
		if err == nil && len(data) > maxListing {
			return fmt.Errorf("%s: the listing is larger than %d bytes", show(u), maxListing)
		}
		contentType = a.Header.Get("Content-Type")
		return err
	})
	return data, contentType, err
}

// show is the URL for messages and records: a query may carry a signature.
func show(u *url.URL) string {
	path := u.EscapedPath()
	if path != "" && path[0] != '/' { // JoinPath leaves it out, String puts it in
		path = "/" + path
	}
	return u.Scheme + "://" + u.Host + path
}

// bareETag drops quotes; a weak tag says nothing about bytes and becomes "".
func bareETag(tag string) string {
	if strings.HasPrefix(tag, "W/") {
		return ""
	}
	return strings.Trim(tag, `"`)
}
