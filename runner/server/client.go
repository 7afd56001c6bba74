package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// Options say how a server is used; no result depends on them, but for
// Context. Zero values mean the defaults.
type Options struct {
	Concurrency int           // requests under way, default 8
	Timeout     time.Duration // for an answer; for a streamed one, for each part; default 10 minutes
	Retries     int           // tries of a request, default 8: about a minute and a half of trouble
	Context     int           // tokens the server holds, where it does not say; 0: ask it
	Key         string        // of the API; in no message and no result
	Seed        uint64        // of the jitter
	Notice      func(string)  // told of retries and findings, one at a time; may be nil

	Clock Clock // nil: the machine's
}

// A Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error // ends early with ctx, whose cause it returns
}

// Defaults of Options.
const (
	DefaultConcurrency = 8
	DefaultTimeout     = 10 * time.Minute
	DefaultRetries     = 8
)

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Retries <= 0 {
		o.Retries = DefaultRetries
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	var one sync.Mutex
	notice := o.Notice
	o.Notice = func(text string) {
		one.Lock()
		defer one.Unlock()
		notice(text)
	}
	if o.Clock == nil {
		o.Clock = clock{}
	}
	return o
}

// maxBody bounds an answer: prompt log-probabilities of 100,000 tokens take
// about a third of it.
const maxBody = 64 << 20

// A client sends requests to one server.
type client struct {
	http  *http.Client
	o     Options
	pacer *pacer
}

func newClient(o Options) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = o.Concurrency
	return &client{
		http: &http.Client{
			Transport: transport,
			// A key is sent where the user said, not where a server points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		o: o, pacer: newPacer(o),
	}
}

// post asks until there is an answer; try asks once.
func (c *client) post(ctx context.Context, url string, in, out any) error {
	return c.pacer.do(ctx, c.o.Retries, func() error { return c.try(ctx, url, in, out) })
}

// try sends one request, a POST if there is something to send, and decodes its
// JSON answer.
func (c *client) try(ctx context.Context, url string, in, out any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.Timeout, errStall)
	defer cancel()
	r, err := c.send(ctx, url, in)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	return c.decode(ctx, url, r.Body, out)
}

// decode reads a whole answer. One of /completions must have a choice: a
// status of success may well stand before an error, or before nothing.
func (c *client) decode(ctx context.Context, url string, r io.Reader, out any) error {
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	switch {
	case err != nil:
		return c.broken(ctx, url, fmt.Errorf("%w: %w", errCut, err))
	case len(body) > maxBody:
		return c.broken(ctx, url, errHuge)
	}
	o, choices := out.(*completion)
	if choices {
		*o = completion{} // of an answer before
	}
	switch err = json.Unmarshal(body, out); {
	case err != nil:
		err = quote.Error(err)
	case choices && o.Error != nil:
		return c.said(ctx, url, o.Error)
	case choices && len(o.Choices) == 0:
		err = errors.New("it has no choice")
	}
	if err != nil {
		return c.broken(ctx, url, fmt.Errorf("%w: %w: %s", errGarbage, err, quote.Line(string(body[:min(len(body), 200)]))))
	}
	return nil
}

// send sends one request and returns a successful answer, to be closed.
func (c *client) send(ctx context.Context, url string, in any) (*http.Response, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		method, body = http.MethodPost, bytes.NewReader(data)
	}
	q, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	q.Header.Set("User-Agent", "llamaeval")
	if in != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	if c.o.Key != "" {
		q.Header.Set("Authorization", "Bearer "+c.o.Key)
	}
	r, err := c.http.Do(q)
	if err != nil {
		var inner interface{ Unwrap() error }
		if errors.As(err, &inner) && inner.Unwrap() != nil { // without method and address, said anyway
			err = inner.Unwrap()
		}
		return nil, c.broken(ctx, url, err)
	}
	if r.StatusCode/100 == 2 {
		return r, nil
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(r.Body, 16<<10)) // an explanation only
	return nil, &statusError{
		url: url, code: r.StatusCode, message: c.hide(quote.Line(explanation(text))),
		wait: retryAfter(r.Header, c.o.Clock.Now()), keyed: c.o.Key != "",
	}
}

// broken says which time limit ended a request, if one did, and hides the key.
func (c *client) broken(ctx context.Context, url string, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errStall) {
		err = fmt.Errorf("%w of %v", errStall, c.o.Timeout)
	}
	if text := err.Error(); c.o.Key != "" && strings.Contains(text, c.o.Key) {
		err = hidden{err, c.hide(text)}
	}
	return &brokenError{url, err}
}

// said is the error that an answer with a status of success holds: of the
// status that it names, where it names one.
func (c *client) said(ctx context.Context, url string, e *wireError) error {
	if e.Code < 400 {
		return c.broken(ctx, url, fmt.Errorf("%w: %s", errSaid, quote.Line(e.Message)))
	}
	return &statusError{url: url, code: e.Code, message: c.hide(quote.Line(e.Message)), keyed: c.o.Key != ""}
}

// hidden is an error that says something else.
type hidden struct {
	error
	text string
}

func (h hidden) Error() string { return h.text }
func (h hidden) Unwrap() error { return h.error }

// hide takes the key out of a text that a server sent back.
func (c *client) hide(text string) string {
	if c.o.Key == "" {
		return text
	}
	return strings.ReplaceAll(text, c.o.Key, "(key)")
}

// explanation is the message in an error's body.
func explanation(body []byte) string {
	var m struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &m) != nil {
		return string(body)
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	switch {
	case json.Unmarshal(m.Error, &inner) == nil && inner.Message != "":
		return inner.Message
	case json.Unmarshal(m.Error, &text) == nil && text != "":
		return text
	case m.Message != "":
		return m.Message
	case len(m.Detail) > 0:
		return string(m.Detail)
	}
	return string(body)
}
