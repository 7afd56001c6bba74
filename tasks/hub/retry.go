package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	maxTries      = 5
	firstBackoff  = time.Second
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 2 * time.Minute
)

// errIdle is why a request was given up on.
var errIdle = errors.New("no data for a while: the server hangs")

// netError is a request that failed below HTTP.
type netError struct {
	url string
	err error
}

func (e *netError) Error() string        { return e.url + ": " + e.err.Error() }
func (e *netError) Unwrap() error        { return e.err }
func (e *netError) Is(target error) bool { return target == ErrUnavailable }

// hopeless tells whether to try again at once would be waiting for nothing: no
// such host, nobody listening, a certificate that is not trusted.
func (e *netError) hopeless() bool {
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(e.err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(e.err, &certificate)
}

// statusError is an answer that carries no data.
type statusError struct {
	url     string
	code    int
	hubCode string        // X-Error-Code: the hub's own reason
	wait    time.Duration // Retry-After, 0 if absent
	token   bool          // the request carried one
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.url, e.code, http.StatusText(e.code))
	switch {
	case e.denied() && e.hubCode == "GatedRepo":
		text += ": it is gated: accept its terms on its page of the hub, and " + e.tokenAdvice()
	case e.denied():
		text += ": it is private, gated or absent: " + e.tokenAdvice()
	case errors.Is(e, ErrNotFound):
		text += ": check the name"
	case e.code == http.StatusTooManyRequests:
		text += ": the hub limits requests: wait, or set HF_TOKEN"
	}
	return text
}

func (e *statusError) tokenAdvice() string {
	if e.token {
		return "use a token that may read it (the one in HF_TOKEN or the token file may not)"
	}
	return "set HF_TOKEN to a token that may read it"
}

func (e *statusError) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.code == http.StatusNotFound || e.code == http.StatusGone
	case ErrUnavailable:
		return e.passing()
	}
	return false
}

func (e *statusError) denied() bool {
	return e.code == http.StatusUnauthorized || e.code == http.StatusForbidden
}

// passing tells whether the same request may succeed later.
func (e *statusError) passing() bool {
	return e.code >= 500 || e.code == http.StatusTooManyRequests || e.code == http.StatusRequestTimeout
}

func (c *Client) statusError(u *url.URL, r *http.Response) *statusError {
	e := &statusError{url: show(u), code: r.StatusCode, hubCode: r.Header.Get("X-Error-Code")}
	e.token = r.Request != nil && r.Request.Header.Get("Authorization") != ""
	after := r.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(after, 10, 31); err == nil {
		e.wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		e.wait = max(at.Sub(c.now()), 0)
	}
	e.wait = min(e.wait, maxRetryAfter)
	return e
}

// retry calls try up to maxTries times, with exponential backoff and jitter,
// as long as its error is one that may pass.
func (c *Client) retry(ctx context.Context, try func() error) error {
	backoff := firstBackoff
	for n := 1; ; n++ {
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait, again := c.pause(err, backoff)
		if !again {
			return err
		}
		if n == maxTries {
			return fmt.Errorf("%w (tried %d times)", err, n)
		}
		if c.o.Retrying != nil {
			c.o.Retrying(err, wait)
		}
		if err := c.sleep(ctx, wait); err != nil {
			return err
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// pause returns how long to wait after err, and whether to try again at all.
func (c *Client) pause(err error, backoff time.Duration) (time.Duration, bool) {
	var status *statusError
	if errors.As(err, &status) {
		return max(c.jitter(backoff), status.wait), status.passing()
	}
	var broken *netError
	return c.jitter(backoff), errors.As(err, &broken) && !broken.hopeless()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// causeOf is err without the full URL that net/http puts before it, or why
// the request was given up.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause == errIdle {
		return cause
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
